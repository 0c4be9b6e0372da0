//! What a person gave is nowhere to be read: not in the logs, and not in a stolen data folder.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use vouchkey_tests::admin::{Admin, PASSWORD, link_token};
use vouchkey_tests::api::SESSIONS;
use vouchkey_tests::program::Installation;
use vouchkey_tests::smtp::Smtp;
use vouchkey_tests::wait;

/// Values that appear nowhere else, one a field.
fn planted() -> Value {
    json!({
        "metadata": {"canarykey": "canary-metadata", "deep": {"list": ["canary-nested"]}},
        "redirect_url": "https://canary-redirect.example/done",
        "send_email": true,
        "applicant_email": "canary-applicant@example.com",
        "applicant_name": "Canary Applicantname",
        "email_display_name": "Canary Brandname",
        "support_url": "https://canary-support.example/",
        "fields": {
            "name_first": "Canaryfirst", "name_middle": "Canarymiddle", "name_last": "Canarylast",
            "birthdate": "1931-07-23", "email_address": "canary-prefill@example.com",
            "phone_number": "+14155559999", "address_street_1": "Canary Street 1",
            "address_street_2": "Canary Floor 2", "address_city": "Canarycity",
            "address_subdivision": "Canaryland", "address_postal_code": "CANARY99",
            "identification_number": "CANARY-ID-77"
        }
    })
}

/// All texts inside a value, but words that are no secret.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok);
    entries
        .flat_map(|entry| {
            let path = entry.path();
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

fn contains(bytes: &[u8], word: &str) -> bool {
    let word = word.as_bytes();
    bytes
        .windows(word.len())
        .any(|window| window.eq_ignore_ascii_case(word))
}

/// Stops the test if a file of the data folder holds one of the words.
fn expect_sealed(installation: &Installation, words: &[String]) {
    let mut found = Vec::new();
    for file in files(installation.folder()) {
        let bytes = std::fs::read(&file).unwrap_or_default();
        let here = words.iter().filter(|word| contains(&bytes, word));
        found.extend(here.map(|word| format!("{word} in {}", file.display())));
    }
    assert!(found.is_empty(), "in clear: {found:#?}");
}

/// Stops the test if the logs hold one of the words.
fn expect_silent(logs: &str, words: &[String]) {
    let lower = logs.to_lowercase();
    let found: Vec<_> = words
        .iter()
        .filter(|word| lower.contains(&word.to_lowercase()))
        .collect();
    assert!(found.is_empty(), "logged: {found:#?}");
}

fn last_part(url: &Value) -> String {
    url.as_str()
        .unwrap_or_default()
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn nothing_personal_is_logged_or_lies_in_the_data_folder_in_clear() {
    let installation = Installation::new().await.with("RUST_LOG", "debug");
    let key = installation.key("sandbox", &[]).await;
    let server = installation.serve().await;
    let owner = server.owner(&installation).await;
    let api = server.api(&key);

    let idempotency_key = "canary-idempotency@example.com";
    let call = || {
        api.creation(&planted())
            .once(idempotency_key)
            .header("X-Request-Id", "r1")
    };
    let session = call().send().await.expect_status(201).json();
    call().send().await.expect_status(201);
    api.create(&json!({"external_ref": "canary-mismatch\u{1}", "country": "canary-country"}))
        .await
        .expect_status(422);
    api.call("POST", SESSIONS)
        .text("{\"canary-broken\": ")
        .send()
        .await
        .expect_status(400);
    api.get(&format!(
        "{SESSIONS}?q=canary-query&external_ref=canary-ref"
    ))
    .await
    .expect_status(200);
    let token = last_part(&session["capture_url"]);
    let nobody = server.stranger();
    nobody
        .get(&format!("/verify/{token}"))
        .await
        .expect_status(200);
    nobody
        .call("POST", &format!("/verify/{token}/start"))
        .send()
        .await
        .expect_status(200);
    nobody
        .get("/verify/canary-unknown-token")
        .await
        .expect_status(404);
    nobody
        .with_key("vk_live_canarynokey")
        .get(SESSIONS)
        .await
        .expect_status(401);
    Admin::nobody(&server)
        .sign_in("canary-signin@example.com", "canary-wrong-password")
        .await
        .expect_status(401);
    Admin::by_password(&server).await;
    let mail = wait::until("the invitation", async || {
        owner.mailbox("sandbox").await.pop()
    })
    .await;
    let path = format!(
        "/admin/v1/mailbox/{}",
        mail["id"].as_str().unwrap_or_default()
    );
    owner.get(&path, "sandbox").await.expect_status(200);
    api.session(&session["id"]).await;

    let mut words = texts(&planted());
    words.extend(
        [
            idempotency_key,
            "canarykey",
            PASSWORD,
            "canary-mismatch",
            "canary-country",
            "canary-broken",
            "canary-query",
            "canary-ref",
            "canary-unknown-token",
            "canarynokey",
            "canary-signin",
            "canary-wrong-password",
        ]
        .map(str::to_owned),
    );
    words.extend([
        key.secret.clone(),
        token,
        link_token(installation.first_answer()),
    ]);
    expect_sealed(&installation, &words);
    let root_key = std::fs::read(installation.folder().join("root.key")).unwrap_or_default();
    let root_key = String::from_utf8_lossy(&root_key).trim().to_owned();
    if !root_key.is_empty() && root_key.is_ascii() {
        words.push(root_key);
    }
    let logs = server.whole_logs().await;
    expect_silent(&logs, &words);
    expect_silent(&server.printed(), &words);
    assert!(
        !logs.contains("owner@example.com"),
        "not even an admin's address"
    );
    server.stop().await;
    words.pop();
    expect_sealed(&installation, &words);
}

#[tokio::test]
async fn a_failing_mail_server_makes_nothing_personal_appear() {
    let smtp = Smtp::start();
    let recipient = "canary-refused@example.com";
    smtp.answer_recipient(
        recipient,
        "550 5.1.1 <canary-refused@example.com> is unknown here",
    );
    let installation = Installation::new()
        .await
        .with("RUST_LOG", "debug")
        .with(
            "VOUCHKEY_SMTP_URL",
            smtp.url_with("canaryuser:canarypassword"),
        )
        .with("VOUCHKEY_MAIL_FROM", "verify@sender.example");
    smtp.ask_for_password();
    let (server, api) = installation.sandbox().await;
    let owner = server.owner(&installation).await;
    let mut body = planted();
    body["applicant_email"] = json!(recipient);
    let session = api.created(&body).await;
    wait::until("the failed invitation", async || {
        let timeline = owner.timeline(&session["id"], "sandbox").await;
        timeline
            .iter()
            .any(|event| event == "invitation.failed")
            .then_some(())
    })
    .await;
    let mut words = texts(&body);
    words.extend(["canaryuser", "canarypassword"].map(str::to_owned));
    expect_silent(&server.whole_logs().await, &words);
    expect_sealed(&installation, &words);
    let shown = installation.output(&["check-config"]).await;
    assert!(!shown.contains("canarypassword"), "{shown}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_data_folder_is_closed_to_everybody_else() {
    use std::os::unix::fs::PermissionsExt as _;

    let installation = Installation::new().await;
    let (_server, api) = installation.sandbox().await;
    api.created(&json!({})).await;
    let mode = |path: &Path| {
        let data = std::fs::metadata(path);
        data.map(|data| data.permissions().mode() & 0o777)
            .unwrap_or_default()
    };
    assert_eq!(mode(installation.folder()), 0o700);
    for file in files(installation.folder()) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}
