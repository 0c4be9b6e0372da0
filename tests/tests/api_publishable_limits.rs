//! Publishable keys beside others: limits and idempotency keys of their own.

use std::collections::HashSet;

use serde_json::json;
use vouchkey_tests::bucket::Bucket;
use vouchkey_tests::program::Installation;
use vouchkey_tests::publishable::{self, Page, SHOP, expect_reader};

#[tokio::test]
async fn it_creates_ten_a_minute_and_slows_nobody_else_down() {
    let installation = Installation::new().await;
    let (server, page, own) = publishable::shop(&installation).await;
    page.create(&json!({"country": "XX"}))
        .await
        .expect_error(422, "validation_failed");
    let mut bucket = Bucket::full(10);
    let first = page
        .creation(&json!({}))
        .once("k")
        .send()
        .await
        .expect_status(201);
    assert_eq!(
        (
            first.number("x-ratelimit-limit"),
            first.number("x-ratelimit-remaining")
        ),
        (10, 9)
    );
    // One more comes back every six seconds.
    bucket.take();
    let refused = bucket.empty(async || page.create(&json!({})).await).await;
    expect_reader(&refused, Some(SHOP));
    let replayed = page
        .creation(&json!({}))
        .once("k")
        .send()
        .await
        .expect_status(201);
    assert_eq!(replayed.header("idempotency-replayed"), Some("true"));
    assert_eq!(own.count().await, bucket.taken);
    assert_eq!(
        own.create(&json!({}))
            .await
            .expect_status(201)
            .number("x-ratelimit-limit"),
        300
    );
    let other = Page::of(server.api(&publishable::key(&installation).await));
    assert_eq!(
        other
            .create(&json!({}))
            .await
            .expect_status(201)
            .number("x-ratelimit-remaining"),
        9
    );
}

#[tokio::test]
async fn its_limit_can_be_set() {
    let installation = Installation::new()
        .await
        .with("VOUCHKEY_RATE_LIMIT_PUBLISHABLE", "2");
    let (_server, page, _own) = publishable::shop(&installation).await;
    Bucket::full(2)
        .empty(async || page.create(&json!({})).await)
        .await;
}

#[tokio::test]
async fn no_key_is_answered_what_another_key_was() {
    let installation = Installation::new().await;
    let (server, page, own) = publishable::shop(&installation).await;
    let other = Page::of(server.api(&publishable::key(&installation).await));
    let body = json!({"external_ref": "order-1"});
    let mut ids = HashSet::new();
    for call in [
        page.creation(&body),
        other.creation(&body),
        own.creation(&body).header("Origin", SHOP),
    ] {
        let answer = call.once("order-1").send().await.expect_status(201);
        assert_eq!(answer.header("idempotency-replayed"), None);
        ids.insert(answer.json()["id"].to_string());
    }
    assert_eq!(ids.len(), 3);
    let again = page
        .creation(&body)
        .once("order-1")
        .send()
        .await
        .expect_status(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    expect_reader(&again, Some(SHOP));
    assert!(ids.contains(&again.json()["id"].to_string()));
    page.creation(&json!({}))
        .once("order-1")
        .send()
        .await
        .expect_error(422, "idempotency_mismatch");
    assert_eq!(own.count().await, 3);
}
