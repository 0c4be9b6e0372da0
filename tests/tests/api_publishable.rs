//! Publishable keys: what a page that anybody can read may do with one, and what it is told.

use std::collections::HashSet;

use serde_json::{Value, json};
use vouchkey_tests::api::{CREATED, SESSIONS, names};
use vouchkey_tests::program::Installation;
use vouchkey_tests::publishable::{self, SHOP, expect_reader};
use vouchkey_types::api_key::ApiKey;

#[tokio::test]
async fn a_publishable_key_needs_origins_as_browsers_name_them() {
    let installation = Installation::new().await;
    let create = [
        "keys",
        "create",
        "--environment",
        "live",
        "--kind",
        "publishable",
    ];
    for (more, word) in [
        (&[][..], "--origins"),
        (&["--origins", "*"], "such as https://shop.example"),
        (
            &["--origins", "https://*.shop.example"],
            "each origin in full",
        ),
        (&["--origins", "https://shop.example/pay"], "path"),
        (
            &["--origins", "shop.example"],
            "such as https://shop.example",
        ),
        (&["--origins", "http://shop.example"], "must be https"),
        (
            &["--origins", "https://shop.example,null"],
            "such as https://shop.example",
        ),
        (
            &["--origins", SHOP, "--scopes", "sessions:read"],
            "--scopes",
        ),
        (&["--origins", SHOP, "--kind", "secret"], ""),
    ] {
        let output = installation.run(&[&create, more].concat()).await;
        assert_eq!(output.status.code(), Some(2), "{more:?}: {output:?}");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.contains(word), "{more:?}: {message}");
    }
    let secret = ["keys", "create", "--environment", "live", "--origins", SHOP];
    assert_eq!(installation.run(&secret).await.status.code(), Some(2));

    let given = "https://Shop.example:443,http://[::1]:3000,https://shop.example";
    let more = [
        "--kind",
        "publishable",
        "--label",
        "web shop",
        "--origins",
        given,
    ];
    let key = installation.key("live", &more).await;
    assert!(key.secret.starts_with("vk_pub_live_"), "{}", key.id);
    assert!(
        ApiKey::parse(&key.secret).is_some(),
        "its checksum is right"
    );
    let list = installation.json(&["keys", "list", "--json"]).await;
    let listed = &list["data"][0];
    assert_eq!(listed["kind"], "publishable", "{list}");
    assert_eq!(
        listed["origins"],
        json!([SHOP, "http://[::1]:3000"]),
        "{list}"
    );
    assert_eq!(listed["scopes"], json!(["sessions:create"]), "{list}");
    let text = installation.output(&["keys", "list"]).await;
    assert!(
        text.contains("publishable") && text.contains(SHOP),
        "{text}"
    );
    assert!(
        !text.contains(&key.secret),
        "the list does not show it again"
    );
}

#[tokio::test]
async fn a_page_on_a_listed_origin_creates_a_session_and_reads_the_answer() {
    let installation = Installation::new().await;
    let (server, page, own) = publishable::shop(&installation).await;
    let body = json!({
        "external_ref": "order-1", "country": "us", "workflow_id": installation.workflow("sandbox"),
        "fields": {"name_first": "Jane", "email": "jane@example.com"}, "metadata": {"plan": "premium"},
        "expires_in_minutes": 30
    });
    let answer = page.create(&body).await.expect_status(201);
    expect_reader(&answer, Some(SHOP));
    let session = answer.json();
    assert_eq!(
        names(&session),
        HashSet::from(CREATED),
        "what it sent, and where the applicant goes"
    );
    let exposed = answer
        .header("access-control-expose-headers")
        .unwrap_or_default();
    for name in [
        "X-Request-Id",
        "X-RateLimit-Limit",
        "X-RateLimit-Remaining",
        "X-RateLimit-Reset",
        "Retry-After",
        "Idempotency-Replayed",
        "Verifa-Version",
        "Vouchkey-Ignored-Fields",
        "Location",
    ] {
        assert!(
            exposed.split(", ").any(|one| one == name),
            "{name}: {exposed}"
        );
    }
    let stored = own.session(&session["id"]).await;
    assert_eq!(stored["metadata"], json!({"plan": "premium"}));
    assert_eq!(stored["country"], "US");

    let elsewhere = page
        .client()
        .creation(&json!({}))
        .header("Origin", "http://localhost:3000")
        .send()
        .await;
    expect_reader(&elsewhere.expect_status(201), Some("http://localhost:3000"));
    let bearer = format!("Bearer {}", publishable::key(&installation).await.secret);
    let call = server
        .stranger()
        .creation(&json!({}))
        .header("Authorization", &bearer);
    call.header("Origin", SHOP).send().await.expect_status(201);
}

