//! The client against a `fetch` that notes what it is given and answers what it is told.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::expect_used, reason = "a test may fail")]

use js_sys::{Function, JSON};
use vouchkey_types::api_key::{ApiKey, Environment, KeyKind};
use vouchkey_types::json::{Json, read};
use vouchkey_types::object;
use vouchkey_types::problem::{ErrorCode, FieldCode, FieldError};
use vouchkey_types::version::ApiVersion;
use vouchkey_wasm::client::Client;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const CLIENT: Client = Client::cookie(Environment::Sandbox);

fn run(script: &str) -> JsValue {
    let function = Function::new_no_args(script);
    function.call0(&JsValue::NULL).expect(script)
}

/// Answers all further calls with what an expression gives.
fn answer(response: &str) {
    run(&format!(
        "globalThis.fetch = async (request) => {{
            globalThis.seen = {{
                call: request.method + ' ' + request.url.replace(location.origin, ''),
                credentials: request.credentials,
                headers: Object.fromEntries(request.headers),
                body: await request.text(),
            }};
            return {response};
        }}"
    ));
}

/// What the last call was.
fn seen() -> Json {
    let text = JSON::stringify(&run("return globalThis.seen")).expect("JSON");
    read(String::from(text).as_bytes()).expect("JSON")
}

fn member<'a>(json: &'a Json, name: &str) -> Option<&'a str> {
    json.get(name).and_then(Json::as_str)
}

