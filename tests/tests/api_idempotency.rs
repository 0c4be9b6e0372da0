//! The same request twice is one session, whatever happens between the two.

use serde_json::{Value, json};
use vouchkey_tests::api::{Answer, SESSIONS};
use vouchkey_tests::balancer::Port;
use vouchkey_tests::database::Database;
use vouchkey_tests::program::Installation;

const REPLAYED: &str = "idempotency-replayed";

fn is_replay(answer: &Answer) -> bool {
    answer.header(REPLAYED) == Some("true")
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_again() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let body = json!({"external_ref": "a", "metadata": {"plan": "premium"}});
    let first = api.created_under(&body, "order-1").await;
    assert!(!is_replay(&first));
    let second = api.created_under(&body, "order-1").await;
    assert!(is_replay(&second));
    assert_eq!(second.json(), first.json(), "QR and all");
    assert_eq!(api.count().await, 1);
    let other = api.created_under(&body, "order-2").await;
    assert_ne!(other.json()["id"], first.json()["id"]);
}

#[tokio::test]
async fn spelling_order_and_nulls_make_no_other_request() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let first = api
        .call("POST", SESSIONS)
        .text(r#"{"external_ref":"a","metadata":{"x":1,"y":2},"country":null}"#)
        .once("k")
        .send()
        .await
        .expect_status(201)
        .json();
    for same in [
        r#"{"metadata":{"y":2,"x":1},"externalRef":"a"}"#,
        r#"{"data":{"type":"inquiry","attributes":{"reference-id":"a","metadata":{"x":1,"y":2}}}}"#,
    ] {
        let again = api.call("POST", SESSIONS).text(same).once("k").send().await;
        assert!(is_replay(&again), "{same}: {}", again.text);
        assert_eq!(again.json()["id"], first["id"]);
    }
    for (name, value) in [("Key-Inflection", "camel"), ("Prefer", "handling=strict")] {
        let body = json!({"external_ref": "a", "metadata": {"x": 1, "y": 2}});
        let again = api
            .creation(&body)
            .once("k")
            .header(name, value)
            .send()
            .await;
        assert!(is_replay(&again), "{name}: {}", again.text);
    }
}

#[tokio::test]
async fn another_request_with_the_same_key_is_refused() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let first = json!({"country": "US", "metadata": {"n": 9_007_199_254_740_993_u64}});
    api.created_under(&first, "k").await;
    for other in [
        json!({}),
        json!({"country": "us", "metadata": {"n": 9_007_199_254_740_993_u64}}),
        json!({"country": "US", "metadata": {"n": 9_007_199_254_740_992_u64}}),
        json!({"country": "US", "metadata": {"n": 9_007_199_254_740_993_u64}, "unknown": 1}),
        json!({"country": "US", "metadata": {"n": 9_007_199_254_740_993_u64, "m": null}}),
        json!({"country": "XX"}),
    ] {
        let answer = api.creation(&other).once("k").send().await;
        answer.expect_error(422, "idempotency_mismatch");
    }
    let versioned = api
        .creation(&first)
        .once("k")
        .header("Verifa-Version", "2026-02-01");
    versioned
        .send()
        .await
        .expect_error(422, "idempotency_mismatch");
    assert_eq!(api.count().await, 1);
}

#[tokio::test]
async fn a_replay_comes_in_the_casing_now_asked_for() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let first = api.created_under(&json!({}), "k").await.json();
    let again = api
        .creation(&json!({}))
        .once("k")
        .header("Key-Inflection", "camel")
        .send()
        .await;
    assert!(is_replay(&again));
    assert_eq!(again.json()["captureUrl"], first["capture_url"]);
    assert_eq!(again.json()["qrCodeDataUrl"], first["qr_code_data_url"]);
}

#[tokio::test]
async fn a_refused_request_does_not_use_up_its_key() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let send = async |body: Value| api.creation(&body).once("k").send().await;
    send(json!({"country": "XX"}))
        .await
        .expect_error(422, "validation_failed");
    api.call("POST", SESSIONS)
        .text("{")
        .once("k")
        .send()
        .await
        .expect_error(400, "invalid_json");
    let mended = send(json!({"country": "DE"})).await.expect_status(201);
    assert!(!is_replay(&mended));
}

#[tokio::test]
async fn duplicate_names_are_refused_before_the_key_is_looked_up() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    api.created_under(&json!({"country": "US"}), "k").await;
    let twice = r#"{"country":"US","country":"US"}"#;
    api.call("POST", SESSIONS)
        .text(twice)
        .once("k")
        .send()
        .await
        .expect_errors(&[("country", "duplicate_field")]);
    api.call("POST", SESSIONS)
        .text("[]")
        .once("k")
        .send()
        .await
        .expect_errors(&[("", "wrong_type")]);
}

