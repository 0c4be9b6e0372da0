//! Tells the commands that print links where the server of a data folder runs.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::config::PublicUrl;

/// The address of a running server, in the file `address` of its data folder (decision 23).
///
/// The server holds a lock on the file for as long as it runs, which the system lets go of however
/// it ends: what a killed server left is known as such.
pub(super) struct AddressFile {
    path: PathBuf,
    lock: Option<File>,
}

impl AddressFile {
    /// Leaves the address to the commands, as private as the rest of the folder.
    ///
    /// # Errors
    ///
    /// Those of writing the file.
    pub(super) fn leave(folder: &Path, public_url: &PublicUrl) -> std::io::Result<Self> {
        let path = path(folder);
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)?;
        writeln!(file, "{public_url}")?;
        // Refused while another server runs on the folder; the file is removed by that one then.
        let lock = file.try_lock().is_ok().then_some(file);
        Ok(Self { path, lock })
    }
}

impl Drop for AddressFile {
    fn drop(&mut self) {
        if self.lock.is_some() {
            // The lock has told already that the server is gone, if the file cannot be removed.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// The address of the server that runs on a data folder, if one does.
pub(super) fn running(folder: &Path) -> Option<PublicUrl> {
    let mut file = File::open(path(folder)).ok()?;
    if !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return None;
    }
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    PublicUrl::parse(text.trim()).ok()
}

fn path(folder: &Path) -> PathBuf {
    folder.join("address")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_while_its_server_runs_and_what_a_killed_one_left_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let url = PublicUrl::parse("http://127.0.0.1:4711").unwrap();
        assert!(running(folder.path()).is_none());

        let file = AddressFile::leave(folder.path(), &url).unwrap();
        assert_eq!(
            running(folder.path()).unwrap().as_str(),
            "http://127.0.0.1:4711"
        );
        drop(file);
        assert!(running(folder.path()).is_none());
        assert!(!path(folder.path()).exists());

        std::fs::write(path(folder.path()), "http://127.0.0.1:4711\n").unwrap();
        assert!(running(folder.path()).is_none());
    }
}