#[tokio::test]
async fn other_pages_and_programs_are_refused() {
    let installation = Installation::new().await;
    let (server, page, own) = publishable::shop(&installation).await;
    let none = page
        .client()
        .create(&json!({}))
        .await
        .expect_error(403, "forbidden");
    expect_reader(&none, None);
    for origin in [
        "https://evil.example",
        "null",
        "",
        "*",
        "http://shop.example",
        "https://SHOP.example",
        "HTTPS://shop.example",
        "https://shop.example.",
        "https://shop.example/",
        "https://shop.example:443",
        "https://shop.example:8443",
        "https://a.shop.example",
        "https://shop.example.evil.example",
        "https://evil.example#https://shop.example",
        "https://me@shop.example",
        "https://shop.example, https://evil.example",
        "https://shop.example http://localhost:3000",
        "http://localhost",
        "http://localhost:3001",
        "http://127.0.0.1:3000",
        "https://sh\u{f6}p.example",
    ] {
        let answer = page
            .client()
            .creation(&json!({}))
            .header("Origin", origin)
            .send()
            .await;
        assert_eq!(answer.status, 403, "{origin}: {}", answer.text);
        expect_reader(&answer.expect_error(403, "forbidden"), None);
    }
    for second in ["https://evil.example", SHOP] {
        let two = page
            .creation(&json!({}))
            .header("Origin", second)
            .send()
            .await;
        expect_reader(&two.expect_error(403, "forbidden"), None);
    }
    let key = publishable::key(&installation).await.secret;
    for name in ["api_key", "X-API-Key", "key", "access_token"] {
        let path = format!("{SESSIONS}?{name}={key}");
        let call = server.stranger().call("POST", &path).json(&json!({}));
        let answer = call
            .header("Origin", SHOP)
            .send()
            .await
            .expect_error(401, "unauthorized");
        expect_reader(&answer, Some(SHOP));
    }
    assert_eq!(own.count().await, 0);
    assert!(
        !server.whole_logs().await.contains(&key),
        "a key in a query does not get into the log"
    );
}

