//! Rate limits: what every answer says about them, and what happens when one is used up.

use serde_json::json;
use vouchkey_tests::api::SESSIONS;
use vouchkey_tests::bucket::Bucket;
use vouchkey_tests::program::Installation;

#[tokio::test]
async fn every_answer_to_a_key_says_what_is_left() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let list = api.get(SESSIONS).await.expect_status(200);
    assert_eq!(list.number("x-ratelimit-limit"), 1_000);
    assert!(list.number("x-ratelimit-remaining") < 1_000);
    let created = api.create(&json!({})).await.expect_status(201);
    assert_eq!(
        created.number("x-ratelimit-limit"),
        300,
        "the creation bucket where it was asked"
    );
    assert_eq!(created.number("x-ratelimit-remaining"), 299);
    let refused = api
        .create(&json!({"country": "XX"}))
        .await
        .expect_status(422);
    assert_eq!(refused.number("x-ratelimit-limit"), 1_000);
    let missing = api
        .get(&format!("{SESSIONS}/ses_0"))
        .await
        .expect_status(404);
    assert!(
        missing.number("x-ratelimit-reset") > 1_700_000_000,
        "a Unix second"
    );
}

#[tokio::test]
async fn the_creation_that_is_one_too_many_is_refused_and_leaves_nothing() {
    let installation = Installation::new()
        .await
        .with("VOUCHKEY_RATE_LIMIT_CREATES", "3");
    let (_server, api) = installation.sandbox().await;
    let mut bucket = Bucket::full(3);
    bucket.empty(async || api.create(&json!({})).await).await;
    assert_eq!(api.count().await, bucket.taken);
    // Refused for its content before the bucket is asked.
    api.create(&json!({"country": "XX"}))
        .await
        .expect_error(422, "validation_failed");
}

#[tokio::test]
async fn replays_and_refusals_do_not_count_as_creations() {
    let installation = Installation::new()
        .await
        .with("VOUCHKEY_RATE_LIMIT_CREATES", "3");
    let (_server, api) = installation.sandbox().await;
    let replayed = async || api.creation(&json!({})).once("k").send().await;
    let mut bucket = Bucket::full(3);
    replayed().await.expect_status(201);
    bucket.take();
    for _ in 0..5 {
        replayed().await.expect_status(201);
        api.create(&json!({"country": "XX"}))
            .await
            .expect_status(422);
        api.call("POST", &format!("{SESSIONS}?dry_run=true"))
            .send()
            .await
            .expect_status(200);
    }
    // Had they counted, it would be empty by now.
    bucket.empty(async || api.create(&json!({})).await).await;
    replayed().await.expect_status(201);
}

#[tokio::test]
async fn requests_are_limited_by_key_and_not_by_neighbour() {
    let installation = Installation::new()
        .await
        .with("VOUCHKEY_RATE_LIMIT_REQUESTS", "5");
    let busy = installation.key("sandbox", &[]).await;
    let calm = installation.key("sandbox", &[]).await;
    let server = installation.serve().await;
    let api = server.api(&busy);
    Bucket::full(5)
        .empty(async || api.get(SESSIONS).await)
        .await;
    server.api(&calm).get(SESSIONS).await.expect_status(200);
}

#[tokio::test]
async fn without_limits_the_headers_are_gone() {
    let installation = Installation::new().await.without_limits();
    let (_server, api) = installation.sandbox().await;
    let answer = api.create(&json!({})).await.expect_status(201);
    assert_eq!(answer.header("x-ratelimit-limit"), None);
    assert_eq!(answer.header("x-ratelimit-remaining"), None);
}
