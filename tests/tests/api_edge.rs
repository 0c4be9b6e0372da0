//! The edge: who gets in, what is found, and what happens to requests that are no proper ones.

use serde_json::json;
use vouchkey_tests::api::{Api, SESSIONS};
use vouchkey_tests::program::Installation;
use vouchkey_tests::raw::{self, Wire};

const MEBIBYTE: usize = 1 << 20;

#[tokio::test]
async fn whoever_has_no_valid_key_gets_the_one_401() {
    let installation = Installation::new().await;
    let key = installation.key("sandbox", &[]).await;
    let server = installation.serve().await;
    let mut mistyped = key.secret.clone();
    let last = mistyped.pop();
    mistyped.push(if last == Some('0') { '1' } else { '0' });
    // Well formed, with a right checksum, but nobody's.
    let unknown = installation_of_somebody_else().await;

    let mut details = Vec::new();
    for wrong in ["", "nonsense", "vk_sandbox_short", &mistyped, &unknown] {
        let answer = server.stranger().with_key(wrong).get(SESSIONS).await;
        let answer = answer.expect_error(401, "unauthorized");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        details.push(answer.json()["detail"].clone());
    }
    let missing = server
        .stranger()
        .get(SESSIONS)
        .await
        .expect_error(401, "unauthorized");
    details.push(missing.json()["detail"].clone());
    details.dedup();
    assert_eq!(details.len(), 1, "one message for all: {details:?}");
    assert_eq!(missing.header("x-ratelimit-limit"), None);
}

async fn installation_of_somebody_else() -> String {
    Installation::new().await.key("sandbox", &[]).await.secret
}

#[tokio::test]
async fn a_key_is_taken_as_bearer_too_but_two_different_ones_are_refused() {
    let installation = Installation::new().await;
    let key = installation.key("sandbox", &[]).await;
    let other = installation.key("sandbox", &[]).await;
    let server = installation.serve().await;
    let bearer = format!("Bearer {}", key.secret);
    let call = |api: Api| {
        api.call("GET", SESSIONS)
            .header("Authorization", &bearer)
            .send()
    };
    call(server.stranger()).await.expect_status(200);
    call(server.api(&key)).await.expect_status(200);
    call(server.api(&other))
        .await
        .expect_error(401, "unauthorized");
}

#[tokio::test]
async fn unknown_paths_and_methods_are_told_before_any_key() {
    let installation = Installation::new().await;
    let (server, api) = installation.sandbox().await;
    let nobody = server.stranger();
    for path in [
        "/api/v1/nothing",
        "/api/v1",
        "/api/v2/sessions",
        "/nothing",
        "/api/v1/sessions/",
    ] {
        nobody.get(path).await.expect_error(404, "not_found");
    }
    for (method, path, allowed) in [
        ("DELETE", SESSIONS, "GET, HEAD, POST"),
        ("PUT", SESSIONS, "GET, HEAD, POST"),
        ("POST", "/api/v1/sessions/ses_0", "GET, HEAD"),
    ] {
        let answer = nobody
            .call(method, path)
            .send()
            .await
            .expect_error(405, "method_not_allowed");
        let mut named: Vec<&str> = answer
            .header("allow")
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .collect();
        named.sort_unstable();
        named.dedup();
        assert_eq!(named.join(", "), allowed, "{method} {path}");
    }
    for id in ["ses_0", "nonsense", "ses_00000000000000000000000000", "%00"] {
        api.get(&format!("{SESSIONS}/{id}"))
            .await
            .expect_error(404, "not_found");
    }
}

#[tokio::test]
async fn a_body_must_say_that_it_is_json() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let send = async |kind: &str| {
        api.call("POST", SESSIONS)
            .bare("{}")
            .header("Content-Type", kind)
            .send()
            .await
    };
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1",
        "nonsense",
    ] {
        send(kind).await.expect_error(415, "unsupported_media_type");
    }
    for kind in [
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
        "Application/JSON",
        "application/vnd.api+json",
    ] {
        send(kind).await.expect_status(201);
    }
    // Clients that send the header with every call are not refused for it.
    api.call("GET", SESSIONS)
        .header("Content-Type", "application/json")
        .send()
        .await
        .expect_status(200);
}

