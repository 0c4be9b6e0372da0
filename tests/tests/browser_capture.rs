//! The hosted pages in a real browser: readable by everyone, embedded only where they may be.

use serde_json::{Value, json};
use vouchkey_tests::browser::{Browser, visit};
use vouchkey_tests::database::Database;
use vouchkey_tests::program::{Installation, Server};
use vouchkey_tests::site::{Place, Site, frame_page};
use vouchkey_tests::wait;

async fn session(installation: &Installation) -> (Server, Value) {
    let (server, api) = installation.sandbox().await;
    let body = json!({
        "send_email": true, "applicant_email": "jane@example.com",
        "email_display_name": "Acme Pay", "support_url": "https://acme.example/help"
    });
    let session = api.created(&body).await;
    (server, session)
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

async fn change(installation: &Installation, session: &Value, table: &str, change: &str) {
    let sql = format!(
        "UPDATE {table} SET {change} WHERE session_id = '{}'",
        text(session, "id")
    );
    assert_eq!(Database::open(installation).await.execute(&sql).await, 1);
}

/// Checks a page at the width of a small phone and of a desk.
async fn check(browser: &Browser, name: &str) {
    for width in [320, 1440] {
        browser.resize(width, 800).await;
        browser.expect_accessible(&format!("capture {name}")).await;
        browser.expect_no_sideways_scrolling(name).await;
    }
}

#[tokio::test]
async fn every_hosted_page_is_accessible_in_light_and_dark_at_any_width() {
    let installation = Installation::new().await;
    installation
        .output(&["org", "set", "--accent-colour", "#f2c200"])
        .await;
    let (server, session) = session(&installation).await;
    let link = text(&session, "capture_url");
    let nowhere = server.url("/verify/nothing");
    visit(|browser| async move {
        browser.go(&link).await;
        browser.sees("Acme Pay").await;
        check(&browser, "pending").await;
        browser.click("Start").await;
        browser.sees("not part of this version yet").await;
        check(&browser, "started").await;

        change(
            &installation,
            &session,
            "capture_links",
            "revoked_at = created_at",
        )
        .await;
        browser.go(&link).await;
        browser.sees("no longer").await;
        check(&browser, "revoked").await;

        change(&installation, &session, "sessions", "status = 'capturing'").await;
        change(
            &installation,
            &session,
            "capture_links",
            "revoked_at = NULL, consumed_at = created_at, bound_hash = x'00'",
        )
        .await;
        browser.go(&link).await;
        browser.sees("another device").await;
        check(&browser, "used").await;

        change(&installation, &session, "sessions", "status = 'completed'").await;
        browser.go(&link).await;
        browser.sees("done").await;
        check(&browser, "finished").await;

        change(
            &installation,
            &session,
            "sessions",
            "status = 'pending', expires_at = created_at - 1",
        )
        .await;
        change(
            &installation,
            &session,
            "capture_links",
            "consumed_at = NULL, bound_hash = NULL, expires_at = created_at - 1",
        )
        .await;
        browser.go(&link).await;
        browser.sees("expired").await;
        check(&browser, "expired").await;

        browser.go(&nowhere).await;
        browser.sees("does not exist").await;
        check(&browser, "unknown").await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn the_link_works_without_javascript() {
    let installation = Installation::new().await;
    let (_server, session) = session(&installation).await;
    let link = text(&session, "capture_url");
    visit(|browser| async move {
        let off = json!({"value": true});
        browser
            .driver()
            .cdp()
            .send_raw("Emulation.setScriptExecutionDisabled", off)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        browser.go(&link).await;
        let start = browser.element("form button").await;
        start
            .click()
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let heading = wait::until("the next page", async || {
            let heading = browser.element("h1").await.text().await.ok()?;
            heading
                .contains("not part of this version yet")
                .then_some(heading)
        })
        .await;
        assert!(!heading.is_empty());
    })
    .await;
}

/// The text inside the only frame of the page, or nothing where the browser shows none.
async fn frame_text(browser: &Browser) -> String {
    let frame = browser.element("iframe").await;
    frame
        .enter_frame()
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let text = browser.text().await;
    browser
        .driver()
        .enter_parent_frame()
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    text
}

#[tokio::test]
async fn the_page_is_shown_inside_an_allowed_site_and_refused_to_a_foreign_one() {
    let installation = Installation::new().await;
    let place = Place::new().await;
    installation
        .output(&["org", "set", "--embed-origins", &place.origin()])
        .await;
    let (_server, session) = session(&installation).await;
    let link = text(&session, "capture_url");
    let allowed = place.serve(&frame_page(&link));
    let foreign = Site::framing(&link).await;
    visit(|browser| async move {
        browser.go(allowed.origin()).await;
        wait::until("the page inside the allowed site", async || {
            frame_text(&browser)
                .await
                .contains("Acme Pay")
                .then_some(())
        })
        .await;
        browser.expect_silent_console().await;

        browser.go(foreign.origin()).await;
        wait::until("the browser's refusal", async || {
            let complaints = browser.complaints().await;
            complaints
                .iter()
                .any(|line| line.contains("frame-ancestors"))
                .then_some(())
        })
        .await;
        let shown = frame_text(&browser).await;
        assert!(!shown.contains("Acme Pay"), "{shown}");
    })
    .await;
}
