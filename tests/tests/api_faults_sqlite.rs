//! The machine's trouble beneath SQLite: each request gets a clear refusal, nothing is lost or half written, and the server
//! goes on by itself once the trouble is over.

use serde_json::json;
use vouchkey_tests::database::Database;
use vouchkey_tests::faults::{
    creates_what_was_refused, is_ready_again, lives_but_is_not_ready, refuses_to_create,
};
use vouchkey_tests::program::Installation;
use vouchkey_tests::wait;

#[tokio::test]
async fn a_database_that_another_program_locks_for_long_is_said_and_waited_for() {
    let installation = Installation::new().await;
    let (server, api) = installation.sandbox().await;
    let first = api.created(&json!({})).await;
    let mut other = Database::open(&installation).await;
    other.execute("BEGIN IMMEDIATE").await;
    // For longer than the server waits for a lock.
    refuses_to_create(&api, "locked").await;
    lives_but_is_not_ready(&server).await;
    // Reading goes on.
    api.session(&first["id"]).await;
    assert_eq!(api.count().await, 1);
    other.execute("ROLLBACK").await;

    is_ready_again(&server).await;
    creates_what_was_refused(&api, "locked").await;
    assert_eq!(api.count().await, 2);
    other.is_intact().await;
}

#[tokio::test]
async fn a_database_that_another_program_locks_for_a_moment_costs_a_wait_and_nothing_else() {
    let installation = Installation::new().await;
    let (server, api) = installation.sandbox().await;
    let mut other = Database::open(&installation).await;
    other.execute("BEGIN IMMEDIATE").await;
    let body = json!({});
    let creating = tokio::spawn(api.creation(&body).send());
    wait::until("a request that waits", async || {
        let nobody = server.stranger();
        nobody.get("/healthz").await.expect_status(200);
        (!creating.is_finished()).then_some(())
    })
    .await;
    other.execute("ROLLBACK").await;
    creating.await.unwrap().expect_status(201);
    assert_eq!(api.count().await, 1);
}
