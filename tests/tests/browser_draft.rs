//! What was typed into the form is not lost: not with the sign-in, not by a reload, not by a look at another page.

use serde_json::json;
use vouchkey_tests::browser::{Browser, visit};
use vouchkey_tests::program::{Installation, Server};

async fn with_owner() -> (Installation, Server) {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    server.owner(&installation).await;
    (installation, server)
}

/// Opens the form in the sandbox, through the gate.
async fn open_form(browser: &Browser, server: &Server) {
    let form = server.url("/dashboard/sessions/new?env=sandbox");
    browser.go_through_sign_in(&form).await;
    browser.sees("Your reference").await;
}

async fn reload(browser: &Browser) {
    browser
        .driver()
        .refresh()
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    browser.sees("Your reference").await;
}

/// Types into a field of every kind.
async fn fill(browser: &Browser) {
    browser.fill("Your reference", "user 42").await;
    browser.click("Checks").await;
    browser.click("These checks instead").await;
    browser.click("Face match").await;
    browser.click("Prefill").await;
    browser.fill("First name", "Jane").await;
    browser.click("Metadata").await;
    browser.fill("Key 1", "seats").await;
    browser.fill("Value 1", "12").await;
    browser.choose("Value 1 is sent as", "JSON").await;
}

/// The form holds what [`fill`] typed, and sends it.
async fn holds_all(browser: &Browser) {
    assert_eq!(browser.value("Your reference").await, "user 42");
    let command = "return document.querySelector('.companion pre').textContent";
    let command = browser.script(command, Vec::new()).await;
    for part in [
        "\"user 42\"",
        "[\"face_match\"]",
        "\"name_first\": \"Jane\"",
        "\"seats\": 12",
    ] {
        assert!(
            command.as_str().is_some_and(|text| text.contains(part)),
            "{part} in {command}"
        );
    }
}

async fn kept(browser: &Browser) -> i64 {
    let count = browser
        .script("return sessionStorage.length", Vec::new())
        .await;
    count.as_i64().unwrap_or(-1)
}

#[tokio::test]
async fn the_form_outlives_the_sign_in() {
    let (_installation, server) = with_owner().await;
    visit(|browser| async move {
        open_form(&browser, &server).await;
        fill(&browser).await;
        browser
            .driver()
            .delete_all_cookies()
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        browser.click("Create verification").await;
        browser.arrives_at("sign-in").await;
        browser.sees("You were signed out").await;
        browser.sees("What you typed is kept").await;
        browser.sign_in().await;
        browser.arrives_at("/sessions/new").await;
        browser.sees("here again").await;
        holds_all(&browser).await;
        browser.click("Create verification").await;
        browser.sees("Verification created").await;
        assert_eq!(kept(&browser).await, 0);
        browser.click("Create another").await;
        browser.sees("Your reference").await;
        assert_eq!(browser.value("Your reference").await, "");
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn the_form_outlives_a_reload_and_a_look_at_another_page() {
    let (_installation, server) = with_owner().await;
    visit(|browser| async move {
        open_form(&browser, &server).await;
        fill(&browser).await;
        reload(&browser).await;
        holds_all(&browser).await;
        browser.click("Mailbox").await;
        browser.sees("No mail").await;
        browser.press("n").await;
        browser.sees("here again").await;
        holds_all(&browser).await;
        browser.click("Clear the form").await;
        assert_eq!(browser.value("Your reference").await, "");
        browser.no_longer_sees("here again").await;
        assert_eq!(kept(&browser).await, 0);
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn what_was_typed_moves_with_the_environment_and_goes_with_the_person() {
    let (_installation, server) = with_owner().await;
    visit(|browser| async move {
        open_form(&browser, &server).await;
        browser.fill("Your reference", "user 42").await;
        browser.click("Live").await;
        browser.arrives_at("env=live").await;
        assert_eq!(browser.value("Your reference").await, "user 42");
        assert_eq!(kept(&browser).await, 1);
        browser.click("Sign out").await;
        browser.arrives_at("sign-in").await;
        browser.sees("Forgotten?").await;
        assert_eq!(kept(&browser).await, 0);
        assert!(!browser.text().await.contains("You were signed out"));
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn each_environment_keeps_what_was_typed_in_it() {
    let (_installation, server) = with_owner().await;
    visit(|browser| async move {
        open_form(&browser, &server).await;
        browser.fill("Your reference", "user 42").await;
        browser
            .go(&server.url("/dashboard/sessions/new?env=live"))
            .await;
        browser.sees("Your reference").await;
        assert_eq!(browser.value("Your reference").await, "");
        // An empty form takes nothing along.
        browser.click("Sandbox").await;
        browser.sees("here again").await;
        assert_eq!(browser.value("Your reference").await, "user 42");
        browser
            .go(&server.url("/dashboard/sessions/new?env=live"))
            .await;
        browser.fill("Your reference", "user 43").await;
        browser.click("Sandbox").await;
        browser.sees("here again").await;
        assert_eq!(browser.value("Your reference").await, "user 42");
        browser.click("Live").await;
        browser.arrives_at("env=live").await;
        assert_eq!(browser.value("Your reference").await, "user 43");
        assert_eq!(kept(&browser).await, 2);
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn long_values_in_folded_groups_stay_inside_the_page() {
    let (_installation, server) = with_owner().await;
    visit(|browser| async move {
        open_form(&browser, &server).await;
        for group in ["Invitation", "Redirect", "Expiry"] {
            browser.click(group).await;
        }
        for (field, text) in [
            ("Applicant’s name", "Jane ".repeat(40)),
            ("Brand in the invitation", "B".repeat(200)),
            ("Support link in the invitation", format!("https://acme.example/{}", "h".repeat(900))),
            ("Redirect URL", format!("https://app.example/{}", "r".repeat(900))),
            ("Minutes until the capture URL expires", "9".repeat(200)),
        ] {
            browser.fill(field, &text).await;
        }
        for group in ["Invitation", "Redirect", "Expiry"] {
            browser.click(group).await;
        }
        for width in [1280, 375, 320] {
            browser.resize(width, 900).await;
            let wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
            assert_eq!(browser.script(wide, Vec::new()).await, json!(0), "at {width}");
            let names = "return [...document.querySelectorAll('.group-name')].filter(name => name.offsetHeight > 24).length";
            let lines = browser.script(names, Vec::new()).await;
            assert_eq!(lines, json!(0), "at {width}");
        }
        browser.expect_silent_console().await;
    })
    .await;
}