#[tokio::test]
async fn a_body_over_four_mebibytes_is_refused_and_the_client_sees_it() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let body = |size: usize| format!("{{\"metadata\":{{\"a\":\"{}\"}}}}", "x".repeat(size));
    let answer = api
        .call("POST", SESSIONS)
        .text(body(4 * MEBIBYTE))
        .send()
        .await;
    answer.expect_error(413, "payload_too_large");
    let answer = api
        .call("POST", SESSIONS)
        .text(body(15 * MEBIBYTE))
        .send()
        .await;
    answer.expect_error(413, "payload_too_large");
    // Below the limit, the rule speaks.
    let answer = api
        .call("POST", SESSIONS)
        .text(body(4 * MEBIBYTE - 100))
        .send()
        .await;
    answer.expect_errors(&[("metadata.a", "too_large")]);
    assert_eq!(api.count().await, 0);
}

#[tokio::test]
async fn a_body_in_pieces_is_held_to_the_same_limit() {
    let installation = Installation::new().await;
    let key = installation.key("sandbox", &[]).await;
    let server = installation.serve().await;
    let head = format!(
        "POST {SESSIONS} HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        key.secret
    );
    let whole = format!("{head}2\r\n{{}}\r\n0\r\n\r\n");
    assert_eq!(
        raw::exchange(server.address(), whole).await.status(),
        Some(201)
    );

    let mut wire = Wire::open(server.address()).await;
    wire.write(&head).await;
    let piece = format!("100000\r\n{}\r\n", " ".repeat(MEBIBYTE));
    for _ in 0..6 {
        wire.write(&piece).await;
    }
    let answer = wire.read_head().await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let installation = Installation::new().await;
    let (server, api) = installation.sandbox().await;
    let own = "Order-42_a";
    let answer = api
        .creation(&json!({}))
        .header("X-Request-Id", own)
        .send()
        .await;
    assert_eq!(answer.expect_status(201).header("x-request-id"), Some(own));

    let long = "x".repeat(65);
    let mut seen = Vec::new();
    for wrong in ["", "two words", "quote\"", &long] {
        let call = server
            .stranger()
            .call("GET", SESSIONS)
            .header("X-Request-Id", wrong);
        let answer = call.send().await.expect_error(401, "unauthorized");
        let given = answer.header("x-request-id").unwrap_or_default().to_owned();
        assert!(!given.is_empty() && given != wrong, "{given}");
        seen.push(given);
    }
    for path in ["/healthz", "/readyz", "/nothing", "/verify/nothing"] {
        let answer = server.stranger().get(path).await;
        let given = answer
            .header("x-request-id")
            .unwrap_or_else(|| panic!("{path} has none"));
        seen.push(given.to_owned());
    }
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), all, "no id comes twice");
}

#[tokio::test]
async fn the_order_of_refusals_is_the_promised_one() {
    let installation = Installation::new().await;
    let reader = installation
        .key("sandbox", &["--scopes", "sessions:read"])
        .await;
    let server = installation.serve().await;
    let huge = "x".repeat(5 * MEBIBYTE);
    // Each request is wrong in many ways; the earliest step speaks.
    let call = |api: Api| {
        api.call("POST", SESSIONS)
            .bare(huge.clone())
            .header("Content-Type", "text/plain")
            .header("Idempotency-Key", "two words")
    };
    call(server.stranger())
        .header("Verifa-Version", "1999")
        .send()
        .await
        .expect_error(401, "unauthorized");
    let reading = server.api(&reader);
    call(reading.clone())
        .header("Verifa-Version", "1999")
        .send()
        .await
        .expect_error(400, "unsupported_version");
    call(reading)
        .send()
        .await
        .expect_error(403, "insufficient_scope");
    let writer = server.api(&installation.key("sandbox", &[]).await);
    call(writer.clone())
        .send()
        .await
        .expect_error(400, "idempotency_key_invalid");
    let call = writer
        .call("POST", SESSIONS)
        .bare(huge.clone())
        .header("Content-Type", "text/plain");
    call.send()
        .await
        .expect_error(415, "unsupported_media_type");
    writer
        .call("POST", SESSIONS)
        .text(huge.clone())
        .send()
        .await
        .expect_error(413, "payload_too_large");
}

#[tokio::test]
async fn the_probes_and_the_front_door_answer_everyone() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let nobody = server.stranger();
    nobody.get("/healthz").await.expect_status(200);
    nobody.get("/readyz").await.expect_status(200);
    let front = nobody.get("/").await.expect_status(303);
    assert_eq!(front.header("location"), Some("/dashboard/"));
    nobody
        .get("/dashboard/no-such-file.js")
        .await
        .expect_status(404);
}
