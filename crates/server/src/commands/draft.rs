//! A file that is being made: private, beside its place, and there whole and on disk or not at all.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// The file on its way. It is removed when this is dropped; what a killed program leaves may be removed by its name.
pub(super) struct Draft {
    file: NamedTempFile,
    target: PathBuf,
}

impl Draft {
    /// What the names of such files begin with.
    pub(super) const PREFIX: &str = ".vouchkey-";

    /// Begins an empty file of mode 0600 in the folder of what it is to become.
    ///
    /// # Errors
    /// The folder is not there or cannot be written.
    pub(super) fn of(target: &Path) -> io::Result<Self> {
        let target = std::path::absolute(target)?;
        let file = Builder::new()
            .prefix(Self::PREFIX)
            .tempfile_in(folder(&target))?;
        Ok(Self { file, target })
    }

    /// Where it is now.
    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// The open file.
    pub(super) fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Its length in bytes.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn length(&self) -> io::Result<u64> {
        Ok(self.file.as_file().metadata()?.len())
    }

    /// Puts it in its place once it is on disk, and the name too. `replace`: whether a file that is there gives way.
    ///
    /// # Errors
    /// A file is there, or the disk does not take it.
    pub(super) fn put_in_place(self, replace: bool) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        let put = if replace {
            self.file.persist(&self.target)
        } else {
            self.file.persist_noclobber(&self.target)
        };
        put.map_err(|error| error.error)?;
        File::open(folder(&self.target))?.sync_all()
    }
}

fn folder(target: &Path) -> &Path {
    target.parent().unwrap_or(target)
}
