use super::*;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

impl Server {
    fn keyed(&self, key: &str, body: &str) -> Call<'_> {
        self.post(body).header("idempotency-key", key)
    }
}

#[tokio::test]
async fn a_retry_gets_the_first_answer() {
    let server = Server::start().await;
    let first = server
        .keyed("k", r#"{"external_ref":"a","metadata":{"n":1}}"#)
        .send()
        .await;
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!(first.header("idempotency-replayed"), "");
    server.clock.advance(60_000);
    let again = server
        .keyed(
            "k",
            r#"{"metadata":{"n":1},"externalRef":"a","country":null}"#,
        )
        .send()
        .await;
    assert_eq!(
        (again.status, &again.body),
        (StatusCode::CREATED, &first.body)
    );
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("location"), first.header("location"));
    let camel = server
        .keyed("k", r#"{"external_ref":"a","metadata":{"n":1}}"#)
        .header("key-inflection", "camel");
    assert_eq!(
        camel.send().await.text("captureUrl"),
        first.text("capture_url")
    );
    assert_eq!(server.count("").await, 1);
}

#[tokio::test]
async fn other_parameters_under_the_same_key_are_refused() {
    let server = Server::start().await;
    server.keyed("k", r#"{"country":"US"}"#).send().await;
    for body in [
        r#"{"country":"us"}"#,
        r#"{"country":"US","unknown":1}"#,
        r#"{"country":5}"#,
    ] {
        server
            .keyed("k", body)
            .send()
            .await
            .is_error(422, "idempotency_mismatch");
    }
    let version = server
        .keyed("k", r#"{"country":"US"}"#)
        .header("verifa-version", "2026-02-01")
        .send()
        .await;
    version.is_error(422, "idempotency_mismatch");
    assert_eq!(
        server.keyed("K", "{}").send().await.status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn a_key_is_kept_for_a_day_and_then_new() {
    let server = Server::start().await;
    let first = server.keyed("k", "{}").send().await;
    server.clock.advance(DAY_MS - 1);
    assert_eq!(
        server.keyed("k", "{}").send().await.text("id"),
        first.text("id")
    );
    server.clock.advance(1);
    let new = server.keyed("k", r#"{"country":"US"}"#).send().await;
    assert_eq!(new.status, StatusCode::CREATED);
    assert_ne!(new.text("id"), first.text("id"));
    assert_eq!(server.count("").await, 2);
}

#[tokio::test]
async fn records_that_have_expired_are_purged_and_no_others() {
    let server = Server::start().await;
    let first = server.keyed("k", "{}").send().await;
    server.clock.advance(DAY_MS - 1);
    crate::upkeep::purge_idempotency(&server.state)
        .await
        .unwrap();
    assert_eq!(
        server.keyed("k", "{}").send().await.text("id"),
        first.text("id")
    );
    server.clock.advance(1);
    crate::upkeep::purge_idempotency(&server.state)
        .await
        .unwrap();
    assert_ne!(
        server.keyed("k", "{}").send().await.text("id"),
        first.text("id")
    );
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let server = Server::start().await;
    server
        .keyed("k", r#"{"country":"XX"}"#)
        .send()
        .await
        .is_error(422, "validation_failed");
    assert_eq!(
        server.keyed("k", r#"{"country":"US"}"#).send().await.status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn a_rotated_api_key_still_finds_its_retry_and_another_environment_does_not() {
    let server = Server::start().await;
    let first = server.keyed("k", "{}").send().await;
    let rotated = server.add_key(|_| {}).await;
    assert_eq!(
        server
            .keyed("k", "{}")
            .key(&rotated)
            .send()
            .await
            .text("id"),
        first.text("id")
    );
    let sandbox = server
        .add_key(|key| key.environment = Environment::Sandbox)
        .await;
    assert_ne!(
        server
            .keyed("k", "{}")
            .key(&sandbox)
            .send()
            .await
            .text("id"),
        first.text("id")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_copies_make_one_session() {
    let server = Server::start().await;
    let copies: Vec<_> = (0..8)
        .map(|_| {
            tokio::spawn(
                server
                    .router
                    .clone()
                    .oneshot(server.keyed("k", "{}").request),
            )
        })
        .collect();
    for copy in copies {
        assert_eq!(copy.await.unwrap().unwrap().status(), StatusCode::CREATED);
    }
    assert_eq!(server.count("").await, 1);
}

#[tokio::test]
async fn a_replay_after_erasure_is_410() {
    let server = Server::start().await;
    let first = server.keyed("k", "{}").send().await;
    let erase = "UPDATE data_keys SET key_wrapped = NULL, destroyed_at = 1 WHERE data_key_id = $1";
    assert_eq!(
        server
            .state
            .store
            .write(Execute(erase, first.text("id").to_owned()))
            .await,
        Ok(1)
    );
    server.keyed("k", "{}").send().await.is_error(410, "erased");
    let session = server.get(first.header("location")).await;
    assert_eq!(session.status, StatusCode::OK);
    assert_eq!(session.body.get("metadata").unwrap().to_text(), "{}");
}

#[tokio::test]
async fn a_body_with_two_meanings_is_refused_before_the_look_up() {
    let server = Server::start().await;
    server.keyed("k", r#"{"country":"US"}"#).send().await;
    let reply = server
        .keyed("k", r#"{"country":"US","country":"US"}"#)
        .send()
        .await;
    reply.is_error(422, "validation_failed");
    assert_eq!(reply.field_errors(), ["country duplicate_field"]);
}
