//! What every fault must look like from outside, and its end.

use serde_json::Value;

use crate::api::{Api, invitation_to};
use crate::program::{Installation, Server};
use crate::wait;

/// Stops the test unless the server lives, and says itself that it cannot work.
pub async fn lives_but_is_not_ready(server: &Server) {
    let nobody = server.stranger();
    nobody.get("/healthz").await.expect_status(200);
    let answer = nobody.get("/readyz").await.expect_error(503, "unavailable");
    assert_eq!(answer.number("retry-after"), 1);
}

/// Waits until the server says that it can work again.
pub async fn is_ready_again(server: &Server) {
    wait::until("a server that is ready again", async || {
        let answer = server.stranger().get("/readyz").await;
        (answer.status == 200).then_some(())
    })
    .await;
}

/// A creation under this key, which the server must refuse for now.
pub async fn refuses_to_create(api: &Api, key: &str) {
    let call = api.creation(&invitation_to("jane@example.com")).once(key);
    let answer = call.send().await.expect_error(503, "unavailable");
    assert_eq!(answer.number("retry-after"), 1);
}

/// The same creation, which nothing was left of: it is made now, and only once.
pub async fn creates_what_was_refused(api: &Api, key: &str) -> Value {
    let call = || api.creation(&invitation_to("jane@example.com")).once(key);
    let made = call().send().await.expect_status(201);
    assert_eq!(made.header("idempotency-replayed"), None);
    let again = call().send().await.expect_status(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.json(), made.json());
    made.json()
}

/// Starts a server that must not start; what it says.
pub async fn does_not_start(installation: &Installation) -> String {
    let mut server = installation.begin_at("127.0.0.1:0");
    let code = server.ended().await;
    assert_eq!(code, Some(1), "{}", server.logs());
    assert_eq!(server.printed(), "");
    wait::until("what the server said last", async || {
        let logs = server.logs();
        logs.contains("error: ").then_some(logs)
    })
    .await
}
