use vouchkey_types::api_key::KeyKind;

use super::*;

#[tokio::test]
async fn an_unknown_address_is_404_and_an_unknown_method_405_without_a_key() {
    let server = Server::start().await;
    for path in [
        "/api/v1/nothing",
        "/nothing",
        "/api/v1/sessions/ses_1/nothing",
    ] {
        server
            .anonymous(Method::GET, path)
            .send()
            .await
            .is_error(404, "not_found");
    }
    let reply = server
        .anonymous(Method::DELETE, SESSIONS)
        .header("key-inflection", "camel")
        .send()
        .await;
    assert_eq!(reply.text("error"), "method_not_allowed");
    assert_eq!(
        reply.body.get("statusCode").and_then(Json::as_i64),
        Some(405)
    );
    let mut allowed: Vec<_> = reply.header("allow").split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
}

#[tokio::test]
async fn all_failures_to_authenticate_look_the_same() {
    let server = Server::start().await;
    let unknown = ApiKey::from_random(Environment::Live, KeyKind::Secret, [7; 32])
        .expose()
        .to_owned();
    let revoked = server.add_key(|key| key.revoked_at = Some(NOW)).await;
    let expired = server.add_key(|key| key.expires_at = Some(NOW)).await;
    let mut bodies = Vec::new();
    for key in ["", "vk_live_short", &unknown, &revoked, &expired] {
        let reply = server
            .anonymous(Method::GET, SESSIONS)
            .key(key)
            .header("x-request-id", "r")
            .send()
            .await;
        reply.is_error(401, "unauthorized");
        assert_eq!(reply.header("www-authenticate"), "Bearer");
        assert_eq!(reply.header("x-ratelimit-limit"), "");
        bodies.push(reply.body);
    }
    let missing = server
        .anonymous(Method::GET, SESSIONS)
        .header("x-request-id", "r")
        .send()
        .await;
    let two = server
        .call(Method::GET, SESSIONS)
        .header("authorization", &format!("Bearer {unknown}"));
    bodies.push(missing.body);
    bodies.push(two.header("x-request-id", "r").send().await.body);
    assert!(bodies.iter().all(|body| *body == bodies[0]));
}

#[tokio::test]
async fn a_revoked_key_is_refused_within_a_second() {
    let server = Server::start().await;
    assert_eq!(server.get(SESSIONS).await.status, StatusCode::OK);
    let revoke = Execute(
        "UPDATE api_keys SET revoked_at = 1 WHERE organization_id = $1",
        server.organization.to_string(),
    );
    assert_eq!(server.state.store.write(revoke).await, Ok(1));
    server.clock.advance(1_000);
    server.get(SESSIONS).await.is_error(401, "unauthorized");
}

#[tokio::test]
async fn a_key_is_held_to_its_addresses() {
    let server = Server::start().await;
    let key = server
        .add_key(|key| key.allowed_ips = vec!["192.0.2.0/24".parse().unwrap()])
        .await;
    let from = |peer: &str, forwarded: &str| {
        server
            .call(Method::GET, SESSIONS)
            .key(&key)
            .from(peer)
            .header("x-forwarded-for", forwarded)
            .send()
    };
    assert_eq!(
        from("192.0.2.9", "203.0.113.1").await.status,
        StatusCode::OK
    );
    from("203.0.113.1", "192.0.2.9")
        .await
        .is_error(403, "forbidden");
    assert_eq!(from("10.0.0.1", "192.0.2.9").await.status, StatusCode::OK);
    from("10.0.0.1", "192.0.2.9, 203.0.113.1")
        .await
        .is_error(403, "forbidden");
}

