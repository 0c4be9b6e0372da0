//! Which pages a browser lets read the answers: preflights, origins, and keys that take theirs with them.

use serde_json::json;
use vouchkey_tests::api::SESSIONS;
use vouchkey_tests::program::Installation;
use vouchkey_tests::publishable::{self, Page, SHOP, expect_reader, preflight};
use vouchkey_tests::wait;

#[tokio::test]
async fn a_preflight_is_answered_without_a_key_to_listed_origins_alone() {
    let installation = Installation::new().await;
    let (server, _page, _own) = publishable::shop(&installation).await;
    let stranger = server.stranger();
    for path in [SESSIONS, "/api/v1/sessions/ses_1", "/api/v1/nothing"] {
        let answer = preflight(&stranger, path, SHOP)
            .send()
            .await
            .expect_status(204);
        expect_reader(&answer, Some(SHOP));
        assert_eq!(answer.text, "");
        assert_eq!(answer.header("access-control-allow-methods"), Some("POST"));
        assert_eq!(
            answer.header("access-control-allow-headers"),
            Some(
                "X-API-Key, Authorization, Content-Type, Idempotency-Key, Verifa-Version, Key-Inflection, Prefer, X-Request-Id"
            )
        );
        assert!(answer.number("access-control-max-age") > 0);
        assert!(answer.header("x-request-id").is_some());
    }
    for origin in [
        "https://evil.example",
        "null",
        "https://SHOP.example",
        "https://shop.example:443",
        "*",
    ] {
        let answer = preflight(&stranger, SESSIONS, origin)
            .send()
            .await
            .expect_error(405, "method_not_allowed");
        expect_reader(&answer, None);
        assert_eq!(answer.header("access-control-allow-methods"), None);
    }
    let two = preflight(&stranger, SESSIONS, SHOP).header("Origin", SHOP);
    expect_reader(&two.send().await.expect_status(405), None);
    let plain = stranger.call("OPTIONS", SESSIONS).header("Origin", SHOP);
    expect_reader(&plain.send().await.expect_status(405), Some(SHOP));
    let unnamed = stranger
        .call("OPTIONS", SESSIONS)
        .header("Access-Control-Request-Method", "POST");
    expect_reader(&unnamed.send().await.expect_status(405), None);
    for path in [
        "/admin/v1/me",
        "/healthz",
        "/dashboard/",
        "/verify/x",
        "/api/v10/sessions",
    ] {
        let answer = preflight(&stranger, path, SHOP).send().await;
        assert_ne!(answer.status, 204, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
}

#[tokio::test]
async fn an_expired_key_takes_its_origins_with_it_within_a_second() {
    let installation = Installation::new().await;
    let secret = installation.key("sandbox", &[]).await;
    let server = installation.serve().await;
    let (own, stranger) = (server.api(&secret), server.stranger());
    preflight(&stranger, SESSIONS, SHOP)
        .send()
        .await
        .expect_status(405);
    let key = publishable::key(&installation).await;
    let page = Page::of(server.api(&key));
    wait::until("the preflight of a new key", async || {
        (preflight(&stranger, SESSIONS, SHOP).send().await.status == 204).then_some(())
    })
    .await;
    page.create(&json!({})).await.expect_status(201);
    installation.output(&["keys", "expire", &key.id]).await;
    wait::until("the end of a key and of its origin", async || {
        let refused = page.create(&json!({})).await;
        let ended =
            refused.status == 401 && refused.header("access-control-allow-origin").is_none();
        ended.then_some(())
    })
    .await;
    preflight(&stranger, SESSIONS, SHOP)
        .send()
        .await
        .expect_error(405, "method_not_allowed");
    let secret = own
        .creation(&json!({}))
        .header("Origin", SHOP)
        .send()
        .await
        .expect_status(201);
    expect_reader(&secret, None);
}

#[tokio::test]
async fn a_secret_key_works_as_before_wherever_it_comes_from() {
    let installation = Installation::new().await;
    let (_server, _page, own) = publishable::shop(&installation).await;
    expect_reader(&own.create(&json!({})).await.expect_status(201), None);
    let body = json!({"checks": ["face_match"], "redirect_url": "https://anywhere.example"});
    for (origin, reader) in [("https://evil.example", None), (SHOP, Some(SHOP))] {
        let created = own.creation(&body).header("Origin", origin).send().await;
        expect_reader(&created.expect_status(201), reader);
        let list = own
            .call("GET", SESSIONS)
            .header("Origin", origin)
            .send()
            .await;
        expect_reader(&list.expect_status(200), reader);
    }
}

#[tokio::test]
async fn invented_origins_are_answered_as_fast_as_none() {
    let installation = Installation::new().await;
    let (server, page, _own) = publishable::shop(&installation).await;
    let stranger = server.stranger();
    for n in 0..500 {
        let origin = format!("https://{n}.invented.example");
        preflight(&stranger, SESSIONS, &origin)
            .send()
            .await
            .expect_status(405);
    }
    page.create(&json!({})).await.expect_status(201);
}
