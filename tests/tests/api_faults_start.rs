//! What stops the start: each says what is wrong and what to do, and damages nothing. On both engines.

use std::path::Path;

use vouchkey_tests::backups::refused;
use vouchkey_tests::database::Database;
use vouchkey_tests::faults::does_not_start;
use vouchkey_tests::program::Installation;

/// Starts the server and stops it: what was there before is there still.
async fn starts(installation: &Installation) {
    let server = installation.serve().await;
    server.stranger().get("/readyz").await.expect_status(200);
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test]
async fn a_wrong_or_missing_root_key_stops_the_start_and_the_right_one_starts_again() {
    let installation = Installation::new().await;
    let file = installation.folder().join("root.key");
    let kept = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let said = does_not_start(&installation).await;
    assert!(said.contains("is missing"), "{said}");
    assert!(said.contains("from its backup"), "{said}");
    assert!(!file.exists(), "no other key is made in its place");

    let other = Installation::new().await;
    std::fs::copy(other.folder().join("root.key"), &file).unwrap();
    let said = does_not_start(&installation).await;
    assert!(said.contains("does not belong to this database"), "{said}");
    assert!(said.contains("Give the right one"), "{said}");

    std::fs::write(&file, "short").unwrap();
    let said = does_not_start(&installation).await;
    assert!(said.contains("cannot be read"), "{said}");

    std::fs::write(&file, kept).unwrap();
    starts(&installation).await;
}

#[tokio::test]
async fn a_schema_from_the_future_stops_the_start_and_is_left_as_it_is() {
    let installation = Installation::new().await;
    let mut database = Database::open(&installation).await;
    let floor = "SELECT oldest_step FROM schema_floor";
    let was = database.number(floor).await;
    database
        .execute("UPDATE schema_floor SET oldest_step = 9999")
        .await;
    let said = does_not_start(&installation).await;
    assert!(said.contains("step 9999"), "{said}");
    assert!(said.contains("start the newer program"), "{said}");
    assert_eq!(database.number(floor).await, 9999);

    let back = format!("UPDATE schema_floor SET oldest_step = {was}");
    database.execute(&back).await;
    starts(&installation).await;
}

#[tokio::test]
async fn a_data_folder_that_another_server_holds_stops_the_start_and_not_the_other() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let said = does_not_start(&installation).await;
    assert!(
        said.contains("another server runs on the data folder"),
        "{said}"
    );
    assert!(said.contains(&format!("at {}", server.base())), "{said}");
    assert!(said.contains("Stop it first"), "{said}");
    server.stranger().get("/readyz").await.expect_status(200);
    // Commands work beside it, and know where it is.
    let words = [
        "users",
        "create",
        "--email",
        "two@example.com",
        "--role",
        "viewer",
    ];
    let printed = installation.output(&words).await;
    assert!(printed.contains(server.base()), "{printed}");
    server.kill().await;
    starts(&installation).await;
}

#[tokio::test]
async fn an_sqlite_database_that_another_server_has_stops_the_start_whatever_the_way_to_it() {
    let installation = Installation::empty_on_sqlite().initialised().await;
    let server = installation.serve().await;
    let other = Installation::empty_on_sqlite();
    let key = |folder: &Path| folder.join("root.key");
    std::fs::copy(key(installation.folder()), key(other.folder())).unwrap();
    let database = installation.folder().join("vouchkey.db");
    let link = other.folder().join("link.db");
    std::os::unix::fs::symlink(&database, &link).unwrap();
    for way in [&database, &link] {
        let url = format!("sqlite://{}", way.display());
        let said = does_not_start(&other.moved_to(other.folder()).on(url.clone())).await;
        assert!(said.contains("another server works on"), "{url}: {said}");
        assert!(said.contains("PostgreSQL"), "{url}: {said}");
    }
    // Nor is it moved away beneath the server.
    let from = format!("sqlite://{}", link.display());
    let to = "postgres://nobody@127.0.0.1:1/none";
    let words = ["transfer", "--from", &from, "--to", to];
    let said = refused(&other, &words, 1).await;
    assert!(said.contains("a server or another command uses"), "{said}");
    server.stranger().get("/readyz").await.expect_status(200);
    assert_eq!(server.stop().await, Some(0));
    let url = format!("sqlite://{}", link.display());
    starts(&other.moved_to(other.folder()).on(url)).await;
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_one_stops_the_start() {
    let installation = Installation::new().await;
    let file = installation.folder().join("root.key");
    let said = does_not_start(&installation.moved_to(&file)).await;
    assert!(said.contains("the data folder"), "{said}");
    assert!(said.contains("is not a folder"), "{said}");
    starts(&installation).await;
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_stops_the_start() {
    let folder = Installation::empty();
    let nowhere = folder.folder().join("none");
    let nowhere = nowhere.display();
    for url in [
        format!("postgres://u:hidden@localhost/x?host={nowhere}"),
        "postgres://u:hidden@127.0.0.1:1/x".to_owned(),
    ] {
        let said = does_not_start(&Installation::empty().on(url.clone())).await;
        assert!(said.contains("cannot be reached"), "{url}: {said}");
        assert!(said.contains("VOUCHKEY_DATABASE_URL"), "{url}: {said}");
        assert!(!said.contains("hidden"), "{said}");
    }
    let url = format!("sqlite://{nowhere}/vouchkey.db");
    let said = does_not_start(&Installation::empty().on(url)).await;
    assert!(said.contains(&format!("{nowhere}/vouchkey.db")), "{said}");
    let words = "cannot be opened for writing: No such file or directory";
    assert!(said.contains(words), "{said}");
}
