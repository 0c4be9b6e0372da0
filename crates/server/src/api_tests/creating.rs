use http::Method;
use vouchkey_types::api_key::Environment;
use vouchkey_types::json::Json;

use super::*;

#[tokio::test]
async fn a_session_is_created_from_nothing() {
    let server = Server::start().await;
    let reply = server.post("").send().await;
    assert_eq!(reply.status, StatusCode::CREATED);
    let id = reply.text("id");
    assert!(id.starts_with("ses_"));
    assert_eq!(reply.header("location"), format!("/api/v1/sessions/{id}"));
    assert_eq!(reply.text("status"), "pending");
    assert!(
        reply
            .text("capture_url")
            .starts_with("https://verify.example.com/verify/")
    );
    assert_eq!(reply.body.get("is_sandbox"), Some(&Json::Bool(false)));
    assert_eq!(reply.text("created_at"), "2026-02-01T12:00:00Z");
    assert_eq!(reply.text("expires_at"), "2026-02-02T12:00:00Z");
    assert_eq!(reply.body.get("external_ref"), Some(&Json::Null));
    assert!(
        reply
            .text("qr_code_data_url")
            .starts_with("data:image/png;base64,")
    );
    assert_eq!(reply.body.get("tags").unwrap().as_array().unwrap(), []);
    let names: Vec<_> = reply
        .body
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "id",
            "status",
            "capture_url",
            "is_sandbox",
            "created_at",
            "expires_at",
            "external_ref",
            "qr_code_data_url",
            "tags"
        ]
    );
    assert_eq!(reply.header("verifa-version"), "2026-02-01");
    assert_eq!(reply.header("cache-control"), "no-store");
}

#[tokio::test]
async fn what_was_sent_can_be_read_back() {
    let server = Server::start().await;
    let body = format!(
        r#"{{"data":{{"attributes":{{"externalRef":"user_1","metadata":{{"Plan-A":[1,2.5,null]}},"country":"us",
        "checks":["face_match"],"workflow-id":"{}","expires_in_minutes":10,"redirect_url":"exampleapp://done",
        "fields":{{"name-first":"Jane"}}}}}}}}"#,
        server.workflow
    );
    let id = server.create(&body).await;
    let session = server.get(&format!("{SESSIONS}/{id}")).await;
    assert_eq!(session.status, StatusCode::OK);
    assert_eq!(session.text("external_ref"), "user_1");
    assert_eq!(
        session.body.get("metadata").unwrap().to_text(),
        r#"{"Plan-A":[1,2.5,null]}"#
    );
    assert_eq!(session.text("country"), "US");
    assert_eq!(
        session.body.get("checks").unwrap().to_text(),
        r#"["face_match"]"#
    );
    assert_eq!(session.text("workflow_id"), server.workflow.to_string());
    assert_eq!(session.text("token_expires_at"), "2026-02-01T12:10:00Z");
    assert_eq!(session.text("environment"), "live");
    assert!(
        session
            .text("capture_url")
            .starts_with("https://verify.example.com/verify/")
    );
}

#[tokio::test]
async fn a_session_without_a_workflow_takes_the_default_one() {
    let server = Server::start().await;
    let id = server.create("{}").await;
    let session = server.get(&format!("{SESSIONS}/{id}")).await;
    assert_eq!(session.text("workflow_id"), server.workflow.to_string());
}

#[tokio::test]
async fn a_key_that_may_only_write_may_create() {
    let server = Server::start().await;
    for scope in [Scope::SessionsCreate, Scope::SessionsWrite] {
        let key = server.add_key(|key| key.scopes = scopes(&[scope])).await;
        assert_eq!(
            server.post("{}").key(&key).send().await.status,
            StatusCode::CREATED
        );
    }
}

#[tokio::test]
async fn a_sandbox_key_makes_sandbox_sessions_that_a_live_key_does_not_see() {
    let server = Server::start().await;
    let sandbox = server
        .add_key(|key| key.environment = Environment::Sandbox)
        .await;
    let reply = server.post("{}").key(&sandbox).send().await;
    assert_eq!(reply.body.get("is_sandbox"), Some(&Json::Bool(true)));
    let path = format!("{SESSIONS}/{}", reply.text("id"));
    server.get(&path).await.is_error(404, "not_found");
    let seen = server.call(Method::GET, &path).key(&sandbox).send().await;
    assert_eq!(seen.text("environment"), "sandbox");
    assert_eq!(server.count("").await, 0);
}

