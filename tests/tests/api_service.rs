//! The program as a service: what it tells systemd, and what it shows Prometheus.

use std::time::Duration;

use serde_json::json;
use tokio::net::UnixDatagram;
use vouchkey_tests::api::Api;
use vouchkey_tests::program::Installation;
use vouchkey_tests::raw;
use vouchkey_tests::wait;

/// The next that systemd is told; none if that takes too long.
async fn heard(systemd: &UnixDatagram) -> Option<String> {
    let mut bytes = [0; 256];
    let telling = tokio::time::timeout(Duration::from_mins(1), systemd.recv(&mut bytes));
    let length = telling.await.ok()?.ok()?;
    Some(String::from_utf8_lossy(&bytes[..length]).trim().to_owned())
}

#[tokio::test]
async fn systemd_is_told_when_it_is_ready_and_when_it_stops() {
    let installation = Installation::empty();
    let socket = installation.folder().join("notify");
    let systemd = UnixDatagram::bind(&socket).expect("a socket");
    let installation = installation.with("NOTIFY_SOCKET", socket.to_string_lossy());
    let server = installation.serve().await;
    assert_eq!(heard(&systemd).await.as_deref(), Some("READY=1"));
    assert_eq!(server.stop().await, Some(0));
    assert_eq!(heard(&systemd).await.as_deref(), Some("STOPPING=1"));
}

#[tokio::test]
async fn metrics_have_a_listener_of_their_own() {
    let installation = Installation::new()
        .await
        .with("VOUCHKEY_METRICS_LISTEN", "127.0.0.1:0");
    let (server, api) = installation.sandbox().await;
    api.created(&json!({})).await;
    server.stranger().get("/metrics").await.expect_status(404);
    let address = wait::until("the address of the metrics in the log", async || {
        let logs = server.logs();
        let (_, rest) = logs.split_once("metrics are at http://")?;
        rest.split_once("/metrics")
            .map(|(address, _)| address.to_owned())
    })
    .await;
    let asked = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = raw::exchange(&address, asked).await;
    assert_eq!(answer.status(), Some(200));
    let created = "vouchkey_http_requests_total{method=\"POST\",route=\"/api/v1/sessions\",status=\"2xx\"} 1\n";
    assert!(answer.body().contains(created), "{}", answer.body());
    Api::new(&format!("http://{address}"))
        .get("/api/v1/sessions")
        .await
        .expect_status(404);
    assert_eq!(
        server.stop().await,
        Some(0),
        "the metrics' listener does not hold up a stop"
    );
}
