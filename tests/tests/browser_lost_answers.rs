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

/// Opens the form in the sandbox, through the gate.
async fn open_form(browser: &Browser, server: &Server) {
    let form = server.url("/dashboard/sessions/new?env=sandbox");
    browser.go_through_sign_in(&form).await;
    browser.sees("Your reference").await;
}

/// The one call whose address has this in it that comes next waits until [`release`].
async fn hold_answer(browser: &Browser, part: &str) {
    let script = "
        const part = arguments[0];
        const real = window.fetch;
        window.fetch = async (request, ...more) => {
            const isHit = request.url.includes(part) && !window.release;
            const held = isHit && new Promise(go => window.release = go);
            const answer = await real(request, ...more);
            await held;
            return answer;
        };";
    browser.script(script, vec![json!(part)]).await;
}

async fn release(browser: &Browser) {
    browser.script("window.release()", Vec::new()).await;
}

/// How many sessions the list shows.
async fn expect_sessions(browser: &Browser, server: &Server, query: &str, count: usize) {
    let list = format!("/dashboard/sessions?{query}");
    browser.go(&server.url(&list)).await;
    browser
        .sees(if count == 0 { "No sessions" } else { "user 42" })
        .await;
    let rows = "return document.querySelectorAll('.row-link').length";
    let rows = browser.script(rows, Vec::new()).await;
    assert_eq!(rows, json!(count), "{query}");
}

#[tokio::test]
async fn a_form_whose_answer_was_lost_creates_once_also_after_a_reload() {
    let (_installation, server) = with_owner().await;
    visit(|browser| async move {
        open_form(&browser, &server).await;
        browser.fill("Your reference", "user 42").await;
        lose_answers(&browser, "/api/v1/sessions", true).await;
        // Sent by the key, with a space at the end that leaving the field would have dropped.
        browser.press(" \u{e007}").await;
        browser.sees("The server does not answer").await;
        let driver = browser.driver();
        driver
            .refresh()
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        browser.sees("here again").await;
        assert_eq!(browser.value("Your reference").await, "user 42");
        browser.click("Create verification").await;
        browser.sees("Verification created").await;
        let kept = "return sessionStorage.length";
        assert_eq!(browser.script(kept, Vec::new()).await, json!(0));
        expect_sessions(&browser, &server, "env=sandbox", 1).await;
        // Answered now, so that the same once more is another.
        browser.press("n").await;
        browser.fill("Your reference", "user 42").await;
        browser.click("Create verification").await;
        browser.sees("Verification created").await;
        expect_sessions(&browser, &server, "env=sandbox", 2).await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn a_form_that_is_left_while_it_is_sent_creates_once() {
    let (_installation, server) = with_owner().await;
    visit(|browser| async move {
        open_form(&browser, &server).await;
        browser.fill("Your reference", "user 42").await;
        hold_answer(&browser, "/api/v1/sessions").await;
        browser.click("Create verification").await;
        browser.sees("Creating").await;
        browser.click("Mailbox").await;
        browser.sees("No mail").await;
        browser.press("n").await;
        browser.sees("here again").await;
        release(&browser).await;
        browser.click("Create verification").await;
        browser.sees("Verification created").await;
        expect_sessions(&browser, &server, "env=sandbox", 1).await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_created_is_shown_where_it_is_also_from_another_environment() {
    let (_installation, server) = with_owner().await;
    visit(|browser| async move {
        open_form(&browser, &server).await;
        browser.click("Live").await;
        browser.arrives_at("env=live").await;
        browser.click("Sandbox").await;
        browser.arrives_at("env=sandbox").await;
        browser.fill("Your reference", "user 42").await;
        hold_answer(&browser, "/api/v1/sessions").await;
        browser.click("Create verification").await;
        browser.sees("Creating").await;
        browser.click("Live").await;
        assert!(browser.address().await.contains("env=sandbox"));
        // The browser's own buttons cannot be held.
        browser.script("history.back()", Vec::new()).await;
        browser.arrives_at("env=live").await;
        release(&browser).await;
        browser.sees("Verification created").await;
        browser.arrives_at("env=sandbox").await;
        let kept = "return sessionStorage.length";
        assert_eq!(browser.script(kept, Vec::new()).await, json!(0));
        expect_sessions(&browser, &server, "env=live", 0).await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn a_server_that_never_answers_is_not_waited_for_for_ever() {
    let (_installation, server) = with_owner().await;
    visit(|browser| async move {
        open_form(&browser, &server).await;
        browser.fill("Your reference", "user 42").await;
        let hurry = "
            const real = AbortSignal.timeout.bind(AbortSignal);
            AbortSignal.timeout = ms => real(ms / 60);";
        browser.script(hurry, Vec::new()).await;
        server.signal("STOP").await;
        browser.click("Create verification").await;
        browser.sees("The server does not answer").await;
        server.signal("CONT").await;
        browser.click("Create verification").await;
        browser.sees("Verification created").await;
        expect_sessions(&browser, &server, "env=sandbox", 1).await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn a_refusal_that_comes_after_the_form_was_left_is_for_nobody() {
    let (_installation, server) = with_owner().await;
    visit(|browser| async move {
        open_form(&browser, &server).await;
        let refuse = "
            const body = JSON.stringify({
                error: 'validation_failed', detail: 'No.',
                errors: [{ field: 'country', code: 'unknown_value', message: 'No.' }],
            });
            const headers = { 'Content-Type': 'application/problem+json' };
            window.fetch = () => new Promise(answer => {
                window.release = () => answer(new Response(body, { status: 422, headers }));
            });";
        browser.script(refuse, Vec::new()).await;
        browser.click("Create verification").await;
        browser.sees("Creating").await;
        let release_first = "window.first = window.release";
        browser.script(release_first, Vec::new()).await;
        browser.click("Sessions").await;
        browser.arrives_at("/dashboard/sessions?").await;
        browser.script("window.first()", Vec::new()).await;
        // Who is there may act: the page did not stop.
        browser.press("n").await;
        browser.sees("Your reference").await;
        browser.click("Create verification").await;
        browser.sees("Creating").await;
        release(&browser).await;
        browser.sees("1 mistake to mend").await;
        browser.expect_silent_console().await;
    })
    .await;
}