#[tokio::test]
async fn a_key_without_the_scope_is_refused() {
    let server = Server::start().await;
    let key = server
        .add_key(|key| key.scopes = scopes(&[Scope::SessionsCreate]))
        .await;
    let reply = server.call(Method::GET, SESSIONS).key(&key).send().await;
    assert!(
        reply
            .is_error(403, "insufficient_scope")
            .text("detail")
            .contains("sessions:read")
    );
    let key = server
        .add_key(|key| key.scopes = scopes(&[Scope::SessionsRead]))
        .await;
    let reply = server.post("{").key(&key).send().await;
    reply.is_error(403, "insufficient_scope");
}

#[tokio::test]
async fn headers_that_do_not_exist_are_named() {
    let server = Server::start().await;
    let version = server
        .post("{}")
        .header("verifa-version", "2020-01-01")
        .send()
        .await;
    assert!(
        version
            .is_error(400, "unsupported_version")
            .text("detail")
            .contains("2026-01-01, 2026-02-01")
    );
    let casing = server
        .post("{}")
        .header("key-inflection", "shout")
        .send()
        .await;
    casing.is_error(400, "invalid_header");
    let key = server
        .post("{}")
        .header("idempotency-key", "a b")
        .send()
        .await;
    key.is_error(400, "idempotency_key_invalid");
    let old = server
        .post("{}")
        .header("verifa-version", "2026-01-01")
        .send()
        .await;
    assert_eq!(old.header("verifa-version"), "2026-01-01");
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_refused() {
    let server = Server::start().await;
    server.post("{").send().await.is_error(400, "invalid_json");
    server
        .post("{}")
        .header("content-type", "text/plain")
        .send()
        .await
        .is_error(415, "unsupported_media_type");
    let empty = server
        .post("")
        .header("content-type", "text/plain")
        .send()
        .await;
    assert_eq!(
        empty.status,
        StatusCode::CREATED,
        "there is no body to refuse"
    );
    let large = " ".repeat(4 * 1024 * 1024 + 1);
    server
        .post(&large)
        .send()
        .await
        .is_error(413, "payload_too_large");
    let list = server.post("[]").send().await;
    list.is_error(422, "validation_failed");
    assert_eq!(list.field_errors(), [" wrong_type"]);
}

#[tokio::test]
async fn all_mistakes_come_at_once() {
    let server = Server::start().await;
    let reply = server
        .post(r#"{"country":"XX","workflow_id":"wfl_0","expires_in_minutes":5,"send_email":true,"checks":[],"checks":1}"#)
        .send()
        .await;
    reply.is_error(422, "validation_failed");
    assert_eq!(
        reply.field_errors(),
        [
            "country unknown_value",
            "checks duplicate_field",
            "workflow_id not_found",
            "applicant_email required",
            "expires_in_minutes out_of_range"
        ]
    );
}

#[tokio::test]
async fn headers_over_their_bounds_are_431() {
    let server = Server::start().await;
    let long = "v".repeat(16 * 1024);
    server
        .post("{}")
        .header("x-long", &long)
        .send()
        .await
        .is_error(431, "headers_too_large");
    let many = (0..101).fold(server.post("{}"), |call, n| {
        call.header(&format!("x-{n}"), "v")
    });
    many.send().await.is_error(431, "headers_too_large");
}

#[tokio::test]
async fn a_store_that_is_closed_is_503() {
    let server = Server::start().await;
    server.create("{}").await;
    server.state.store.close().await;
    let reply = server.post("{}").send().await;
    assert_eq!(
        reply.is_error(503, "unavailable").header("retry-after"),
        "1"
    );
    server
        .anonymous(Method::GET, "/readyz")
        .send()
        .await
        .is_error(503, "unavailable");
    assert_eq!(
        server
            .anonymous(Method::GET, "/healthz")
            .send()
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_handler_that_panics_answers_500_in_the_one_shape() {
    let server = Server::start().await;
    let panicking = Router::new().route(
        "/panic",
        axum::routing::get(async || -> () { panic!("by design") }),
    );
    let router = crate::http::layer(panicking, &server.state);
    let server = Server { router, ..server };
    server
        .anonymous(Method::GET, "/panic")
        .send()
        .await
        .is_error(500, "internal");
}