#[tokio::test]
async fn ignored_fields_are_named_and_strict_handling_refuses_them() {
    let server = Server::start().await;
    let reply = server.post(r#"{"contry":"US","a b":1}"#).send().await;
    assert_eq!(reply.status, StatusCode::CREATED);
    assert_eq!(reply.header("vouchkey-ignored-fields"), "contry,a%20b");
    let refused = server
        .post(r#"{"contry":"US"}"#)
        .header("prefer", "handling=strict")
        .send()
        .await;
    refused.is_error(422, "validation_failed");
    assert_eq!(refused.field_errors(), ["contry unknown_field"]);
    assert_eq!(refused.header("vouchkey-ignored-fields"), "contry");
    assert_eq!(refused.header("preference-applied"), "handling=strict");
}

#[tokio::test]
async fn a_dry_run_shows_everything_and_stores_nothing() {
    let server = Server::start().await;
    let body = r#"{"send_email":true,"metadata":{"applicant_email":"jane@example.com"},"applicant_name":"Jane","typo":1}"#;
    let call = server
        .call(Method::POST, "/api/v1/sessions?dry_run=true")
        .body(body);
    let reply = call.header("idempotency-key", "k").send().await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.body.get("dry_run"), Some(&Json::Bool(true)));
    assert_eq!(
        reply
            .body
            .get("request")
            .unwrap()
            .get("expires_in_minutes")
            .and_then(Json::as_i64),
        Some(1_440)
    );
    assert_eq!(
        reply.body.get("ignored_fields").unwrap().to_text(),
        r#"["typo"]"#
    );
    let invitation = reply.body.get("invitation").unwrap();
    assert_eq!(
        invitation.get("to").and_then(Json::as_str),
        Some("jane@example.com")
    );
    assert!(
        invitation
            .get("subject")
            .and_then(Json::as_str)
            .unwrap()
            .contains("Example ID")
    );
    assert!(
        invitation
            .get("text")
            .and_then(Json::as_str)
            .unwrap()
            .contains(reply.text("capture_url"))
    );
    assert!(
        reply
            .text("qr_code_data_url")
            .starts_with("data:image/png;base64,")
    );
    assert_eq!(server.count("").await, 0);
    let without = server
        .call(Method::POST, "/api/v1/sessions?dry_run=true")
        .send()
        .await;
    assert_eq!(without.body.get("invitation"), Some(&Json::Null));
    for (query, mistake) in [
        ("dry_run=1", "dry_run wrong_type"),
        ("dry_run=false&dry_run=true", "dry_run duplicate_field"),
        ("dry_run=true&dry_run=1", "dry_run duplicate_field"),
        ("dry_run=true&dryRun=true", "dry_run duplicate_field"),
        ("dry-run=", "dry_run empty"),
        ("dryRun=%FF", "dry_run invalid_characters"),
    ] {
        let path = format!("/api/v1/sessions?{query}");
        let refused = server.call(Method::POST, &path).send().await;
        refused.is_error(422, "validation_failed");
        assert_eq!(refused.field_errors(), [mistake], "{query}");
    }
    assert_eq!(server.count("").await, 0);
}

#[tokio::test]
async fn answers_come_in_the_casing_asked_for_and_the_callers_keys_stay() {
    let server = Server::start().await;
    let id = server
        .create(r#"{"metadata":{"order_id":{"in_it":1}}}"#)
        .await;
    let path = format!("{SESSIONS}/{id}");
    let camel = server
        .call(Method::GET, &path)
        .header("key-inflection", "camel")
        .send()
        .await;
    assert!(camel.text("captureUrl").starts_with("https://"));
    assert_eq!(
        camel.body.get("metadata").unwrap().to_text(),
        r#"{"order_id":{"in_it":1}}"#
    );
    let kebab = server
        .add_key(|key| key.inflection = Inflection::Kebab)
        .await;
    let reply = server.call(Method::GET, &path).key(&kebab).send().await;
    assert!(reply.text("capture-url").starts_with("https://"));
    let error = server
        .post(r#"{"country":1}"#)
        .header("key-inflection", "camel")
        .send()
        .await;
    assert_eq!(
        error.body.get("statusCode").and_then(Json::as_i64),
        Some(422)
    );
    assert_eq!(error.field_errors(), ["country wrong_type"]);
}

#[tokio::test]
async fn the_caller_may_name_the_request() {
    let server = Server::start().await;
    let reply = server
        .post("{}")
        .header("x-request-id", "my-id_1")
        .send()
        .await;
    assert_eq!(reply.header("x-request-id"), "my-id_1");
    let reply = server
        .post("{}")
        .header("x-request-id", "jane@example.com")
        .send()
        .await;
    assert!(reply.header("x-request-id").starts_with("req_"));
}

#[tokio::test]
async fn a_client_that_hangs_up_changes_nothing() {
    let server = Server::start().await;
    // From now on everything up to the body is remembered, so one look reaches the work.
    server.create("{}").await;
    let mut call = Box::pin(server.post("{}").send());
    tokio::select! {
        biased;
        reply = &mut call => panic!("answered at once: {reply:?}"),
        () = std::future::ready(()) => {}
    }
    drop(call);
    server.state.tasks.close();
    server.state.tasks.wait().await;
    assert_eq!(server.count("").await, 2);
}