#[tokio::test]
async fn fields_that_are_closed_to_it_are_named_with_everything_else_that_is_wrong() {
    let installation = Installation::new().await;
    installation
        .output(&["org", "set", "--redirect-hosts", "shop.example,localhost"])
        .await;
    let (_server, page, own) = publishable::shop(&installation).await;
    let body = json!({
        "support_url": "https://a.example", "brand-name": "Your Bank", "applicantName": "Jane",
        "applicant_email": "jane@example.com", "send_email": true, "checks": ["face_match"], "country": "XX",
        "redirect_url": "https://evil.example/", "expires_in_minutes": 1, "fields": {"nope": 1}
    });
    let closed = [
        ("country", "unknown_value"),
        ("checks", "not_allowed"),
        ("redirect_url", "not_allowed"),
        ("send_email", "not_allowed"),
        ("applicant_email", "not_allowed"),
        ("applicant_name", "not_allowed"),
        ("email_display_name", "not_allowed"),
        ("support_url", "not_allowed"),
        ("expires_in_minutes", "out_of_range"),
        ("fields.nope", "unknown_field"),
    ];
    let refused = page.create(&body).await.expect_errors(&closed);
    assert!(
        !refused.text.contains("evil.example"),
        "no message repeats what was sent"
    );
    page.create(&json!({"send_email": false}))
        .await
        .expect_errors(&[("send_email", "not_allowed")]);
    page.create(
        &json!({"data": {"attributes": {"sendEmail": true, "applicant-email": "a@b.example"}}}),
    )
    .await
    .expect_errors(&[
        ("send_email", "not_allowed"),
        ("applicant_email", "not_allowed"),
    ]);
    for url in [
        "https://shop.example/done?x=1#y",
        "http://LOCALHOST:3000/",
        "https://shop.example:8443",
    ] {
        page.create(&json!({"redirect_url": url}))
            .await
            .expect_status(201);
    }
    for url in [
        "https://a.shop.example",
        "https://shop.example.evil.example",
        "https://shop.example@evil.example/",
        "https://127.0.0.1",
    ] {
        page.create(&json!({"redirect_url": url}))
            .await
            .expect_errors(&[("redirect_url", "not_allowed")]);
    }
    let ignored = page
        .create(&json!({"sendEmial": true, "send_email": null}))
        .await
        .expect_status(201);
    assert_eq!(ignored.header("vouchkey-ignored-fields"), Some("sendEmial"));
    let strict = page
        .creation(&json!({"sendEmial": true}))
        .header("Prefer", "handling=strict")
        .send()
        .await;
    strict.expect_errors(&[("sendEmial", "unknown_field")]);
    own.created(&json!({"redirect_url": "https://anywhere.example", "checks": ["face_match"]}))
        .await;
    let mail = own
        .created(&json!({"metadata": {"applicant_email": "jane@example.com"}}))
        .await;
    assert_eq!(mail["status"], "pending");
}

#[tokio::test]
async fn a_dry_run_is_held_to_the_same_rules_and_stores_nothing() {
    let installation = Installation::new().await;
    let (_server, page, own) = publishable::shop(&installation).await;
    let dry = |body: Value| {
        let call = page
            .client()
            .call("POST", &format!("{SESSIONS}?dry_run=true"))
            .json(&body);
        call.header("Origin", SHOP).send()
    };
    let answer = dry(json!({"country": "us"})).await.expect_status(200);
    expect_reader(&answer, Some(SHOP));
    let body = answer.json();
    assert_eq!(
        (&body["request"]["country"], &body["invitation"]),
        (&json!("US"), &Value::Null)
    );
    let mail = json!({"send_email": true, "applicant_email": "a@b.example"});
    dry(mail).await.expect_errors(&[
        ("send_email", "not_allowed"),
        ("applicant_email", "not_allowed"),
    ]);
    assert_eq!(own.count().await, 0);
}

#[tokio::test]
async fn it_reads_and_changes_nothing() {
    let installation = Installation::new().await;
    let (_server, page, own) = publishable::shop(&installation).await;
    let session = page
        .create(&json!({"external_ref": "order-1"}))
        .await
        .expect_status(201)
        .json();
    let one = format!("{SESSIONS}/{}", session["id"].as_str().unwrap_or_default());
    for path in [SESSIONS, &one, "/api/v1/sessions?external_ref=order-1"] {
        for method in ["GET", "HEAD"] {
            let answer = page
                .client()
                .call(method, path)
                .header("Origin", SHOP)
                .send()
                .await;
            expect_reader(&answer.expect_status(403), Some(SHOP));
        }
        let answer = page
            .client()
            .get(path)
            .await
            .expect_error(403, "insufficient_scope");
        assert_eq!(answer.number("x-ratelimit-limit"), 1_000);
        expect_reader(&answer, None);
        let foreign = page
            .client()
            .call("GET", path)
            .header("Origin", "https://evil.example")
            .send()
            .await;
        expect_reader(&foreign.expect_error(403, "insufficient_scope"), None);
    }
    own.get(&one).await.expect_status(200);
}
