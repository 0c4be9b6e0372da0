//! The machine's trouble beneath SQLite: each request gets a clear refusal, nothing is lost or half written, and the server
//! goes on by itself once the trouble is over.

use serde_json::json;
use vouchkey_tests::api::{Api, invitation_to};
use vouchkey_tests::database::Database;
use vouchkey_tests::program::{Installation, Server};
use vouchkey_tests::wait;

/// Stops the test unless the server lives, and says itself that it cannot work.
async fn lives_but_is_not_ready(server: &Server) {
    let nobody = server.stranger();
    nobody.get("/healthz").await.expect_status(200);
    let answer = nobody.get("/readyz").await.expect_error(503, "unavailable");
    assert_eq!(answer.number("retry-after"), 1);
}

async fn is_ready_again(server: &Server) {
    wait::until("a server that is ready again", async || {
        let answer = server.stranger().get("/readyz").await;
        (answer.status == 200).then_some(())
    })
    .await;
}

/// A creation that the server must refuse for now.
async fn refused(api: &Api, key: &str) {
    let call = api.creation(&invitation_to("jane@example.com")).once(key);
    let answer = call.send().await.expect_error(503, "unavailable");
    assert_eq!(answer.number("retry-after"), 1);
}

#[tokio::test]
async fn a_database_that_another_program_locks_for_long_is_said_and_waited_for() {
    let installation = Installation::new().await;
    let (server, api) = installation.sandbox().await;
    let first = api.created(&json!({})).await;
    let mut other = Database::open(&installation).await;
    other.execute("BEGIN IMMEDIATE").await;
    // For longer than the server waits for a lock.
    refused(&api, "locked").await;
    lives_but_is_not_ready(&server).await;
    // Reading goes on.
    api.session(&first["id"]).await;
    assert_eq!(api.count().await, 1);
    other.execute("ROLLBACK").await;

    is_ready_again(&server).await;
    let call = || {
        api.creation(&invitation_to("jane@example.com"))
            .once("locked")
    };
    let made = call().send().await.expect_status(201);
    assert_eq!(made.header("idempotency-replayed"), None);
    assert_eq!(call().send().await.expect_status(201).json(), made.json());
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
