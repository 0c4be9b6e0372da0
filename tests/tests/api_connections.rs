//! Connections that bring no request, or one too slowly, or too many of them: none takes anything from others.

use std::time::Duration;

use serde_json::json;
use vouchkey_tests::api::SESSIONS;
use vouchkey_tests::program::Installation;
use vouchkey_tests::raw::{self, Wire};
use vouchkey_tests::wait::PATIENCE;

const MEBIBYTE: usize = 1 << 20;

#[tokio::test]
async fn a_body_that_does_not_come_is_waited_for_fifteen_seconds() {
    let installation = Installation::new().await;
    let key = installation.key("sandbox", &[]).await;
    let server = installation.serve().await;
    let unfinished = format!(
        "POST {SESSIONS} HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\nContent-Length: 20\r\n\r\n{{",
        key.secret
    );
    let mut wire = Wire::open(server.address()).await;
    wire.write(unfinished).await;
    let answer = wire.read_head().await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\"request_timeout\""), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn slow_headers_are_closed_without_an_answer() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let mut wire = Wire::open(server.address()).await;
    wire.write("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        .await;
    let heard = wire.read_for(PATIENCE).await;
    assert!(heard.closed && heard.text.is_empty(), "{heard:?}");
}

#[tokio::test]
async fn headers_that_trickle_in_for_ever_are_closed_too() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let mut wire = Wire::open(server.address()).await;
    wire.write("GET /healthz HTTP/1.1\r\nHost: x\r\n").await;
    let mut heard = wire.read_for(Duration::from_millis(300)).await;
    for number in 0..60 {
        if heard.closed {
            break;
        }
        wire.write(format!("X-Drop-{number}: 1\r\n")).await;
        heard = wire.read_for(Duration::from_millis(300)).await;
    }
    assert!(heard.closed, "18 seconds of headers were taken");
}

/// So many header lines.
fn headers(count: usize) -> String {
    let lines: Vec<String> = (0..count)
        .map(|number| format!("X-Many-{number}: 1\r\n"))
        .collect();
    lines.concat()
}

#[tokio::test]
async fn too_many_and_too_large_headers_are_431() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let request = |headers: String| {
        format!("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n")
    };
    let large = request(format!("X-Large: {}\r\n", "x".repeat(17 * 1024)));
    let many = request(headers(110));
    for bytes in [large, many] {
        let heard = raw::exchange(server.address(), bytes).await;
        assert_eq!(heard.status(), Some(431), "{}", heard.text);
        assert!(
            heard.body().contains("\"headers_too_large\""),
            "{}",
            heard.text
        );
    }
    let endless = request(format!("X-Endless: {}\r\n", "x".repeat(2 * MEBIBYTE)));
    let heard = raw::exchange(server.address(), endless).await;
    assert!(
        heard.closed && heard.status().is_none_or(|status| status == 431),
        "{heard:?}"
    );
    let fits = request(headers(90));
    assert_eq!(
        raw::exchange(server.address(), fits).await.status(),
        Some(200)
    );
}

#[tokio::test]
async fn what_is_not_http_harms_nobody() {
    let installation = Installation::new().await;
    let (server, api) = installation.sandbox().await;
    for bytes in [
        "\x16\x03\x01\x02\x00",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\r\n\r\n\r\n",
        "POST /api/v1/sessions HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    ] {
        let heard = {
            let mut wire = Wire::open(server.address()).await;
            wire.write(bytes).await;
            wire.read_for(Duration::from_secs(8)).await
        };
        assert!(
            heard.status().is_none_or(|status| status >= 400),
            "{bytes:?}: {heard:?}"
        );
    }
    api.created(&json!({})).await;
}

#[tokio::test]
async fn a_thousand_idle_connections_leave_room_for_a_clear_answer() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let mut idle = Vec::new();
    for _ in 0..1_024 {
        idle.push(Wire::open(server.address()).await);
    }
    let mut one_more = Wire::open(server.address()).await;
    one_more
        .write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    let heard = one_more.read_for(PATIENCE).await;
    assert_eq!(heard.status(), Some(503), "{heard:?}");
    assert!(heard.closed, "{heard:?}");
    idle.clear();
    vouchkey_tests::wait::until("room for another connection", async || {
        let mut wire = Wire::open(server.address()).await;
        wire.write("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await;
        (wire.read_for(Duration::from_secs(5)).await.status() == Some(200)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn who_hangs_up_before_the_answer_is_in_the_log() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let body = r#"{"email":"nobody@example.com","password":"nobody has this password"}"#;
    let request = format!(
        "POST /admin/v1/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut patience = Duration::from_millis(10);
    let logs = vouchkey_tests::wait::until("a line of who hung up", async || {
        let mut wire = Wire::open(server.address()).await;
        wire.write(&request).await;
        // Too soon, and the request is not there yet; too late, and it is answered.
        wire.read_for(patience).await;
        drop(wire);
        patience += Duration::from_millis(10);
        let logs = server.whole_logs().await;
        logs.contains("the client hung up").then_some(logs)
    })
    .await;
    assert!(!logs.contains("nobody@example.com"), "{logs}");
}
