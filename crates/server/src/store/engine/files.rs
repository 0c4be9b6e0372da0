//! The files of a database and its folder: their names, their rights, and who may use them.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::lock_file;
use crate::store::StoreError;

/// The file that a `sqlite:` URL names. None for other URLs and for databases in memory, which the connections of a
/// pool could not share.
pub(super) fn sqlite_file(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite:")?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let path = rest
        .split('?')
        .next()
        .filter(|path| !path.is_empty() && *path != ":memory:")?;
    let decoded = percent_encoding::percent_decode_str(path)
        .decode_utf8()
        .ok()?;
    Some(PathBuf::from(decoded.as_ref()))
}

pub(super) fn sqlite_url(file: &Path, mode: &str) -> Result<String, StoreError> {
    let path = std::path::absolute(file)
        .ok()
        .and_then(|path| path.to_str().map(ToOwned::to_owned))
        .ok_or_else(|| StoreError::Setting("the database's path must be UTF-8".to_owned()))?;
    let path = percent_encoding::utf8_percent_encode(&path, percent_encoding::NON_ALPHANUMERIC);
    Ok(format!(
        "sqlite://{}?mode={mode}",
        path.to_string().replace("%2F", "/")
    ))
}

/// What is added to the name of an SQLite database for the file by which it is locked.
pub(in crate::store) const LOCK_ENDING: &str = ".lock";

/// The same for the file that the database's server holds.
pub(in crate::store) const SERVER_ENDING: &str = ".server.lock";

/// The file by which a database is locked: beside the database itself, whatever links lead there, and with its name.
pub(in crate::store) fn lock_of(database: &Path, ending: &str) -> PathBuf {
    let mut path = resolved(database).into_os_string();
    path.push(ending);
    PathBuf::from(path)
}

/// A file's path without links; of one that is not there yet, that of its folder with its name.
fn resolved(file: &Path) -> PathBuf {
    let of_folder = || {
        let folder = match file.parent()? {
            folder if folder.as_os_str().is_empty() => Path::new("."),
            folder => folder,
        };
        Some(folder.canonicalize().ok()?.join(file.file_name()?))
    };
    file.canonicalize()
        .ok()
        .or_else(of_folder)
        .unwrap_or_else(|| file.to_owned())
}

/// Why a database could not be held.
pub(in crate::store) enum Held {
    ByAnother,
    Failed(StoreError),
}

/// Locks a file beside an SQLite database, until the handle is dropped: that of [`LOCK_ENDING`] is shared by all that work
/// on the database, and taken alone by who moves it or puts another one there; that of [`SERVER_ENDING`] is taken by the
/// one server.
pub(in crate::store) fn hold(
    database: &Path,
    ending: &str,
    lock: impl Fn(&File) -> Result<(), TryLockError>,
) -> Result<File, Held> {
    let path = lock_of(database, ending);
    match lock_file::take(&path, lock) {
        Ok(Some(held)) => Ok(held),
        Ok(None) => Err(Held::ByAnother),
        Err(error) => Err(Held::Failed(StoreError::Setting(format!(
            "the file {} beside the database cannot be opened for writing: {error}",
            path.display()
        )))),
    }
}

pub(super) fn make_private_file(file: &Path) -> Result<(), StoreError> {
    let failed = |error: std::io::Error| {
        StoreError::Setting(format!(
            "the database file {} cannot be opened for writing: {error}",
            file.display()
        ))
    };
    let opened = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(file)
        .map_err(failed)?;
    opened
        .set_permissions(std::fs::Permissions::from_mode(0o600))
        .map_err(failed)
}

/// What to do where the mode of the data folder cannot be changed.
const NOT_OURS: &str = ". Only its owner can give it mode 0700, which keeps others out. Give it to the user that runs \
    this, or name a folder in it that is not there yet (VOUCHKEY_DATA): that is made so";

/// Makes the data folder if need be, with mode 0700, and takes others' rights to one that is there.
pub(in crate::store) fn make_private_folder(folder: &Path) -> Result<(), StoreError> {
    if std::fs::metadata(folder).is_ok_and(|found| !found.is_dir()) {
        return Err(StoreError::Setting(format!(
            "the data folder {} is not a folder",
            folder.display()
        )));
    }
    let failed = |error: std::io::Error, hint: &str| {
        StoreError::Setting(format!(
            "the data folder {}: {error}{hint}",
            folder.display()
        ))
    };
    let rights = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .and_then(|()| std::fs::metadata(folder))
        .map_err(|error| failed(error, ""))?
        .permissions()
        .mode();
    if rights & 0o777 == 0o700 {
        return Ok(());
    }
    // A volume may belong to another user than the program's, and be open to it by its group.
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
        .map_err(|error| failed(error, NOT_OURS))
}

/// Locks a folder against the others that start at this moment, until the file is dropped.
pub(in crate::store) async fn lock_folder(folder: &Path) -> Result<File, StoreError> {
    let path = folder.to_owned();
    let locked = tokio::task::spawn_blocking(move || {
        let handle = File::open(path)?;
        handle.lock()?;
        Ok(handle)
    });
    locked
        .await
        .unwrap_or_else(|_| Err(std::io::Error::other("the lock was not waited for")))
        .map_err(|error| StoreError::Setting(format!("{}: {error}", folder.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_urls_name_files_with_any_character() {
        for path in ["/tmp/a b/vouchkey.db", "/tmp/100%/ü?#.db"] {
            let url = sqlite_url(Path::new(path), "rw").unwrap();
            assert_eq!(sqlite_file(&url), Some(PathBuf::from(path)), "{url}");
        }
        assert_eq!(
            sqlite_file("sqlite:relative.db"),
            Some(PathBuf::from("relative.db"))
        );
        assert_eq!(sqlite_file("sqlite://:memory:"), None);
        assert_eq!(sqlite_file("mysql://x"), None);
    }

    #[test]
    fn links_to_a_database_lead_to_one_lock() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let database = folder.join("vouchkey.db");
        let lock = folder.join("vouchkey.db.lock");
        // Before there is a file, and after.
        assert_eq!(lock_of(&database, LOCK_ENDING), lock);
        File::create(&database).unwrap();
        let linked = folder.join("link.db");
        std::os::unix::fs::symlink(&database, &linked).unwrap();
        let around = folder.join("..").join(folder.file_name().unwrap());
        for path in [database, linked, around.join("vouchkey.db")] {
            assert_eq!(lock_of(&path, LOCK_ENDING), lock, "{}", path.display());
        }
    }

    /// A folder of the kernel, whose mode even root cannot change.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_data_folder_of_somebody_else_says_what_to_do() {
        let error = make_private_folder(Path::new("/proc/sys/kernel")).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("/proc/sys/kernel"), "{message}");
        assert!(message.contains("VOUCHKEY_DATA"), "{message}");
    }
}
