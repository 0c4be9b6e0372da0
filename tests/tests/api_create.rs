//! Creating a verification session, from the emptiest request to the fullest.

use std::collections::HashSet;

use serde_json::{Value, json};
use vouchkey_tests::api::{Api, CREATED, SESSIONS, names};
use vouchkey_tests::program::Installation;
use vouchkey_tests::qr;

/// Every field of the create request, with a value that is valid in every installation.
fn everything(workflow: &str) -> Value {
    json!({
        "external_ref": "user_abc123",
        "metadata": {"plan": "premium", "seats": 3, "nested": {"camelKey": [1, null, true]}},
        "country": "us",
        "checks": ["document_ocr", "face_match"],
        "workflow_id": workflow,
        "redirect_url": "https://app.example/done?step=2",
        "send_email": true,
        "applicant_email": "jane@example.com",
        "applicant_name": "Jane Doe",
        "email_display_name": "Acme Pay",
        "support_url": "https://acme.example/help",
        "expires_in_minutes": 60,
        "fields": {
            "name_first": "Jane", "name_middle": "Q", "name_last": "Doe",
            "birthdate": "1990-02-28", "email_address": "jane@example.com",
            "phone_number": "+14155550100", "address_street_1": "1 Main St",
            "address_street_2": "Apt 2", "address_city": "Springfield",
            "address_subdivision": "IL", "address_postal_code": "62701",
            "address_country_code": "us", "nationality": "us",
            "identification_number": "123-45-6789"
        }
    })
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// Minutes between two times as the API writes them, on the same day or the next.
fn minutes_between(from: &str, to: &str) -> i64 {
    let minutes = |time: &str| -> i64 {
        let number = |range: std::ops::Range<usize>| -> i64 {
            time.get(range)
                .and_then(|part| part.parse().ok())
                .unwrap_or(-1)
        };
        number(11..13) * 60 + number(14..16)
    };
    let same_day = from.get(..10) == to.get(..10);
    minutes(to) - minutes(from) + if same_day { 0 } else { 24 * 60 }
}

#[tokio::test]
async fn an_empty_request_makes_a_pending_session_for_a_day() {
    let installation = Installation::new().await;
    let (server, api) = installation.sandbox().await;

    let answer = api.create(&json!({})).await.expect_status(201);
    let body = answer.json();

    assert_eq!(names(&body), HashSet::from(CREATED));

    assert!(
        text(&body, "id").starts_with("ses_") && text(&body, "id").len() == 30,
        "{body}"
    );
    assert_eq!(body["status"], "pending");
    assert_eq!(body["is_sandbox"], true);
    assert_eq!(body["external_ref"], Value::Null);
    assert_eq!(body["tags"], json!([]));
    let capture = text(&body, "capture_url");
    let token = capture.strip_prefix(&format!("{}/verify/", server.base()));
    assert_eq!(token.map(str::len), Some(50), "{capture}");
    assert_eq!(qr::read_data_url(text(&body, "qr_code_data_url")), capture);
    let (created, expires) = (text(&body, "created_at"), text(&body, "expires_at"));
    assert!(created.len() == 20 && created.ends_with('Z'), "{created}");
    assert_eq!(minutes_between(created, expires), 24 * 60);
}

#[tokio::test]
async fn no_body_at_all_is_an_empty_request() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    api.call("POST", SESSIONS).send().await.expect_status(201);
    api.call("POST", SESSIONS)
        .text("")
        .send()
        .await
        .expect_status(201);
    api.call("POST", SESSIONS)
        .bare("{}")
        .send()
        .await
        .expect_status(201);
}

