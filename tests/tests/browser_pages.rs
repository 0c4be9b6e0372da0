//! Every page of the dashboard, light and dark, on a phone and at a desk: axe-core finds nothing,
//! nothing is cut off, and the console stays silent.

use serde_json::{Value, json};
use vouchkey_tests::browser::{Browser, visit};
use vouchkey_tests::program::{Installation, Server};
use vouchkey_tests::wait;

/// Checks the page that is shown, at both widths and in both schemes.
async fn check(browser: &Browser, name: &str) {
    for width in [390, 1440] {
        browser.resize(width, 900).await;
        browser.expect_accessible(name).await;
        browser.expect_no_sideways_scrolling(name).await;
    }
}

async fn signed_in(browser: &Browser, server_url: &str) {
    browser.go(&format!("{server_url}/dashboard/sign-in")).await;
    browser.sign_in().await;
    browser.sees("No sessions yet").await;
}

/// A session with long values in every field, and its mail in the mailbox.
async fn full(installation: &Installation, server: &Server) -> (String, String) {
    let key = installation.key("sandbox", &[]).await;
    let api = server.api(&key);
    let body = json!({
        "external_ref": "customer-".repeat(28),
        "metadata": {"plan": "premium", "a_rather_long_key_of_metadata": "w".repeat(400), "deep": {"list": [1, 2, 3]}},
        "country": "DE", "checks": ["document_ocr", "face_match", "watchlist_screening"],
        "redirect_url": format!("https://app.example/{}", "done/".repeat(60)),
        "send_email": true, "applicant_email": "jane.doe@example.com",
        "applicant_name": "Jane ".repeat(40).trim(), "email_display_name": "B".repeat(200),
        "support_url": "https://acme.example/help",
        "fields": {"name_first": "Jane", "birthdate": "1990-02-28", "address_street_1": "s".repeat(255)}
    });
    let session = api.created(&body).await;
    for number in 0..60 {
        api.created(&json!({"external_ref": format!("user_{number}")}))
            .await;
    }
    let owner = vouchkey_tests::admin::Admin::by_password(server).await;
    let mail = wait::until("the mail", async || owner.mailbox("sandbox").await.pop()).await;
    let id = |value: &Value| value["id"].as_str().unwrap_or_default().to_owned();
    (id(&session), id(&mail))
}

#[tokio::test]
async fn the_gate_and_empty_pages_are_accessible() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let owner = server.owner(&installation).await;
    drop(owner);
    let base = server.base().to_owned();
    visit(|browser| async move {
        browser.go(&format!("{base}/dashboard/sign-in")).await;
        browser.sees("Forgotten?").await;
        check(&browser, "sign in").await;
        browser.go(&format!("{base}/dashboard/")).await;
        browser.arrives_at("sign-in").await;
        browser.go("about:blank").await;
        browser.go(&format!("{base}/dashboard/sign-in#token")).await;
        browser.sees("Choose a password").await;
        check(&browser, "first password").await;
        browser.go("about:blank").await;
        signed_in(&browser, &base).await;
        check(&browser, "sessions empty").await;
        browser
            .go(&format!("{base}/dashboard/mailbox?env=live"))
            .await;
        browser.sees("No mail").await;
        check(&browser, "mailbox empty").await;
        browser
            .go(&format!("{base}/dashboard/sessions/ses_0?env=live"))
            .await;
        browser.sees("No such session here").await;
        check(&browser, "no such session").await;
        browser.go(&format!("{base}/dashboard/nowhere")).await;
        browser.sees("Vouchkey").await;
        check(&browser, "not found").await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn full_pages_are_accessible() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    server.owner(&installation).await;
    let base = server.base().to_owned();
    visit(|browser| async move {
        signed_in(&browser, &base).await;
        let (session, mail) = full(&installation, &server).await;
        for (path, words, name) in [
            ("/sessions?env=sandbox".to_owned(), "user_59", "sessions"),
            (
                "/sessions?env=sandbox&q=nobody".to_owned(),
                "Nothing matches",
                "sessions nothing matches",
            ),
            (
                format!("/sessions/{session}?env=sandbox"),
                "Timeline",
                "session",
            ),
            (
                format!("/sessions/{session}/created?env=sandbox"),
                "Capture URL",
                "created",
            ),
            (
                "/mailbox?env=sandbox".to_owned(),
                "jane.doe@example.com",
                "mailbox",
            ),
            (format!("/mailbox/{mail}?env=sandbox"), "From", "message"),
            (
                format!("/mailbox/{mail}?env=sandbox&part=text"),
                "please click",
                "message text",
            ),
        ] {
            browser.resize(1440, 900).await;
            browser.go(&format!("{base}/dashboard{path}")).await;
            browser.sees(words).await;
            check(&browser, name).await;
        }
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn the_form_is_accessible_folded_unfolded_and_full_of_mistakes() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    server.owner(&installation).await;
    let base = server.base().to_owned();
    visit(|browser| async move {
        signed_in(&browser, &base).await;
        browser
            .go(&format!("{base}/dashboard/sessions/new?env=sandbox"))
            .await;
        browser.sees("Your reference").await;
        check(&browser, "form").await;
        browser.resize(1440, 900).await;
        for group in [
            "Invitation",
            "Checks",
            "Prefill",
            "Metadata",
            "Redirect",
            "Expiry",
        ] {
            browser.click(group).await;
        }
        browser.click("These checks instead").await;
        browser.fill("Country of the documents", "XX").await;
        browser.fill("First name", &"n".repeat(256)).await;
        browser.fill("Date of birth", "yesterday").await;
        browser
            .fill("Minutes until the capture URL expires", "9")
            .await;
        browser.click("Create verification").await;
        browser.sees("to mend").await;
        check(&browser, "form with mistakes").await;
        browser.expect_silent_console().await;
    })
    .await;
}
