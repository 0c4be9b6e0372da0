//! Bringing a schema up to date by hand.

use vouchkey_tests::database::Database;
use vouchkey_tests::program::Installation;

#[tokio::test]
async fn migrate_says_what_it_did() {
    let installation = Installation::empty();
    let said = installation.output(&["migrate"]).await;
    assert!(said.contains("was empty"), "{said}");
    let said = installation.output(&["migrate"]).await;
    assert!(said.contains("nothing was changed"), "{said}");
    // The root key comes with the first start.
    assert!(!installation.folder().join("root.key").exists());
    let installation = installation.initialised().await;
    let mut database = Database::open(&installation).await;
    let undo = [
        "DROP INDEX outbox_dead",
        "DELETE FROM _sqlx_migrations WHERE version = 4",
    ];
    for sql in undo {
        database.execute(sql).await;
    }
    let said = installation.output(&["migrate"]).await;
    assert!(said.contains("step 4: dead deliveries"), "{said}");
    for sql in undo {
        database.execute(sql).await;
    }
    let server = installation.serve().await;
    let said = installation.output(&["migrate"]).await;
    assert!(
        said.contains("nothing was changed"),
        "the server has done it: {said}"
    );
    assert_eq!(server.stop().await, Some(0));
}
