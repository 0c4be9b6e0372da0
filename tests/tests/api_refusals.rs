//! What bad input gets: every mistake its field and its code, all of them at once, nothing stored.

use serde_json::{Value, json};
use vouchkey_tests::api::Api;
use vouchkey_tests::program::Installation;

/// Sends each body, and reports all that were not refused as the table says.
async fn expect_all(api: &Api, table: Vec<(Value, &[(&str, &str)])>) {
    let mut surprises = Vec::new();
    for (body, expected) in table {
        let answer = api.create(&body).await;
        let sent: String = body.to_string().chars().take(120).collect();
        let found = if answer.status == 422 {
            answer.errors()
        } else {
            Vec::new()
        };
        let expected: Vec<(String, String)> = expected
            .iter()
            .map(|(field, code)| ((*field).into(), (*code).into()))
            .collect();
        if answer.status != 422 || found != expected {
            surprises.push(format!(
                "{sent}\n  wanted {expected:?}\n  got {} {}",
                answer.status, answer.text
            ));
        }
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
    assert_eq!(
        api.count().await,
        0,
        "a refused request leaves nothing behind"
    );
}

#[tokio::test]
async fn values_of_another_type_are_refused() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    expect_all(
        &api,
        vec![
            (
                json!({"external_ref": 5}),
                &[("external_ref", "wrong_type")],
            ),
            (json!({"metadata": []}), &[("metadata", "wrong_type")]),
            (json!({"country": ["US"]}), &[("country", "wrong_type")]),
            (json!({"checks": "face_match"}), &[("checks", "wrong_type")]),
            (
                json!({"checks": ["face_match", 7]}),
                &[("checks[1]", "wrong_type")],
            ),
            (
                json!({"workflow_id": true}),
                &[("workflow_id", "wrong_type")],
            ),
            (
                json!({"redirect_url": {}}),
                &[("redirect_url", "wrong_type")],
            ),
            (
                json!({"send_email": "true"}),
                &[("send_email", "wrong_type")],
            ),
            (
                json!({"applicant_email": 1}),
                &[("applicant_email", "wrong_type")],
            ),
            (
                json!({"expires_in_minutes": "60"}),
                &[("expires_in_minutes", "wrong_type")],
            ),
            (
                json!({"expires_in_minutes": 60.5}),
                &[("expires_in_minutes", "wrong_type")],
            ),
            (json!({"fields": "Jane"}), &[("fields", "wrong_type")]),
            (
                json!({"fields": {"name_first": 1}}),
                &[("fields.name_first", "wrong_type")],
            ),
            (json!([]), &[("", "wrong_type")]),
            (json!("text"), &[("", "wrong_type")]),
            (json!(null), &[("", "wrong_type")]),
        ],
    )
    .await;
}

