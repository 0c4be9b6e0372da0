//! The main job as a person does it: from the one-time link to the mail in the mailbox.

use vouchkey_tests::admin::PASSWORD;
use vouchkey_tests::browser::{Browser, visit};
use vouchkey_tests::program::{Installation, OWNER, Server};
use vouchkey_tests::{qr, wait};

async fn dashboard() -> (Installation, Server, String) {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let link = installation.first_answer()["owner"]["sign_in_url"]
        .as_str()
        .unwrap_or_default();
    let (_, token) = link.split_once('#').unwrap_or_default();
    let link = server.url(&format!("/dashboard/sign-in#{token}"));
    (installation, server, link)
}

/// Sets the first password through the one-time link.
async fn sign_in(browser: &Browser, link: &str) {
    browser.go(link).await;
    browser.fill("New password", PASSWORD).await;
    browser.click("Set password and sign in").await;
    browser.sees("No sessions yet").await;
}

/// Types something wrong into a field, leaves it, and sees what is wrong about it.
async fn mistake(browser: &Browser, label: &str, text: &str, expected: &str) {
    browser.fill(label, text).await;
    browser.leave_field().await;
    let message = browser.error_at(label).await;
    assert!(
        message.to_lowercase().contains(expected),
        "{label}: {message:?}"
    );
}

async fn unfold(browser: &Browser, group: &str) {
    let summary = browser.action(group).await;
    summary
        .click()
        .await
        .unwrap_or_else(|error| panic!("{error}"));
}

/// Makes a mistake in every kind of field, sees each, and cannot send the form.
async fn fill_wrongly(browser: &Browser) {
    mistake(browser, "Country of the documents", "XX", "country").await;
    mistake(browser, "Applicant’s e-mail address", "jane", "e-mail").await;
    for group in ["Invitation", "Prefill", "Redirect", "Expiry"] {
        unfold(browser, group).await;
    }
    mistake(
        browser,
        "Support link in the invitation",
        "ftp://acme.example/",
        "http",
    )
    .await;
    mistake(browser, "Date of birth", "1990-02-30", "date").await;
    mistake(browser, "Phone number", "0172", "+").await;
    mistake(browser, "Redirect URL", "app.example", "http").await;
    mistake(browser, "Minutes until the capture URL expires", "9", "10").await;
    browser.click("Create verification").await;
    browser.sees("7 mistakes to mend").await;
    browser.fill("Applicant’s e-mail address", "").await;
    let invite = browser.control("Send an invitation by e-mail").await;
    invite
        .click()
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    browser.click("Create verification").await;
    let required = browser.error_at("Applicant’s e-mail address").await;
    assert!(!required.is_empty());
    assert!(
        !browser.address().await.contains("created"),
        "nothing was sent"
    );
}

/// Mends every mistake, and sees the invitation as it will be sent.
async fn fill_rightly(browser: &Browser) {
    browser.fill("Your reference", "user 42").await;
    browser.fill("Country of the documents", "de").await;
    browser
        .fill("Applicant’s e-mail address", "jane@example.com")
        .await;
    browser.fill("Applicant’s name", "Jane Doe").await;
    browser
        .fill(
            "Support link in the invitation",
            "https://acme.example/help",
        )
        .await;
    browser.fill("Date of birth", "1990-02-28").await;
    browser.fill("Phone number", "+14155550100").await;
    browser
        .fill("Redirect URL", "https://app.example/done")
        .await;
    browser
        .fill("Minutes until the capture URL expires", "60")
        .await;
    browser.sees("Jane Doe, please click").await;
}

#[tokio::test]
async fn a_person_creates_a_verification_and_finds_code_link_and_mail() {
    let (_installation, server, link) = dashboard().await;
    let mailbox = server.url("/dashboard/mailbox?env=sandbox");
    let base = server.base().to_owned();
    visit(|browser| async move {
        sign_in(&browser, &link).await;
        browser.click("Sandbox").await;
        browser.arrives_at("env=sandbox").await;
        browser.click("New verification").await;
        browser.sees("Your reference").await;

        fill_wrongly(&browser).await;
        fill_rightly(&browser).await;
        browser.click("Create verification").await;
        browser.sees("Verification created").await;

        let shown = browser
            .element("#capture-url")
            .await
            .text()
            .await
            .unwrap_or_default();
        let decoded = wait::until("a readable code in the screenshot", async || {
            qr::read_all(&browser.screenshot().await).pop()
        })
        .await;
        assert_eq!(decoded, shown.trim());
        assert!(decoded.starts_with(&format!("{base}/verify/")), "{decoded}");
        browser.click("View session").await;
        browser.sees("Session created by owner@example.com").await;
        browser.sees("Put into the mailbox").await;
        browser.sees("user 42").await;

        browser.go(&decoded).await;
        browser.sees("Verify your identity").await;
        browser.click("Start").await;
        browser.sees("not part of this version yet").await;

        browser.go(&mailbox).await;
        browser.sees("jane@example.com").await;
        browser.click("Verify your identity").await;
        let frame = browser.element("iframe").await;
        frame
            .enter_frame()
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        browser.sees(&decoded).await;
        browser.sees("Jane Doe, please click").await;
        browser
            .driver()
            .enter_parent_frame()
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn a_password_signs_in_and_a_wrong_one_says_so() {
    let (installation, server, _) = dashboard().await;
    server.owner(&installation).await;
    let url = server.url("/dashboard/sessions?env=live");
    visit(|browser| async move {
        browser.go(&url).await;
        browser.arrives_at("sign-in").await;
        browser.fill("E-mail address", OWNER).await;
        browser.fill("Password", "wrong horse battery staple").await;
        browser.click("Sign in").await;
        let message = browser.error_at("Password").await;
        assert!(!message.is_empty());
        browser.fill("Password", PASSWORD).await;
        browser.click("Sign in").await;
        browser.sees("No sessions yet").await;
        browser.arrives_at("/dashboard/sessions").await;
        browser.click("Sign out").await;
        browser.arrives_at("sign-in").await;
        browser.go(&url).await;
        browser.arrives_at("sign-in").await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn a_used_link_explains_itself() {
    let (installation, server, link) = dashboard().await;
    server.owner(&installation).await;
    visit(|browser| async move {
        browser.go(&link).await;
        browser.fill("New password", "short").await;
        browser.leave_field().await;
        let message = browser.error_at("New password").await;
        assert!(message.contains("more characters"), "{message}");
        browser.fill("New password", PASSWORD).await;
        browser.click("Set password and sign in").await;
        let message = browser.error_at("New password").await;
        assert!(!message.is_empty());
        browser.expect_silent_console().await;
    })
    .await;
}