#[tokio::test]
async fn a_full_request_comes_back_whole() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let workflow = installation.workflow("sandbox");

    let created = api.created(&everything(workflow)).await;
    assert_eq!(created["external_ref"], "user_abc123");
    let (from, to) = (text(&created, "created_at"), text(&created, "expires_at"));
    assert_eq!(minutes_between(from, to), 60);

    let session = api.session(&created["id"]).await;
    for name in [
        "id",
        "status",
        "is_sandbox",
        "created_at",
        "external_ref",
        "capture_url",
        "tags",
    ] {
        assert_eq!(session[name], created[name], "{name}");
    }
    assert_eq!(session["environment"], "sandbox");
    assert_eq!(session["metadata"], everything(workflow)["metadata"]);
    assert_eq!(session["country"], "US");
    assert_eq!(session["checks"], json!(["document_ocr", "face_match"]));
    assert_eq!(session["workflow_id"], workflow);
    assert_eq!(session["token_expires_at"], created["expires_at"]);
    assert_eq!(session["retention_status"], "active");
    assert_eq!(session["processing_attempts"], 0);
    for name in ["document_type", "consent_ip", "case_id", "case_status"] {
        assert_eq!(session.get(name), Some(&Value::Null), "{name}");
    }
    let shown = session.to_string();
    for kept in ["jane@example.com", "123-45-6789", "Springfield", "Jane"] {
        assert!(
            !shown.contains(kept),
            "prefill and applicant are not part of a session: {shown}"
        );
    }
}

#[tokio::test]
async fn the_workflow_that_is_not_named_is_the_default_one() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let created = api.created(&json!({})).await;
    let session = api.session(&created["id"]).await;
    assert_eq!(session["workflow_id"], installation.workflow("sandbox"));
    assert_eq!(session["checks"], Value::Null);
    assert_eq!(session["metadata"], json!({}));
}

#[tokio::test]
async fn the_bounds_themselves_are_allowed() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let fifty: Value = (0..50)
        .map(|n| (format!("key{n}"), json!(n)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let long_key = "k".repeat(128);
    for body in [
        json!({"metadata": fifty}),
        // A string's quotes count: 16,382 characters are 16,384 bytes.
        json!({"metadata": {"value": "x".repeat(16_382)}}),
        json!({"metadata": {long_key: 1}}),
        json!({"metadata": {"gone": null}}),
        json!({"external_ref": "r".repeat(255)}),
        json!({"external_ref": "é".repeat(255)}),
        json!({"applicant_name": "n".repeat(200), "email_display_name": "d".repeat(200)}),
        json!({"expires_in_minutes": 10}),
        json!({"expires_in_minutes": 4320}),
        json!({"expires_in_minutes": 1440.0}),
        json!({"fields": {"birthdate": "1900-01-01", "name_first": "f".repeat(255)}}),
        json!({"redirect_url": "http://[::1]:8080/a?b#c"}),
        json!({"country": null, "metadata": null, "checks": null, "fields": null, "send_email": null}),
        json!({"send_email": true, "metadata": {"applicant_email": "jane@example.com"}}),
        json!({"send_email": false, "applicant_email": "jane@example.com"}),
    ] {
        let answer = api.create(&body).await;
        let sent = body.to_string();
        assert_eq!(
            answer.status,
            201,
            "{}: {}",
            sent.get(..80).unwrap_or(&sent),
            answer.text
        );
    }
}

#[tokio::test]
async fn fifty_full_values_are_kept_even_when_everything_is_escaped() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let value = "ü".repeat(8_191);
    let metadata: serde_json::Map<_, _> =
        (0..50).map(|n| (format!("key{n}"), json!(value))).collect();
    let escaped = json!({"metadata": metadata})
        .to_string()
        .replace('ü', "\\u00fc");
    assert!(
        escaped.len() > 2_400_000,
        "as large as decisions allow: {}",
        escaped.len()
    );
    let created = api
        .call("POST", SESSIONS)
        .text(escaped)
        .send()
        .await
        .expect_status(201)
        .json();
    let session = api.session(&created["id"]).await;
    assert_eq!(session["metadata"]["key49"], value);
}

