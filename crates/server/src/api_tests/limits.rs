use super::*;

#[tokio::test]
async fn requests_and_creations_have_a_bucket_each() {
    let server = Server::with_limits(LimitConfig {
        requests_per_minute: 6,
        creates_per_minute: 2,
        publishable_creates_per_minute: 0,
    })
    .await;
    let created = server
        .post("{}")
        .header("idempotency-key", "k")
        .send()
        .await;
    assert_eq!(created.header("x-ratelimit-limit"), "2");
    assert_eq!(created.header("x-ratelimit-remaining"), "1");
    assert_eq!(
        created.header("x-ratelimit-reset"),
        (NOW / 1_000 + 30).to_string()
    );
    let read = server.get(SESSIONS).await;
    assert_eq!(
        (
            read.header("x-ratelimit-limit"),
            read.header("x-ratelimit-remaining")
        ),
        ("6", "4")
    );
    let replayed = server
        .post("{}")
        .header("idempotency-key", "k")
        .send()
        .await;
    assert_eq!(replayed.header("x-ratelimit-limit"), "6");
    assert_eq!(server.post("{}").send().await.status, StatusCode::CREATED);
    let refused = server.post("{}").send().await;
    assert_eq!(
        refused.is_error(429, "rate_limited").header("retry-after"),
        "30"
    );
    assert_eq!(
        (
            refused.header("x-ratelimit-limit"),
            refused.header("x-ratelimit-remaining")
        ),
        ("2", "0")
    );
    assert_eq!(server.count("").await, 2);
    let refused = server.get(SESSIONS).await;
    assert_eq!(
        refused.is_error(429, "rate_limited").header("retry-after"),
        "10"
    );
    assert_eq!(refused.header("x-ratelimit-limit"), "6");
    server.clock.advance(30_000);
    assert_eq!(server.post("{}").send().await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn refused_creations_and_dry_runs_cost_a_request_only() {
    let server = Server::with_limits(LimitConfig {
        requests_per_minute: 100,
        creates_per_minute: 1,
        publishable_creates_per_minute: 0,
    })
    .await;
    server
        .post(r#"{"country":"XX"}"#)
        .send()
        .await
        .is_error(422, "validation_failed");
    let dry = server
        .call(Method::POST, "/api/v1/sessions?dry_run=true")
        .send()
        .await;
    assert_eq!(dry.header("x-ratelimit-limit"), "100");
    assert_eq!(server.post("{}").send().await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn without_a_limit_there_are_no_headers() {
    let server = Server::with_limits(LimitConfig {
        requests_per_minute: 0,
        creates_per_minute: 0,
        publishable_creates_per_minute: 0,
    })
    .await;
    let reply = server.post("{}").send().await;
    assert_eq!(
        (reply.status, reply.header("x-ratelimit-limit")),
        (StatusCode::CREATED, "")
    );
}

#[tokio::test]
async fn the_last_use_of_a_key_is_written_off_the_path() {
    let server = Server::start().await;
    server.get(SESSIONS).await;
    crate::upkeep::touch_keys(&server.state).await.unwrap();
    let organization = server.organization;
    let keys = server
        .state
        .store
        .read(async |conn| api_keys::list(conn, organization).await)
        .await
        .unwrap();
    assert_eq!(keys[0].last_used_at, Some(NOW));
}
