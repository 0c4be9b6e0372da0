//! PostgreSQL in trouble: each request gets a clear refusal, nothing is lost or half written, and the server goes on by
//! itself once the trouble is over. On PostgreSQL alone.

use serde_json::json;
use tokio::task::JoinSet;
use vouchkey_tests::api::{Api, SESSIONS};
use vouchkey_tests::cluster::Cluster;
use vouchkey_tests::database::Database;
use vouchkey_tests::faults::{
    creates_what_was_refused, does_not_start, is_ready_again, lives_but_is_not_ready,
    refuses_to_create,
};
use vouchkey_tests::passage::Passage;
use vouchkey_tests::program::Installation;
use vouchkey_tests::wait::until;

/// Ends all connections to the database but the test's own; how many there were.
async fn cut_off(database: &mut Database) -> i64 {
    let cut = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    database.number(cut).await
}

#[tokio::test]
async fn postgresql_that_stops_and_comes_back_costs_refusals_and_no_restart() {
    let mut cluster = Cluster::start().await;
    let installation = Installation::empty().on(cluster.url()).initialised().await;
    let (server, api) = installation.sandbox().await;
    let first = api.created(&json!({"external_ref": "before"})).await;
    cluster.stop().await;
    refuses_to_create(&api, "away").await;
    lives_but_is_not_ready(&server).await;
    let path = format!("{SESSIONS}/{}", first["id"].as_str().unwrap());
    api.get(&path).await.expect_error(503, "unavailable");
    let said = does_not_start(&installation.beside()).await;
    assert!(said.contains("cannot be reached"), "{said}");
    cluster.restart().await;

    is_ready_again(&server).await;
    creates_what_was_refused(&api, "away").await;
    api.session(&first["id"]).await;
    assert_eq!(api.count().await, 2);
    Database::open(&installation).await.is_intact().await;
}

#[tokio::test]
async fn a_database_that_is_not_there_stops_the_start() {
    let installation = Installation::new().await;
    let url = installation
        .database_url()
        .unwrap()
        .replacen("/vouchkey_", "/no_", 1);
    let said = does_not_start(&installation.beside().on(url)).await;
    assert!(said.contains("does not exist"), "{said}");
    assert!(said.contains("VOUCHKEY_DATABASE_URL"), "{said}");
}

#[tokio::test]
async fn connections_that_are_cut_off_are_made_anew_without_a_refusal() {
    let installation = Installation::new().await.without_limits();
    let (server, api) = installation.sandbox().await;
    api.created(&json!({})).await;
    let mut database = Database::open(&installation).await;
    for round in 1..=5 {
        assert!(cut_off(&mut database).await > 0);
        api.created(&json!({})).await;
        assert_eq!(api.count().await, round + 1);
    }
    // Beneath requests that run: each is answered or refused, and a refused one was not made.
    let mut creating = JoinSet::new();
    for number in 0..40 {
        let api = api.clone();
        creating.spawn(async move { create_in_the_end(&api, number).await });
    }
    while !creating.is_empty() {
        cut_off(&mut database).await;
        creating.join_next().await.unwrap().unwrap();
    }
    assert_eq!(api.count().await, 46);
    server.stranger().get("/readyz").await.expect_status(200);
    database.is_intact().await;
}

/// Sends a creation until it is made.
async fn create_in_the_end(api: &Api, number: usize) {
    loop {
        let body = json!({"external_ref": format!("cut-{number}")});
        let call = api.creation(&body).once(&format!("cut-{number}"));
        let answer = call.send().await;
        if answer.status == 201 {
            return;
        }
        let answer = answer.expect_error(503, "unavailable");
        assert_eq!(answer.number("retry-after"), 1);
    }
}

#[tokio::test]
async fn a_database_that_takes_no_writes_is_said_and_can_be_read() {
    let installation = Installation::new().await;
    let (server, api) = installation.sandbox().await;
    let first = api.created(&json!({})).await;
    let mut database = Database::open(&installation).await;
    let name = database
        .text("SELECT CAST(current_database() AS TEXT)")
        .await;
    // As on a standby after a switch: connections are as they are, and what they write is refused.
    let setting = format!("ALTER DATABASE {name} SET default_transaction_read_only");
    database.execute(&format!("{setting} = on")).await;
    assert!(cut_off(&mut database).await > 0);
    refuses_to_create(&api, "read-only").await;
    lives_but_is_not_ready(&server).await;
    api.session(&first["id"]).await;
    database.execute(&format!("{setting} = off")).await;

    is_ready_again(&server).await;
    creates_what_was_refused(&api, "read-only").await;
    assert_eq!(api.count().await, 2);
}

#[tokio::test]
async fn a_commit_that_fails_is_answered_as_a_refusal() {
    let installation = Installation::new().await.without_limits();
    let (server, api) = installation.sandbox().await;
    api.created(&json!({})).await;
    let mut database = Database::open(&installation).await;
    // All statements succeed, and then the commit does not, as on a disk that is full by then.
    database
        .execute(
            "CREATE FUNCTION too_late() RETURNS trigger LANGUAGE plpgsql \
             AS 'BEGIN RAISE EXCEPTION USING ERRCODE = ''53100''; END'",
        )
        .await;
    database
        .execute(
            "CREATE CONSTRAINT TRIGGER too_late AFTER INSERT ON sessions \
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION too_late()",
        )
        .await;
    refuses_to_create(&api, "alone").await;
    // And so are those that share a commit.
    let mut creating = JoinSet::new();
    for number in 0..40 {
        let api = api.clone();
        creating.spawn(async move { refuses_to_create(&api, &format!("{number}")).await });
    }
    while let Some(refused) = creating.join_next().await {
        refused.unwrap();
    }
    assert_eq!(api.count().await, 1);
    database.execute("DROP TRIGGER too_late ON sessions").await;
    is_ready_again(&server).await;
    creates_what_was_refused(&api, "alone").await;
    for number in 0..40 {
        creates_what_was_refused(&api, &number.to_string()).await;
    }
    assert_eq!(api.count().await, 42);
    database.is_intact().await;
}

#[tokio::test]
async fn a_commit_whose_connection_ends_is_said_to_be_unknown() {
    let installation = Installation::new().await;
    let (server, api) = installation.sandbox().await;
    let mut database = Database::open(&installation).await;
    // The connection is cut while the database works on the COMMIT.
    database
        .execute(
            "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql \
             AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'",
        )
        .await;
    database
        .execute(
            "CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON sessions \
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut()",
        )
        .await;
    let call = api.creation(&json!({})).once("unknown");
    let answer = call.send().await.expect_error(503, "unavailable");
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("not known"), "{detail}");

    database.execute("DROP TRIGGER cut ON sessions").await;
    is_ready_again(&server).await;
    let call = api.creation(&json!({})).once("unknown");
    call.send().await.expect_status(201);
    assert_eq!(api.count().await, 1);
}

#[tokio::test]
async fn connections_that_fall_silent_are_given_up_and_made_anew() {
    let cluster = Cluster::start().await;
    let passage = Passage::to(cluster.folder());
    let installation = Installation::empty().on(passage.url()).initialised().await;
    let (server, api) = installation.sandbox().await;
    api.created(&json!({})).await;
    passage.fall_silent();
    until("a creation", async || {
        let answer = api.create(&json!({"external_ref": "after"})).await;
        (answer.status == 201).then_some(())
    })
    .await;
    is_ready_again(&server).await;
    assert_eq!(api.count().await, 2);
}
