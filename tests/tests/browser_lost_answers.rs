//! What the dashboard does when an answer of the server never arrives.

use serde_json::json;
use vouchkey_tests::browser::{Browser, visit};
use vouchkey_tests::program::{Installation, Server};

async fn with_owner() -> (Installation, Server) {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    server.owner(&installation).await;
    (installation, server)
}

/// Calls whose address has this in it break, though the server may hear them; all others go on.
async fn lose_answers(browser: &Browser, part: &str, does_the_server_hear: bool) {
    let script = "
        const [part, isHeard] = arguments;
        const real = window.fetch;
        window.fetch = async (request, ...more) => {
            const isHit = part && request.url.includes(part);
            if (isHit && !isHeard) throw new TypeError('lost');
            const answer = await real(request, ...more);
            if (isHit) throw new TypeError('lost');
            return answer;
        };";
    let arguments = vec![json!(part), json!(does_the_server_hear)];
    browser.script(script, arguments).await;
}

#[tokio::test]
async fn who_cannot_be_signed_out_is_told_so() {
    let (_installation, server) = with_owner().await;
    visit(|browser| async move {
        let sessions = server.url("/dashboard/sessions?env=sandbox");
        browser.go_through_sign_in(&sessions).await;
        browser.sees("Sign out").await;
        lose_answers(&browser, "/admin/v1/sign-out", false).await;
        browser.click("Sign out").await;
        browser.sees("You are still signed in").await;
        browser.arrives_at("/dashboard/sessions").await;
        browser.go(&sessions).await;
        browser.sees("Sign out").await;
        browser.click("Sign out").await;
        browser.arrives_at("sign-in").await;
        browser.expect_silent_console().await;
    })
    .await;
}