#[tokio::test]
async fn values_beyond_their_bounds_are_refused() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let keys = |count: usize| -> Value {
        (0..count)
            .map(|n| (format!("key{n}"), json!(n)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    expect_all(
        &api,
        vec![
            (json!({"metadata": keys(51)}), &[("metadata", "too_many")]),
            (
                json!({"metadata": {"v": "x".repeat(16_383)}}),
                &[("metadata.v", "too_large")],
            ),
            (json!({"metadata": {"": 1}}), &[("metadata[\"\"]", "empty")]),
            (json!({"external_ref": ""}), &[("external_ref", "empty")]),
            (
                json!({"external_ref": "r".repeat(256)}),
                &[("external_ref", "too_long")],
            ),
            (
                json!({"applicant_name": "n".repeat(201)}),
                &[("applicant_name", "too_long")],
            ),
            (
                json!({"email_display_name": "n".repeat(201)}),
                &[("email_display_name", "too_long")],
            ),
            (json!({"checks": []}), &[("checks", "empty")]),
            (
                json!({"checks": ["face_match", "face_match"]}),
                &[("checks[1]", "duplicate_value")],
            ),
            (
                json!({"expires_in_minutes": 9}),
                &[("expires_in_minutes", "out_of_range")],
            ),
            (
                json!({"expires_in_minutes": 4321}),
                &[("expires_in_minutes", "out_of_range")],
            ),
            (
                json!({"expires_in_minutes": -1}),
                &[("expires_in_minutes", "out_of_range")],
            ),
            (
                json!({"fields": {"name_last": "x".repeat(256)}}),
                &[("fields.name_last", "too_long")],
            ),
            (
                json!({"fields": {"name_last": ""}}),
                &[("fields.name_last", "empty")],
            ),
            (
                json!({"fields": {"birthdate": "1899-12-31"}}),
                &[("fields.birthdate", "out_of_range")],
            ),
            (
                json!({"fields": {"birthdate": "2999-01-01"}}),
                &[("fields.birthdate", "out_of_range")],
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn values_that_do_not_mean_anything_are_refused() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let live = installation.workflow("live");
    expect_all(
        &api,
        vec![
            (json!({"country": "XX"}), &[("country", "unknown_value")]),
            (json!({"country": "USA"}), &[("country", "unknown_value")]),
            (json!({"country": ""}), &[("country", "empty")]),
            (
                json!({"checks": ["palm_reading"]}),
                &[("checks[0]", "unknown_value")],
            ),
            (
                json!({"workflow_id": "wfl_nothing"}),
                &[("workflow_id", "not_found")],
            ),
            (
                json!({"workflow_id": live}),
                &[("workflow_id", "not_found")],
            ),
            (
                json!({"redirect_url": "app.example/done"}),
                &[("redirect_url", "invalid_format")],
            ),
            (
                json!({"redirect_url": "https://user@app.example/"}),
                &[("redirect_url", "not_allowed")],
            ),
            (
                json!({"redirect_url": "javascript:alert(1)"}),
                &[("redirect_url", "invalid_format")],
            ),
            (
                json!({"redirect_url": "javascript://app.example/"}),
                &[("redirect_url", "not_allowed")],
            ),
            (
                json!({"redirect_url": "myapp://done"}),
                &[("redirect_url", "not_allowed")],
            ),
            (
                json!({"support_url": "ftp://acme.example/"}),
                &[("support_url", "not_allowed")],
            ),
            (
                json!({"applicant_email": "jane"}),
                &[("applicant_email", "invalid_format")],
            ),
            (
                json!({"applicant_email": "jane@example.com\nBcc: all@example.com"}),
                &[("applicant_email", "invalid_characters")],
            ),
            (
                json!({"applicant_name": "Jane\u{7}Doe"}),
                &[("applicant_name", "invalid_characters")],
            ),
            (
                json!({"applicant_name": "Jane\u{202e}Doe"}),
                &[("applicant_name", "invalid_characters")],
            ),
            (
                json!({"email_display_name": "=?utf-8?q?Acme?="}),
                &[("email_display_name", "invalid_characters")],
            ),
            (
                json!({"fields": {"birthdate": "1990-02-30"}}),
                &[("fields.birthdate", "invalid_format")],
            ),
            (
                json!({"fields": {"phone_number": "0172"}}),
                &[("fields.phone_number", "invalid_format")],
            ),
            (
                json!({"fields": {"email_address": "x@"}}),
                &[("fields.email_address", "invalid_format")],
            ),
            (
                json!({"fields": {"nationality": "ZZ"}}),
                &[("fields.nationality", "unknown_value")],
            ),
            (
                json!({"fields": {"shoe_size": "43"}}),
                &[("fields.shoe_size", "unknown_field")],
            ),
            (
                json!({"fields": {"name_first": "a\u{0}b"}}),
                &[("fields.name_first", "invalid_characters")],
            ),
            (
                json!({"external_ref": "a\tb"}),
                &[("external_ref", "invalid_characters")],
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_invitation_needs_an_address() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    expect_all(
        &api,
        vec![
            (
                json!({"send_email": true}),
                &[("applicant_email", "required")],
            ),
            (
                json!({"send_email": true, "applicant_email": null}),
                &[("applicant_email", "required")],
            ),
            (
                json!({"send_email": true, "metadata": {"applicant_email": 5}}),
                &[("applicant_email", "required")],
            ),
            (
                json!({"send_email": true, "metadata": {"applicantEmail": "jane@example.com"}}),
                &[("applicant_email", "required")],
            ),
            (
                json!({"send_email": true, "metadata": {"applicant_email": "jane"}}),
                &[("metadata.applicant_email", "invalid_format")],
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn every_mistake_is_told_at_once_and_in_order() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let body = json!({
        "fields": {"birthdate": "yesterday", "shoe_size": "43", "name_first": ""},
        "expires_in_minutes": 9,
        "support_url": "ftp://acme.example/",
        "email_display_name": "",
        "applicant_name": "a\u{1}",
        "send_email": true,
        "redirect_url": "nowhere",
        "workflow_id": "wfl_nothing",
        "checks": ["face_match", "face_match", "palm_reading"],
        "country": "XX",
        "metadata": {"big": "x".repeat(20_000), "b.c": "y".repeat(20_000)},
        "external_ref": 5,
    });
    let answer = api.create(&body).await.expect_errors(&[
        ("external_ref", "wrong_type"),
        ("metadata.big", "too_large"),
        ("metadata[\"b.c\"]", "too_large"),
        ("country", "unknown_value"),
        ("checks[1]", "duplicate_value"),
        ("checks[2]", "unknown_value"),
        ("workflow_id", "not_found"),
        ("redirect_url", "invalid_format"),
        ("applicant_email", "required"),
        ("applicant_name", "invalid_characters"),
        ("email_display_name", "empty"),
        ("support_url", "not_allowed"),
        ("expires_in_minutes", "out_of_range"),
        ("fields.name_first", "empty"),
        ("fields.birthdate", "invalid_format"),
        ("fields.shoe_size", "unknown_field"),
    ]);
    let body = answer.json();
    for error in body["errors"].as_array().into_iter().flatten() {
        let message = error["message"].as_str().unwrap_or_default();
        assert!(
            message.ends_with('.') && message.len() > 10,
            "a sentence: {message:?}"
        );
    }
}

#[tokio::test]
async fn no_message_repeats_what_was_sent() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let secret = "Zyx98765";
    let body = json!({
        "external_ref": format!("{secret}\u{1}"), "country": secret, "checks": [secret],
        "workflow_id": secret, "redirect_url": secret, "applicant_email": secret,
        "applicant_name": format!("{secret}\u{1}"), "support_url": format!("ftp://{secret}.example/"),
        "fields": {"birthdate": secret, "phone_number": secret, "nationality": secret},
    });
    let answer = api
        .create(&body)
        .await
        .expect_error(422, "validation_failed");
    assert!(
        !answer.text.to_lowercase().contains(&secret.to_lowercase()),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn a_hundred_errors_are_listed_and_the_rest_counted() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let checks: Vec<String> = (0..150).map(|n| format!("check{n}")).collect();
    let answer = api
        .create(&json!({"checks": checks}))
        .await
        .expect_error(422, "validation_failed");
    let errors = answer.errors();
    // A list of 150 has more items than there are checks; either rule may speak, but not for ever.
    assert!(errors.len() <= 101, "{}", errors.len());
    if errors.len() == 101 {
        assert_eq!(errors[100], (String::new(), "too_many".to_owned()));
        let last = answer.json()["errors"][100]["message"].to_string();
        assert!(last.contains("50"), "the message counts the rest: {last}");
    }
}