#[tokio::test]
async fn twenty_copies_at_once_make_one_session() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let body = json!({"external_ref": "race"});
    let copies: Vec<_> = (0..20)
        .map(|_| tokio::spawn(api.creation(&body).once("race").send()))
        .collect();
    let mut made = Vec::new();
    let mut fresh = 0;
    for copy in copies {
        let answer = copy.await.unwrap_or_else(|error| panic!("{error}"));
        if answer.status == 201 {
            fresh += usize::from(!is_replay(&answer));
            made.push(answer.json()["id"].to_string());
        } else {
            let answer = answer.expect_error(409, "idempotency_in_progress");
            assert!(answer.number("retry-after") >= 1);
        }
    }
    made.dedup();
    assert_eq!(
        (made.len(), fresh),
        (1, 1),
        "one session, and one answer that is not a replay"
    );
    assert_eq!(api.count().await, 1);
}

#[tokio::test]
async fn a_replay_survives_a_restart_and_a_crash() {
    let installation = Installation::new().await;
    let key = installation.key("sandbox", &[]).await;
    let port = Port::reserve();
    let server = installation.serve_at(&port.address()).await;
    let body = json!({"external_ref": "a"});
    let first = server.api(&key).created_under(&body, "k").await.json();
    assert_eq!(server.stop().await, Some(0));

    let server = installation.serve_at(&port.address()).await;
    let again = server.api(&key).created_under(&body, "k").await;
    assert!(is_replay(&again));
    assert_eq!(again.json(), first);
    server.kill().await;

    let server = installation.serve_at(&port.address()).await;
    let again = server.api(&key).created_under(&body, "k").await;
    assert_eq!(again.json(), first);
    assert_eq!(server.api(&key).count().await, 1);
}

#[tokio::test]
async fn a_rotated_key_still_finds_its_retry_but_the_other_environment_does_not() {
    let installation = Installation::new().await;
    let old = installation.key("sandbox", &[]).await;
    let new = installation.key("sandbox", &[]).await;
    let live = installation.key("live", &[]).await;
    let server = installation.serve().await;
    let first = server.api(&old).created_under(&json!({}), "k").await;
    let again = server.api(&new).created_under(&json!({}), "k").await;
    assert!(is_replay(&again));
    assert_eq!(again.json()["id"], first.json()["id"]);
    let other = server.api(&live).created_under(&json!({}), "k").await;
    assert!(!is_replay(&other));
}

#[tokio::test]
async fn keys_outside_their_alphabet_are_refused() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let long = "k".repeat(256);
    for wrong in ["", "two words", &long, "\u{e9}"] {
        let answer = api
            .creation(&json!({}))
            .header("Idempotency-Key", wrong)
            .send()
            .await;
        answer.expect_error(400, "idempotency_key_invalid");
    }
    let twice = api.creation(&json!({})).once("a").once("b").send().await;
    twice.expect_error(400, "idempotency_key_invalid");
    let longest = "~".repeat(255);
    api.created_under(&json!({}), &longest).await;
    assert_eq!(api.count().await, 1);
}

#[tokio::test]
async fn a_key_may_be_used_again_after_a_day() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let first = api.created_under(&json!({}), "k").await.json();
    let mut database = Database::open(&installation).await;
    let day = "UPDATE idempotency_keys SET created_at = created_at - 86400001, expires_at = expires_at - 86400001";
    assert_eq!(database.execute(day).await, 1);
    let second = api.created_under(&json!({"country": "US"}), "k").await;
    assert!(!is_replay(&second));
    assert_ne!(second.json()["id"], first["id"]);
}

#[tokio::test]
async fn a_client_that_hangs_up_changes_nothing() {
    let installation = Installation::new().await;
    let key = installation.key("sandbox", &[]).await;
    let server = installation.serve().await;
    let api = server.api(&key);
    for number in 0..20 {
        let request = format!(
            "POST {SESSIONS} HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\nIdempotency-Key: k{number}\r\n\
             Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}",
            key.secret
        );
        let mut wire = vouchkey_tests::raw::Wire::open(server.address()).await;
        wire.write(request).await;
        drop(wire);
    }
    for number in 0..20 {
        let answer = api
            .creation(&json!({}))
            .once(&format!("k{number}"))
            .send()
            .await;
        answer.expect_status(201);
    }
    assert_eq!(api.count().await, 20);
}
