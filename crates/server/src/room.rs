//! The room that is left on a disk.

use std::io;
use std::path::Path;

/// With fewer free bytes than this on its disk an SQLite installation says that it is not ready: its log alone may grow
/// by as much before it is cut back, and what is refused then is refused in the middle of the work.
pub const LEAST: u64 = 64 << 20;

/// The room on a disk, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// What this user may still take.
    pub free: u64,
    /// The whole disk.
    pub all: u64,
}

impl Room {
    /// That of the disk which holds this file or folder.
    ///
    /// # Errors
    /// The system cannot say, or there is no such file.
    pub fn at(path: &Path) -> io::Result<Self> {
        let disk = rustix::fs::statvfs(path)?;
        Ok(Self {
            free: disk.f_bavail.saturating_mul(disk.f_frsize),
            all: disk.f_blocks.saturating_mul(disk.f_frsize),
        })
    }

    /// Whether writes may be refused at any moment.
    pub const fn is_short(self) -> bool {
        self.free < LEAST
    }
}