#[tokio::test]
async fn a_dry_run_shows_what_would_happen_and_stores_nothing() {
    let installation = Installation::new().await;
    let (server, api) = installation.sandbox().await;
    let mut body = everything(installation.workflow("sandbox"));
    body["colour"] = json!("blue");

    let answer = api.dry_run(&body).send().await.expect_status(200).json();

    assert_eq!(answer["dry_run"], true);
    assert_eq!(answer["ignored_fields"], json!(["colour"]));
    assert_eq!(answer["request"]["country"], "US");
    assert_eq!(answer["request"]["fields"]["name_first"], "Jane");
    let invitation = &answer["invitation"];
    assert_eq!(invitation["to"], "jane@example.com");
    assert!(
        text(invitation, "subject").contains("Acme Pay"),
        "{invitation}"
    );
    assert!(
        text(invitation, "text").contains("Jane Doe, please click"),
        "{invitation}"
    );
    let sample = text(&answer, "capture_url");
    assert!(
        sample.starts_with(&format!("{}/verify/", server.base())),
        "{sample}"
    );
    assert_eq!(qr::read_data_url(text(&answer, "qr_code_data_url")), sample);
    assert!(
        text(invitation, "text").contains(sample),
        "the sample link is the one in the mail"
    );

    assert_eq!(api.count().await, 0);
    let owner = server.owner(&installation).await;
    assert!(owner.mailbox("sandbox").await.is_empty());

    let without = api
        .dry_run(&json!({}))
        .send()
        .await
        .expect_status(200)
        .json();
    assert_eq!(without["invitation"], Value::Null);
    api.dry_run(&json!({"country": "XX"}))
        .send()
        .await
        .expect_errors(&[("country", "unknown_value")]);
}

#[tokio::test]
async fn a_dry_run_never_uses_up_an_idempotency_key() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    api.dry_run(&json!({"country": "US"}))
        .once("one")
        .send()
        .await
        .expect_status(200);
    let first = api.created_under(&json!({"country": "DE"}), "one").await;
    assert_eq!(first.header("idempotency-replayed"), None);
}

#[tokio::test]
async fn a_live_session_says_that_it_is_live() {
    let installation = Installation::new().await;
    let key = installation.key("live", &[]).await;
    let server = installation.serve().await;
    let api: Api = server.api(&key);
    let created = api.created(&json!({})).await;
    assert_eq!(created["is_sandbox"], false);
    let session = api.session(&created["id"]).await;
    assert_eq!(session["environment"], "live");
    assert_eq!(session["workflow_id"], installation.workflow("live"));
}

#[tokio::test]
async fn links_are_built_from_the_public_address_and_never_from_the_host_header() {
    let installation = Installation::new()
        .await
        .with("VOUCHKEY_PUBLIC_URL", "https://verify.example.com");
    let (_server, api) = installation.sandbox().await;
    let created = api
        .creation(&json!({}))
        .header("Host", "evil.example")
        .header("X-Forwarded-Host", "evil.example")
        .send()
        .await
        .expect_status(201)
        .json();
    let url = text(&created, "capture_url");
    assert!(
        url.starts_with("https://verify.example.com/verify/"),
        "{url}"
    );
    assert_eq!(qr::read_data_url(text(&created, "qr_code_data_url")), url);
}

#[tokio::test]
async fn the_qr_image_is_as_small_as_it_can_be_and_has_its_quiet_zone() {
    let installation = Installation::new()
        .await
        .with("VOUCHKEY_PUBLIC_URL", "https://verify.example.com");
    let (_server, api) = installation.sandbox().await;
    let created = api.created(&json!({})).await;
    let png = qr::png_of(text(&created, "qr_code_data_url"));
    // An origin of 26 characters still fits version 5: 37 modules and 4 on each side, 8 pixels each.
    assert_eq!(qr::size(&png), ((37 + 8) * 8, (37 + 8) * 8));
}
