//! Two tabs share a cookie, and so the person that it stands for.

use serde_json::json;
use vouchkey_tests::admin::{Admin, PASSWORD, link_token};
use vouchkey_tests::browser::{Browser, visit};
use vouchkey_tests::program::Installation;

const OTHER: &str = "other@example.com";

/// What the other tab does: it signs out, and somebody in.
async fn in_another_tab(browser: &Browser, email: Option<&str>) {
    let script = "
        const [email, password, done] = arguments;
        const post = (path, body) => fetch('/admin/v1/' + path, {
            method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
        });
        post('sign-out', {}).then(() => email && post('sign-in', { email, password })).then(() => done(true));";
    let arguments = vec![json!(email), json!(PASSWORD)];
    let answer = browser.driver().execute_async(script, arguments).await;
    answer.unwrap_or_else(|error| panic!("{error}"));
}

/// Comes back to the tab, not sooner than it asks again.
async fn come_back(browser: &Browser) {
    let script = "
        const now = Date.now;
        Date.now = () => now() + 4000;
        window.dispatchEvent(new Event('focus'))";
    browser.script(script, Vec::new()).await;
}

#[tokio::test]
async fn a_tab_shows_the_person_whose_cookie_it_sends() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    server.owner(&installation).await;
    let answer = installation.add_organization(OTHER).await;
    let other = Admin::nobody(&server);
    other
        .set_password(&link_token(&answer))
        .await
        .expect_status(200);
    visit(|browser| async move {
        let form = server.url("/dashboard/sessions/new?env=sandbox");
        browser.go_through_sign_in(&form).await;
        browser.fill("Your reference", "user 42").await;
        in_another_tab(&browser, Some(OTHER)).await;
        come_back(&browser).await;
        browser.sees(OTHER).await;
        assert_eq!(browser.value("Your reference").await, "");
        in_another_tab(&browser, None).await;
        come_back(&browser).await;
        browser.arrives_at("sign-in").await;
        browser.sees("You were signed out").await;
        browser.expect_silent_console().await;
    })
    .await;
}
