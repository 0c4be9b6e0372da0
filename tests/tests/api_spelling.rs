//! One request in the spellings that programs bring along, and one answer in the casing asked for.

use serde_json::{Value, json};
use vouchkey_tests::api::SESSIONS;
use vouchkey_tests::program::Installation;

const VERSION: &str = "Verifa-Version";
const CASING: &str = "Key-Inflection";
const IGNORED: &str = "vouchkey-ignored-fields";

#[tokio::test]
async fn snake_camel_and_kebab_mean_the_same() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let spellings = [
        json!({"external_ref": "a", "expires_in_minutes": 30, "fields": {"address_street_1": "1 Main St"}}),
        json!({"externalRef": "a", "expiresInMinutes": 30, "fields": {"addressStreet1": "1 Main St"}}),
        json!({"external-ref": "a", "expires-in-minutes": 30, "fields": {"address-street-1": "1 Main St"}}),
    ];
    let mut requests = Vec::new();
    for body in &spellings {
        let answer = api.dry_run(body).send().await.expect_status(200);
        assert_eq!(answer.header(IGNORED), None, "{body}");
        requests.push(answer.json()["request"].clone());
    }
    assert_eq!(requests[0]["external_ref"], "a");
    assert_eq!(requests[0], requests[1]);
    assert_eq!(requests[0], requests[2]);
}

#[tokio::test]
async fn names_of_other_platforms_are_understood() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let workflow = installation.workflow("sandbox");
    for (body, name, value) in [
        (json!({"reference-id": "r"}), "external_ref", "r"),
        (json!({"template_id": workflow}), "workflow_id", workflow),
        (
            json!({"inquiryTemplateId": workflow}),
            "workflow_id",
            workflow,
        ),
        (
            json!({"redirect-uri": "https://app.example/"}),
            "redirect_url",
            "https://app.example/",
        ),
        (
            json!({"return_url": "https://app.example/"}),
            "redirect_url",
            "https://app.example/",
        ),
        (json!({"brandName": "Acme"}), "email_display_name", "Acme"),
        (
            json!({"display_name": "Acme"}),
            "email_display_name",
            "Acme",
        ),
        (
            json!({"verification_support_url": "https://a.example/"}),
            "support_url",
            "https://a.example/",
        ),
    ] {
        let answer = api.dry_run(&body).send().await.expect_status(200).json();
        assert_eq!(answer["request"][name], value, "{body}");
    }
    let body = json!({"prefill": {"first_name": "Jane", "dateOfBirth": "1990-01-02", "email": "j@example.com", "phone": "+14155550100"}});
    let answer = api.dry_run(&body).send().await.expect_status(200).json();
    let fields = &answer["request"]["fields"];
    assert_eq!(fields["name_first"], "Jane");
    assert_eq!(fields["birthdate"], "1990-01-02");
    assert_eq!(fields["email_address"], "j@example.com");
    assert_eq!(fields["phone_number"], "+14155550100");
}

#[tokio::test]
async fn an_envelope_is_opened_once_and_its_siblings_are_dropped() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let body = json!({"data": {"type": "inquiry", "attributes": {"reference-id": "in"}}, "meta": {"country": "XX"}});
    let answer = api.create(&body).await.expect_status(201);
    assert_eq!(answer.json()["external_ref"], "in");
    assert_eq!(answer.header(IGNORED), None);

    let wrong = json!({"data": {"attributes": {"country": "XX", "checks": ["no"]}}});
    api.create(&wrong)
        .await
        .expect_errors(&[("country", "unknown_value"), ("checks[0]", "unknown_value")]);

    let plain = api
        .create(&json!({"data": {"attributes": "text"}}))
        .await
        .expect_status(201);
    assert_eq!(plain.header(IGNORED), Some("data"));
}

#[tokio::test]
async fn answers_come_in_the_casing_that_was_asked_for() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let body = json!({"metadata": {"snake_key": {"camelKey": 1}}});
    let camel = api
        .creation(&body)
        .header(CASING, "camel")
        .send()
        .await
        .expect_status(201)
        .json();
    assert!(
        camel["captureUrl"].is_string() && camel["isSandbox"] == true,
        "{camel}"
    );
    let id = camel["id"].as_str().unwrap_or_default();
    let one = format!("{SESSIONS}/{id}");
    let kebab = api
        .call("GET", &one)
        .header(CASING, "kebab")
        .send()
        .await
        .expect_status(200)
        .json();
    assert!(kebab["capture-url"].is_string(), "{kebab}");
    assert_eq!(
        kebab["metadata"], body["metadata"],
        "keys in metadata stay as they are"
    );

    let refused = api
        .creation(&json!({"expires_in_minutes": 9, "sendEmail": true}))
        .header(CASING, "camel")
        .send()
        .await
        .expect_status(422)
        .json();
    assert_eq!(refused["statusCode"], 422);
    assert!(refused["requestId"].is_string());
    assert_eq!(
        refused["errors"][0]["field"], "applicant_email",
        "paths stay canonical"
    );
    let missing = api
        .call("GET", &format!("{SESSIONS}/nope"))
        .header(CASING, "kebab")
        .send()
        .await;
    assert_eq!(missing.expect_status(404).json()["status-code"], 404);

    api.creation(&json!({}))
        .header(CASING, "SHOUTING")
        .send()
        .await
        .expect_error(400, "invalid_header");
}

