//! Files by whose locks the programs of one machine keep out of each other's way.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// How often a file is opened that is replaced each time before it is locked.
const TRIES: usize = 20;

/// Opens a file, made with mode 0600 if there is none, and locks it as told; none if another's lock is in the way. The
/// system lets go of a lock however its process ends.
///
/// Who holds the lock may remove the file or put another one there: whoever had it open already then gets a lock that
/// keeps nobody out. So a lock counts only while its file is the one at the path.
///
/// # Errors
///
/// Those of the file; a file that is replaced again and again.
pub(crate) fn take(
    path: &Path,
    lock: impl Fn(&File) -> Result<(), TryLockError>,
) -> std::io::Result<Option<File>> {
    for _ in 0..TRIES {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        match lock(&file) {
            Ok(()) if is_at(&file, path)? => return Ok(Some(file)),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(std::io::Error::other("it is replaced again and again"))
}

/// Whether this open file is the one at the path.
fn is_at(file: &File, path: &Path) -> std::io::Result<bool> {
    let open = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(there) => Ok((open.dev(), open.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_lock_on_a_file_that_was_taken_away_does_not_count() {
        for is_replaced in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("lock");
            let tries = Cell::new(0);
            let held = take(&path, |file| {
                if tries.replace(tries.get() + 1) == 0 {
                    std::fs::remove_file(&path).unwrap();
                    if is_replaced {
                        File::create(&path).unwrap();
                    }
                }
                file.try_lock()
            });
            let _held = held.unwrap().unwrap();
            assert_eq!(tries.get(), 2);
            assert!(take(&path, File::try_lock_shared).unwrap().is_none());
        }
    }

    #[test]
    fn a_file_that_never_stays_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let given_up = take(&path, |file| {
            std::fs::remove_file(&path).unwrap();
            file.try_lock()
        });
        let said = given_up.unwrap_err().to_string();
        assert_eq!(said, "it is replaced again and again");
    }
}