#[wasm_bindgen_test]
async fn creating_sends_body_environment_and_key() {
    answer(r#"new Response('{"id":"ses_1"}', {status: 201})"#);
    let session = CLIENT
        .create_session(r#"{"country":"CH"}"#, "order-1001")
        .await;
    assert_eq!(
        session.expect("a session"),
        object! { "id": "ses_1" }.into()
    );
    let seen = seen();
    assert_eq!(member(&seen, "call"), Some("POST /api/v1/sessions"));
    assert_eq!(member(&seen, "body"), Some(r#"{"country":"CH"}"#));
    assert_eq!(member(&seen, "credentials"), Some("same-origin"));
    let headers = seen.get("headers").expect("headers");
    assert_eq!(member(headers, "content-type"), Some("application/json"));
    assert_eq!(member(headers, "vouchkey-environment"), Some("sandbox"));
    assert_eq!(member(headers, "idempotency-key"), Some("order-1001"));
}

#[wasm_bindgen_test]
async fn every_other_call_has_its_path() {
    answer("new Response('{}')");
    let mut calls = Vec::new();
    let mut note = |result: Result<Json, _>| {
        result.expect("an answer");
        calls.push(member(&seen(), "call").expect("a call").to_owned());
    };
    note(CLIENT.dry_run_session("{}").await);
    note(CLIENT.get_session("ses_1/../é").await);
    note(CLIENT.list_sessions(&[]).await);
    note(
        CLIENT
            .list_sessions(&[("status", "pending"), ("q", "a&b é")])
            .await,
    );
    note(CLIENT.get("/admin/v1/me").await);
    note(
        CLIENT
            .post(
                "/admin/v1/sign-in",
                &object! { "email": "a@b.example" }.into(),
            )
            .await,
    );
    assert_eq!(
        calls,
        [
            "POST /api/v1/sessions?dry_run=true",
            "GET /api/v1/sessions/ses_1%2F..%2F%C3%A9",
            "GET /api/v1/sessions",
            "GET /api/v1/sessions?status=pending&q=a%26b+%C3%A9",
            "GET /admin/v1/me",
            "POST /admin/v1/sign-in",
        ]
    );
    assert_eq!(member(&seen(), "body"), Some(r#"{"email":"a@b.example"}"#));
}

#[wasm_bindgen_test]
async fn an_answer_without_a_body_is_null() {
    answer("new Response(null, {status: 204})");
    assert_eq!(
        CLIENT.post("/admin/v1/sign-out", &object! {}.into()).await,
        Ok(Json::Null)
    );
}

#[wasm_bindgen_test]
async fn metadata_of_the_greatest_depth_comes_back() {
    let metadata = format!("{}{}", "[".repeat(30), "]".repeat(30));
    let page = format!(r#"{{"data":[{{"metadata":{{"a":{metadata}}}}}]}}"#);
    answer(&format!("new Response('{page}')"));
    let page_read = CLIENT.list_sessions(&[]).await.expect("a page");
    assert_eq!(page_read.to_text(), page);
}

#[wasm_bindgen_test]
async fn a_refusal_is_read_as_the_server_wrote_it() {
    answer(
        r#"new Response('{"error":"validation_failed","detail":"country: No.","status_code":422,"errors":[{"field":"country","code":"unknown_value","message":"No."}]}',
            {status: 422, headers: {"X-Request-Id": "req-1"}})"#,
    );
    let error = CLIENT
        .create_session("{}", "k")
        .await
        .expect_err("a refusal");
    assert_eq!(error.status, Some(422));
    assert_eq!(error.error, Some(ErrorCode::ValidationFailed));
    assert_eq!(error.detail, "country: No.");
    assert_eq!(
        error.errors,
        [FieldError::new("country", FieldCode::UnknownValue, "No.")]
    );
    assert_eq!(error.request_id.as_deref(), Some("req-1"));
    assert!(!error.offline);
}

#[wasm_bindgen_test]
async fn a_limit_says_when_to_come_back() {
    answer(
        r#"new Response('{"error":"rate_limited","detail":"Too many.","status_code":429}',
            {status: 429, headers: {"Retry-After": "12"}})"#,
    );
    let error = CLIENT.get("/api/v1/sessions").await.expect_err("a refusal");
    assert_eq!(
        (error.error, error.retry_after),
        (Some(ErrorCode::RateLimited), Some(12))
    );
}

#[wasm_bindgen_test]
async fn an_answer_that_is_not_the_apis_is_an_error_with_its_status() {
    for (response, status) in [
        ("new Response('<h1>Bad gateway</h1>', {status: 502})", 502),
        ("new Response('', {status: 500})", 500),
        ("new Response('{\"error\":\"teapot\"}', {status: 418})", 418),
        ("new Response('<h1>Sign in to the Wi-Fi</h1>')", 200),
    ] {
        answer(response);
        let error = CLIENT.get("/api/v1/sessions").await.expect_err("an error");
        assert_eq!(
            (error.status, error.error, error.offline),
            (Some(status), None, false)
        );
        assert!(error.detail.contains(&status.to_string()), "{error}");
    }
}

#[wasm_bindgen_test]
async fn a_server_that_is_not_reached_is_offline() {
    for fault in [
        "(() => { throw new TypeError('Failed to fetch') })()",
        "new Response(new ReadableStream({start(c) { c.error(new TypeError('reset')) }}))",
    ] {
        answer(fault);
        let error = CLIENT.get("/api/v1/sessions").await.expect_err("an error");
        assert_eq!(
            (error.status, error.error, error.offline),
            (None, None, true)
        );
    }
}

#[wasm_bindgen_test]
async fn a_malformed_idempotency_key_is_refused_before_it_is_sent() {
    answer("new Response('{}')");
    run("globalThis.seen = null");
    for key in ["", "a b", "a\nb", "é", &"k".repeat(256)] {
        let error = CLIENT
            .create_session("{}", key)
            .await
            .expect_err("an error");
        assert_eq!(error.error, Some(ErrorCode::IdempotencyKeyInvalid));
        assert_eq!((error.status, error.offline), (None, false));
    }
    assert_eq!(seen(), Json::Null);
    assert!(CLIENT.create_session("{}", &"k".repeat(255)).await.is_ok());
}

fn key() -> ApiKey {
    ApiKey::from_random(Environment::Live, KeyKind::Secret, [7; 32])
}

#[wasm_bindgen_test]
fn a_key_calls_any_server_and_follows_no_redirect() {
    let key = key();
    let version = Some(ApiVersion::V20260101);
    let client = Client::with_key("https://verify.example/under", &key, version);
    let request = client
        .create_request("{}", "order-1001")
        .expect("a request");
    assert_eq!(
        request.url(),
        "https://verify.example/under/api/v1/sessions"
    );
    let headers = request.headers();
    for (name, value) in [
        ("X-API-Key", key.expose()),
        ("Key-Inflection", "snake"),
        ("Verifa-Version", "2026-01-01"),
        ("Idempotency-Key", "order-1001"),
        ("Content-Type", "application/json"),
    ] {
        assert_eq!(headers.get(name).as_deref(), Some(value), "{name}");
    }
    assert!(!headers.has("Vouchkey-Environment"));
    let request = web_sys::Request::from(request);
    assert_eq!(request.method(), "POST");
    assert_eq!(request.redirect(), web_sys::RequestRedirect::Manual);
}

#[wasm_bindgen_test]
fn a_key_without_a_version_calls_the_one_that_it_is_pinned_to() {
    let key = key();
    let client = Client::with_key("https://verify.example", &key, None);
    let request = client.get_request("ses_1").expect("a request");
    assert!(!request.headers().has("Verifa-Version"));
    let request = client
        .list_request([("q", "a&b"), ("limit", "2")])
        .expect("a request");
    assert_eq!(
        request.url(),
        "https://verify.example/api/v1/sessions?q=a%26b&limit=2"
    );
}

#[wasm_bindgen_test]
async fn a_redirect_of_a_call_with_a_key_is_an_error() {
    answer("Response.redirect('https://elsewhere.example/', 307)");
    let key = key();
    let error = Client::with_key("https://verify.example", &key, None)
        .get_session("ses_1")
        .await
        .expect_err("an error");
    assert_eq!((error.status, error.offline), (Some(307), false));
}
