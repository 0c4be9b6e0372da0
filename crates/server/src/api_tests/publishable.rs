//! Publishable keys, and what pages of other origins are told.

use vouchkey_types::api_key::KeyKind;

use super::*;

const SHOP: &str = "https://shop.example";

impl Server {
    async fn publishable(&self) -> String {
        self.add_key(|key| {
            key.kind = KeyKind::Publishable;
            key.origins = vec![SHOP.to_owned(), "http://localhost:3000".to_owned()];
        })
        .await
    }

    fn preflight(&self, origin: &str) -> Call<'_> {
        self.anonymous(Method::OPTIONS, SESSIONS)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type,x-api-key")
    }

    async fn end_all_keys(&self) {
        let revoke = Execute(
            "UPDATE api_keys SET revoked_at = 1 WHERE organization_id = $1",
            self.organization.to_string(),
        );
        self.state.store.write(revoke).await.unwrap();
    }
}

impl Reply {
    /// The origin that may read the answer.
    fn reader(&self) -> &str {
        assert_eq!(self.header("vary"), "Origin");
        assert_eq!(self.header("access-control-allow-credentials"), "");
        self.header("access-control-allow-origin")
    }
}

#[tokio::test]
async fn an_origin_is_listed_within_a_second_and_gone_within_a_second() {
    let server = Server::start().await;
    assert_eq!(server.preflight(SHOP).send().await.status, 405);
    let key = server.publishable().await;
    server.clock.advance(1_000);
    assert_eq!(server.preflight(SHOP).send().await.status, 204);
    let created = server.post("{}").key(&key).header("origin", SHOP).send();
    assert_eq!(created.await.status, StatusCode::CREATED);

    server.end_all_keys().await;
    server.clock.advance(1_000);
    let refused = server.preflight(SHOP).send().await;
    assert_eq!((refused.status.as_u16(), refused.reader()), (405, ""));
    let refused = server.post("{}").key(&key).header("origin", SHOP).send();
    let refused = refused.await;
    assert_eq!(refused.is_error(401, "unauthorized").reader(), "");
}

#[tokio::test]
async fn an_origin_ends_with_the_last_key_that_lists_it() {
    let server = Server::start().await;
    for expires_at in [NOW + 500, NOW + 700] {
        let add = server.add_key(|key| {
            key.kind = KeyKind::Publishable;
            key.origins = vec![SHOP.to_owned()];
            key.expires_at = Some(expires_at);
        });
        add.await;
    }
    assert_eq!(server.preflight(SHOP).send().await.status, 204);
    server.clock.advance(699);
    assert_eq!(server.preflight(SHOP).send().await.status, 204);
    server.clock.advance(1);
    assert_eq!(server.preflight(SHOP).send().await.status, 405);
}

#[tokio::test]
async fn every_refusal_can_be_read_by_the_page_that_asked() {
    let server = Server::with_limits(LimitConfig {
        requests_per_minute: 4,
        creates_per_minute: 300,
        publishable_creates_per_minute: 10,
    })
    .await;
    let key = server.publishable().await;
    let long = "v".repeat(16 * 1024);
    let large = " ".repeat(4 * 1024 * 1024 + 1);
    let anonymous = |method, path| server.anonymous(method, path);
    let post = |body| server.post(body).key(&key);
    for (call, status) in [
        (anonymous(Method::POST, SESSIONS), 401),
        (anonymous(Method::GET, "/api/v1/nothing"), 404),
        (anonymous(Method::DELETE, SESSIONS), 405),
        (anonymous(Method::OPTIONS, SESSIONS), 405),
        (
            anonymous(Method::GET, SESSIONS).header("x-long", &long),
            431,
        ),
        (post(&large), 413),
        (post("{").header("verifa-version", "1"), 400),
        (post("{}").header("content-type", "text/plain"), 415),
        (post("[]"), 422),
        (post("{}"), 429),
    ] {
        let reply = call.header("origin", SHOP).send().await;
        assert_eq!((reply.status.as_u16(), reply.reader()), (status, SHOP));
        let exposed = reply.header("access-control-expose-headers");
        for name in ["X-Request-Id", "Retry-After", "X-RateLimit-Remaining"] {
            assert!(exposed.contains(name), "{name}: {exposed}");
        }
        assert_ne!(reply.text("request_id"), "");
    }
}

#[tokio::test]
async fn a_page_is_told_that_the_store_is_gone() {
    let server = Server::start().await;
    let key = server.publishable().await;
    let ask = || server.post("{}").key(&key).header("origin", SHOP).send();
    assert_eq!(ask().await.status, StatusCode::CREATED);
    server.state.store.close().await;
    server.clock.advance(5_000);
    let refused = ask().await;
    assert_eq!(refused.is_error(503, "unavailable").reader(), SHOP);
}

#[tokio::test]
async fn a_handler_that_panics_is_readable_too() {
    let server = Server::start().await;
    server.publishable().await;
    let panicking = Router::new().route(
        "/api/v1/panic",
        axum::routing::get(async || -> () { panic!("by design") }),
    );
    let router = crate::http::layer(panicking, &server.state);
    let server = Server { router, ..server };
    let call = server.anonymous(Method::GET, "/api/v1/panic");
    let reply = call.header("origin", SHOP).send().await;
    assert_eq!(reply.is_error(500, "internal").reader(), SHOP);
}

#[tokio::test]
async fn a_running_creation_of_a_publishable_key_blocks_no_other_key() {
    let server = Server::start().await;
    let key = server.publishable().await;
    let other = server.publishable().await;
    let mut ids = std::collections::HashSet::new();
    for key in [&key, &other, &server.key] {
        for _ in 0..2 {
            let call = server.post("{}").key(key).header("origin", SHOP);
            let reply = call.header("idempotency-key", "k").send().await;
            assert_eq!(reply.status, StatusCode::CREATED);
            ids.insert((
                reply.text("id").to_owned(),
                reply.header("idempotency-replayed").to_owned(),
            ));
        }
    }
    assert_eq!(ids.len(), 6, "{ids:?}");
    let all: std::collections::HashSet<_> = ids.iter().map(|(id, _)| id).collect();
    assert_eq!(all.len(), 3, "each key has a namespace of its own: {ids:?}");
}

#[tokio::test]
async fn the_last_use_of_a_key_is_not_what_a_foreign_page_tried() {
    let server = Server::start().await;
    let key = server.publishable().await;
    let tried = server
        .post("{}")
        .key(&key)
        .header("origin", "https://evil.example");
    tried.send().await.is_error(403, "forbidden");
    crate::upkeep::touch_keys(&server.state).await.unwrap();
    let organization = server.organization;
    let list = server
        .state
        .store
        .read(async |conn| api_keys::list(conn, organization).await);
    assert!(
        list.await
            .unwrap()
            .iter()
            .all(|key| key.last_used_at.is_none())
    );
}
