//! Restoring a backup: refused where it would do harm or cannot be trusted, and nothing is left behind then.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::TempDir;
use vouchkey_tests::backups::{
    backed_up, names, original, refused, text, unlimited, with_root_key_of,
};
use vouchkey_tests::program::Installation;

#[tokio::test]
async fn what_cannot_be_restored_is_refused_and_leaves_nothing_behind() {
    let Some((installation, folder, file)) = backed_up().await else {
        return;
    };
    let restore = ["restore", text(&file)];

    let said = refused(&installation, &restore, 1).await;
    assert!(said.contains("is there already"), "{said}");

    let keyless = unlimited(Installation::empty());
    let said = refused(&keyless, &restore, 1).await;
    assert!(
        said.contains("root key") && said.contains("VOUCHKEY_ROOT_KEY_FILE"),
        "{said}"
    );
    let other = Installation::new().await;
    let strange = with_root_key_of(&other);
    let said = refused(&strange, &restore, 1).await;
    assert!(said.contains("does not belong to this database"), "{said}");

    let target = with_root_key_of(&installation);
    let damaged = folder.path().join("damaged.db");
    let whole = std::fs::read(&file).unwrap();
    let mut bytes = whole.clone();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].fill(0xa5);
    let truncated = &whole[..whole.len() / 2];
    // SQLite reads zeros in the place of the end of its last page.
    let shortened = &whole[..whole.len() - 1];
    for content in [
        bytes.as_slice(),
        truncated,
        shortened,
        b"no database at all",
        b"",
    ] {
        std::fs::write(&damaged, content).unwrap();
        let said = refused(&target, &["restore", text(&damaged)], 1).await;
        assert!(said.contains("damaged.db: the file "), "{said}");
    }
    std::fs::write(&damaged, &whole).unwrap();
    std::fs::write(folder.path().join("damaged.db-wal"), "frames").unwrap();
    let said = refused(&target, &["restore", text(&damaged)], 1).await;
    assert!(said.contains("in use"), "{said}");
    let missing = folder.path().join("missing.db");
    for (file, why) in [
        (missing.as_path(), "No such file"),
        (folder.path(), "not a backup"),
        // It never ends.
        (Path::new("/dev/zero"), "not a backup"),
    ] {
        let said = refused(&target, &["restore", text(file)], 1).await;
        assert!(said.contains(&format!("{}: ", text(file))), "{said}");
        assert!(said.contains(why), "{said}");
    }

    // A folder that is somebody else's stays open to whom it was.
    let shared = TempDir::new().unwrap();
    std::fs::write(shared.path().join("notes"), "").unwrap();
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(shared.path(), open.clone()).unwrap();
    let said = refused(&Installation::at(shared.path()), &restore, 1).await;
    assert!(said.contains("is there already"), "{said}");
    let mode = shared.path().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, open.mode());
    assert_eq!(names(shared.path()), ["notes"]);

    for folder in [&keyless, &strange, &target] {
        let left = names(folder.folder());
        let expected = ["root.key", "vouchkey.db.lock"];
        assert!(
            left.iter().all(|name| expected.contains(&name.as_str())),
            "{left:?}"
        );
    }
    target.output(&restore).await;
    refused(&target, &restore, 1).await;
    target.serve().await;
}

#[tokio::test]
async fn a_folder_that_a_server_holds_is_not_restored_into() {
    let Some((installation, _folder, file)) = backed_up().await else {
        return;
    };
    let server = installation.serve().await;
    for name in [
        "vouchkey.db",
        "vouchkey.db-wal",
        "vouchkey.db-shm",
        "address",
    ] {
        // As somebody does who has forgotten the server.
        std::fs::remove_file(installation.folder().join(name)).unwrap();
    }
    let said = refused(&installation, &["restore", text(&file)], 1).await;
    assert!(said.contains("stop the server"), "{said}");
    server.kill().await;
    for name in ["vouchkey.db-wal", "vouchkey.db-shm"] {
        let _ = std::fs::remove_file(installation.folder().join(name));
    }
    installation.output(&["restore", text(&file)]).await;
    installation.serve().await;
}

#[tokio::test]
async fn nobody_works_on_a_database_that_is_being_moved_or_restored() {
    let Some((installation, ..)) = original().await else {
        return;
    };
    let lock = installation.folder().join("vouchkey.db.lock");
    let lock = std::fs::File::open(lock).unwrap();
    lock.try_lock().unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    for arguments in [&serve[..], &["keys", "create"], &["migrate"]] {
        let said = refused(&installation, arguments, 1).await;
        assert!(said.contains("is being moved or restored"), "{said}");
    }
    drop(lock);
    let server = installation.serve().await;
    installation.key("sandbox", &[]).await;
    server.stop().await;
}
