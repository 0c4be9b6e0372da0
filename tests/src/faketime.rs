//! A machine's clock that can be set while programs run: `libfaketime`, which stands between them and the real one.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

/// What the clock of a program shows.
#[derive(Debug)]
pub struct MachineClock {
    folder: TempDir,
    library: PathBuf,
}

impl MachineClock {
    /// One that goes right.
    pub fn new() -> Self {
        let clock = Self {
            folder: TempDir::with_prefix("clock-").expect("a folder for the test"),
            library: library().expect("libfaketime: `apt install faketime` on Debian"),
        };
        clock.jump_to(0);
        clock
    }

    /// Sets it to so many hours from the real one. Time that is measured, not told, goes on as it is.
    pub fn jump_to(&self, hours: i64) {
        let new = self.folder.path().join("new");
        fs::write(&new, format!("{hours:+}h\n")).expect("a file for the clock");
        fs::rename(new, self.file()).expect("a file for the clock");
    }

    /// The environment of a program that is to see it.
    pub fn settings(&self) -> [(&'static str, String); 4] {
        let text = |path: PathBuf| path.into_os_string().into_string().expect("UTF-8");
        [
            ("LD_PRELOAD", text(self.library.clone())),
            ("FAKETIME_TIMESTAMP_FILE", text(self.file())),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("now")
    }
}

impl Default for MachineClock {
    fn default() -> Self {
        Self::new()
    }
}

/// Where Debian puts it, whatever the machine.
fn library() -> Option<PathBuf> {
    let machines = fs::read_dir("/usr/lib").ok()?;
    machines.filter_map(Result::ok).find_map(|machine| {
        let file = machine.path().join("faketime/libfaketimeMT.so.1");
        file.is_file().then_some(file)
    })
}