#[tokio::test]
async fn a_key_brings_its_casing_and_the_header_wins() {
    let installation = Installation::new().await;
    let key = installation
        .key("sandbox", &["--inflection", "camel"])
        .await;
    let server = installation.serve().await;
    let api = server.api(&key);
    assert!(api.created(&json!({})).await["captureUrl"].is_string());
    let snake = api
        .creation(&json!({}))
        .header(CASING, "snake")
        .send()
        .await
        .expect_status(201);
    assert!(snake.json()["capture_url"].is_string());
    // Nobody's key: the header alone can say, else it is snake.
    let stranger = server.stranger();
    let refused = stranger
        .creation(&json!({}))
        .header(CASING, "camel")
        .send()
        .await;
    assert_eq!(refused.expect_status(401).json()["statusCode"], 401);
    let refused = stranger
        .creation(&json!({}))
        .header(CASING, "loud")
        .send()
        .await;
    refused.expect_error(401, "unauthorized");
}

#[tokio::test]
async fn both_versions_are_served_and_others_refused_by_name() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let answer = api.create(&json!({})).await.expect_status(201);
    assert_eq!(answer.header(VERSION), Some("2026-02-01"));
    let older = api
        .creation(&json!({}))
        .header(VERSION, "2026-01-01")
        .send()
        .await;
    assert_eq!(older.expect_status(201).header(VERSION), Some("2026-01-01"));
    for version in ["2025-12-31", "latest", ""] {
        let refused = api
            .creation(&json!({}))
            .header(VERSION, version)
            .send()
            .await;
        let detail = refused.expect_error(400, "unsupported_version").json()["detail"].to_string();
        assert!(
            detail.contains("2026-01-01") && detail.contains("2026-02-01"),
            "{detail}"
        );
    }
}

#[tokio::test]
async fn a_key_is_pinned_to_its_version() {
    let installation = Installation::new().await;
    let key = installation
        .key("sandbox", &["--api-version", "2026-01-01"])
        .await;
    let server = installation.serve().await;
    let api = server.api(&key);
    let answer = api.create(&json!({})).await.expect_status(201);
    assert_eq!(answer.header(VERSION), Some("2026-01-01"));
    let newer = api
        .creation(&json!({}))
        .header(VERSION, "2026-02-01")
        .send()
        .await;
    assert_eq!(newer.expect_status(201).header(VERSION), Some("2026-02-01"));
}

#[tokio::test]
async fn unknown_fields_are_named_and_refused_only_when_asked_to_be_strict() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let body = json!({"counrty": "US", "a b": 1, "x,y+z%": 2, "ü": 3});
    let answer = api.create(&body).await.expect_status(201);
    assert_eq!(
        answer.header(IGNORED),
        Some("counrty,a%20b,x%2Cy%2Bz%25,%C3%BC")
    );

    let strict = api
        .creation(&json!({"counrty": "US"}))
        .header("Prefer", "handling=strict");
    let refused = strict
        .send()
        .await
        .expect_errors(&[("counrty", "unknown_field")]);
    let message = refused.json()["errors"][0]["message"].to_string();
    assert!(
        message.contains("country"),
        "the nearest name is offered: {message}"
    );
    let lenient = api
        .creation(&json!({"x": 1}))
        .header("Prefer", "respond-async, handling=lenient");
    lenient.send().await.expect_status(201);

    let refused = api.create(&json!({"mood": "good", "country": "XX"})).await;
    let refused = refused.expect_errors(&[("country", "unknown_value")]);
    assert_eq!(
        refused.header(IGNORED),
        Some("mood"),
        "errors name them as well"
    );
}

#[tokio::test]
async fn a_mistyped_parameter_is_named_and_refused_when_asked_to_be_strict() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let call = || {
        api.call("POST", &format!("{SESSIONS}?dryrun=true"))
            .json(&json!({"mood": "good"}))
    };
    let created = call().send().await.expect_status(201);
    assert_eq!(created.header(IGNORED), Some("dryrun,mood"));
    let strict = call().header("Prefer", "handling=strict").send().await;
    let refused = strict.expect_errors(&[("mood", "unknown_field"), ("dryrun", "unknown_field")]);
    let message = refused.json()["errors"][1]["message"].to_string();
    assert!(message.contains("`dry_run`"), "{message}");

    // What was created is answered again, as for a mistake in the body.
    let keyed = || call().header("Idempotency-Key", "once");
    keyed().send().await.expect_status(201);
    let again = keyed().header("Prefer", "handling=strict").send().await;
    let again = again.expect_status(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));

    let id = created.json()["id"].as_str().unwrap_or_default().to_owned();
    let read = api.get(&format!("{SESSIONS}/{id}?fresh=1")).await;
    assert_eq!(read.expect_status(200).header(IGNORED), Some("fresh"));
}

#[tokio::test]
async fn many_unknown_fields_are_counted_and_long_ones_cut() {
    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    let mut body = serde_json::Map::new();
    for number in 0..23 {
        body.insert(format!("unknown{number:02}"), json!(1));
    }
    let answer = api.create(&Value::Object(body)).await.expect_status(201);
    let header = answer.header(IGNORED).unwrap_or_default();
    assert_eq!(header.split(',').count(), 21, "{header}");
    assert!(header.ends_with("+3"), "{header}");

    let long = "n".repeat(100);
    let answer = api.create(&json!({long: 1})).await.expect_status(201);
    let header = answer.header(IGNORED).unwrap_or_default();
    assert!(
        header.starts_with(&"n".repeat(63)) && !header.contains(&"n".repeat(65)),
        "{header}"
    );
}
