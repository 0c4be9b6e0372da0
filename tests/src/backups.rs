//! What the tests of backups and of restoring share.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::program::Installation;

/// An installation on SQLite, a folder, and the file in it, not there yet, that its backup goes to. None on PostgreSQL,
/// which has tools of its own for this: then both commands must say so.
pub async fn original() -> Option<(Installation, TempDir, PathBuf)> {
    let installation = unlimited(Installation::new().await);
    if is_postgres(&installation).await {
        return None;
    }
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("backup.db");
    Some((installation, folder, file))
}

/// The same, and the backup is there.
pub async fn backed_up() -> Option<(Installation, TempDir, PathBuf)> {
    let (installation, folder, file) = original().await?;
    installation.output(&["backup", text(&file)]).await;
    Some((installation, folder, file))
}

/// An installation with an address of its own in every link, and no limits.
pub fn unlimited(installation: Installation) -> Installation {
    installation
        .with("VOUCHKEY_PUBLIC_URL", "https://id.example")
        .without_limits()
}

/// An empty folder with nothing but the root key of an installation.
pub fn with_root_key_of(installation: &Installation) -> Installation {
    let empty = Installation::empty();
    let key = "root.key";
    std::fs::copy(installation.folder().join(key), empty.folder().join(key))
        .expect("a copy of the root key");
    unlimited(empty)
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("a path of UTF-8")
}

/// Runs a command that must fail with this exit code; what it says.
pub async fn refused(installation: &Installation, arguments: &[&str], code: i32) -> String {
    let output = installation.run(arguments).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    said
}

/// What a folder holds, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder that can be read");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

async fn is_postgres(installation: &Installation) -> bool {
    if installation.database_url().is_none() {
        return false;
    }
    let file = installation.folder().join("backup.db");
    let said = refused(installation, &["backup", text(&file)], 2).await;
    assert!(said.contains("pg_dump"), "{said}");
    assert!(!file.exists());
    let said = refused(installation, &["restore", "/dev/null"], 2).await;
    assert!(said.contains("pg_restore"), "{said}");
    true
}
