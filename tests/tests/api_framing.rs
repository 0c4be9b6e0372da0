//! How requests are framed and addressed on the wire, and what is really sent to who frames them in another way.

use std::time::{Duration, Instant};

use serde_json::json;
use vouchkey_tests::api::{Api, SESSIONS};
use vouchkey_tests::program::{Installation, Server};
use vouchkey_tests::raw::{self, Heard, Wire};
use vouchkey_tests::wait::PATIENCE;

const MEBIBYTE: usize = 1 << 20;

/// A server, and the line that names a key of it.
async fn keyed() -> (Installation, Server, String) {
    let installation = Installation::new().await;
    let key = installation.key("sandbox", &[]).await;
    let server = installation.serve().await;
    (
        installation,
        server,
        format!("X-API-Key: {}\r\n", key.secret),
    )
}

/// The head of a creation with these further header lines.
fn creation(lines: &str) -> String {
    format!("POST {SESSIONS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{lines}\r\n")
}

/// An answer that says what it is, and that the connection ends with it.
#[track_caller]
fn closes(answer: &str, status: u16) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{answer}"
    );
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn a_body_that_is_declared_too_large_is_refused_before_it_comes() {
    let (_installation, server, key) = keyed().await;
    let (few, many) = (5 * MEBIBYTE, 100 * MEBIBYTE);
    for expect in ["", "Expect: 100-continue\r\n"] {
        for length in [few, many] {
            let mut wire = Wire::open(server.address()).await;
            let began = Instant::now();
            wire.write(creation(&format!(
                "{key}{expect}Content-Length: {length}\r\n"
            )))
            .await;
            closes(&wire.read_head().await, 413);
            assert!(began.elapsed() < Duration::from_secs(10), "at once");
        }
    }
}

#[tokio::test]
async fn who_sends_what_was_refused_sees_the_answer() {
    let (_installation, server, key) = keyed().await;
    let body = " ".repeat(15 * MEBIBYTE);
    for expect in ["", "Expect: 100-continue\r\n"] {
        let length = format!("Content-Length: {}\r\n", body.len());
        let mut wire = Wire::open(server.address()).await;
        wire.write(creation(&format!("{key}{expect}{length}")))
            .await;
        assert!(wire.write(&body).await, "all of it is taken");
        let heard = wire.read_for(PATIENCE).await;
        closes(&heard.text, 413);
        assert!(heard.closed, "{heard:?}");
    }
}

#[tokio::test]
async fn who_waits_to_be_asked_is_asked_only_for_what_is_read() {
    let (_installation, server, key) = keyed().await;
    let expect = "Expect: 100-continue\r\nContent-Length: 2\r\n";
    let mut wire = Wire::open(server.address()).await;
    wire.write(creation(&format!("{key}{expect}"))).await;
    assert_eq!(wire.read_head().await, "HTTP/1.1 100 Continue\r\n\r\n");
    wire.write("{}").await;
    let answer = wire.read_head().await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert!(!answer.contains("connection: close"), "{answer}");
    for refused in [
        creation(expect),
        creation(&format!("{key}{expect}Idempotency-Key: a b\r\n")),
    ] {
        let mut wire = Wire::open(server.address()).await;
        wire.write(refused).await;
        let answer = wire.read_head().await;
        let status = if answer.contains("unauthorized") {
            401
        } else {
            400
        };
        closes(&answer, status);
    }
}

#[tokio::test]
async fn a_request_names_the_one_host_it_is_for() {
    let (_installation, server, _key) = keyed().await;
    let ask = async |version: &str, hosts: &str| -> Heard {
        let request = format!("GET /healthz HTTP/{version}\r\n{hosts}Connection: close\r\n\r\n");
        raw::exchange(server.address(), request).await
    };
    for bad in [
        "",
        "Host: x\r\nHost: x\r\n",
        "Host: a b\r\n",
        "Host: x:port\r\n",
        "Host: somebody@x\r\n",
    ] {
        let heard = ask("1.1", bad).await;
        assert_eq!(heard.status(), Some(400), "{bad}: {heard:?}");
        assert!(heard.body().contains("\"invalid_header\""), "{heard:?}");
    }
    for good in ["Host: \r\n", "Host: x:80\r\n", "Host: [::1]:80\r\n"] {
        assert_eq!(ask("1.1", good).await.status(), Some(200), "{good}");
    }
    let old = ask("1.0", "").await;
    assert!(old.text.starts_with("HTTP/1.0 200 "), "{old:?}");
}

#[tokio::test]
async fn a_body_ends_in_one_way() {
    let (_installation, server, key) = keyed().await;
    for codings in [
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
    ] {
        let request = creation(&format!("{key}{codings}")) + "2\r\n{}\r\n0\r\n\r\n";
        let heard = raw::exchange(server.address(), request).await;
        closes(&heard.text, 400);
        assert!(heard.body().contains("Transfer-Encoding"), "{heard:?}");
        assert!(heard.closed, "{heard:?}");
    }
    let twice = format!(
        "{key}Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n"
    );
    let heard = raw::exchange(server.address(), creation(&twice) + "{}").await;
    assert_eq!(heard.status(), Some(415), "{heard:?}");
}

#[tokio::test]
async fn needless_percent_encodings_change_nothing() {
    let installation = Installation::new().await;
    let (server, api) = installation.sandbox().await;
    let session = api.created(&json!({})).await;
    let id = session["id"].as_str().unwrap_or_default();
    let encoded = id.replacen('_', "%5F", 1);
    for path in [
        format!("{SESSIONS}/{encoded}"),
        format!("/api/v1/%73essions/{id}"),
        format!("/%61pi/v1/sessions/{encoded}?x=%5F"),
    ] {
        let read = api.get(&path).await.expect_status(200).json();
        assert_eq!(read["id"], id, "{path}");
    }
    let slash = format!("/api/v1%2Fsessions/{id}");
    api.get(&slash).await.expect_error(404, "not_found");
    // The path is part of what an idempotency key stands for.
    let first = api.created_under(&json!({}), "k").await.json();
    let call = api.call("POST", "/api/v1/%73essions").json(&json!({}));
    let again = call.once("k").send().await.expect_status(201).json();
    assert_eq!(again["id"], first["id"]);

    let url = session["capture_url"].as_str().unwrap_or_default();
    let token = url.rsplit('/').next().unwrap_or_default();
    let path = format!("/verify/%{:02X}{}", token.as_bytes()[0], &token[1..]);
    server.stranger().get(&path).await.expect_status(200);
    let logs = server.whole_logs().await;
    assert!(!logs.contains(&token[1..]), "{logs}");
}

#[tokio::test]
async fn what_a_proxy_asks_for_is_not_our_key() {
    let installation = Installation::new().await;
    let (server, api) = installation.sandbox().await;
    let call = |api: Api| {
        api.call("GET", SESSIONS)
            .header("Authorization", "Basic eDp5")
    };
    call(api).send().await.expect_status(200);
    let alone = call(server.stranger()).send().await;
    let detail = alone.expect_error(401, "unauthorized").json()["detail"].to_string();
    assert!(
        detail.contains("X-API-Key") && detail.contains("Bearer"),
        "{detail}"
    );
}

#[tokio::test]
async fn the_version_is_settled_before_the_casing() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let call = api.call("GET", SESSIONS).header("Verifa-Version", "1999");
    let answer = call.header("Key-Inflection", "shout").send().await;
    answer.expect_error(400, "unsupported_version");
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let installation = Installation::new().await;
    let (server, _api) = installation.sandbox().await;
    let answer = server.stranger().call("DELETE", SESSIONS).send().await;
    let answer = answer.expect_error(405, "method_not_allowed");
    let detail = answer.json()["detail"].to_string();
    for method in ["GET", "HEAD", "POST"] {
        assert!(detail.contains(method), "{detail}");
    }
    let head = server
        .stranger()
        .call("HEAD", "/api/v1/sessions")
        .send()
        .await;
    assert!(head.text.is_empty(), "{head:?}");
    assert!(head.number("content-length") > 0, "{head:?}");
}
