//! Small things that a page must say truly, and that everyone must be able to reach.

use serde_json::{Value, json};
use vouchkey_tests::browser::visit;
use vouchkey_tests::database::Database;
use vouchkey_tests::program::{Installation, Server};
use vouchkey_tests::wait::until;

/// An installation whose owner is signed in, with one sandbox session of this request.
async fn with_session(request: &Value) -> (Installation, Server, String) {
    let installation = Installation::new().await;
    let (server, api) = installation.sandbox().await;
    server.owner(&installation).await;
    let session = api.created(request).await;
    let id = session["id"].as_str().unwrap_or_default().to_owned();
    (installation, server, id)
}

#[tokio::test]
async fn a_row_without_a_reference_says_so_and_its_whole_id_can_be_seen() {
    let (_installation, server, id) = with_session(&json!({})).await;
    visit(|browser| async move {
        browser.go_through_sign_in(&server.url("/dashboard/sessions?env=sandbox")).await;
        browser.sees("None").await;
        let script = "
            const span = document.querySelector('td .mono.over');
            const { x, y } = span.getBoundingClientRect();
            return [document.elementFromPoint(x + 4, y + 4) === span, span.title, document.querySelector('.row-link').title];";
        let found = browser.script(script, Vec::new()).await;
        assert_eq!(found, json!([true, id, id]));
        let span = browser.element("td .mono.over").await;
        span.click().await.unwrap_or_else(|error| panic!("{error}"));
        browser.sees("Timeline").await;
        let heading = browser.element("h1").await.text().await;
        let heading = heading.unwrap_or_default();
        assert!(heading.starts_with(&id[..10]), "{heading}");
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn a_long_value_of_metadata_shows_its_beginning_until_it_is_asked_for() {
    let metadata = json!({"note": "word ".repeat(3000).trim(), "text": "5", "number": 5});
    let (_installation, server, id) = with_session(&json!({"metadata": metadata})).await;
    visit(|browser| async move {
        let url = format!("/dashboard/sessions/{id}?env=sandbox");
        browser.go_through_sign_in(&server.url(&url)).await;
        browser.sees("\"5\"").await;
        let height = "return document.querySelector('.cut').clientHeight";
        let cut = browser.script(height, Vec::new()).await;
        assert!(
            cut.as_i64().is_some_and(|cut| (100..=160).contains(&cut)),
            "{cut}"
        );
        browser.click("Show all").await;
        browser.sees("Show less").await;
        let whole = browser.script(height, Vec::new()).await;
        assert!(whole.as_i64() > cut.as_i64().map(|cut| 4 * cut), "{whole}");
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn a_country_that_is_named_in_full_becomes_its_code() {
    let (_installation, server, _) = with_session(&json!({})).await;
    visit(|browser| async move {
        let url = server.url("/dashboard/sessions/new?env=sandbox");
        browser.go_through_sign_in(&url).await;
        browser.fill("Country of the documents", "germany ").await;
        browser.leave_field().await;
        until("the code", async || {
            (browser.value("Country of the documents").await == "DE").then_some(())
        })
        .await;
        browser.sees("Germany").await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn a_session_that_ended_early_says_no_future_time_is_past() {
    let (installation, server, id) = with_session(&json!({})).await;
    let sql = format!("UPDATE sessions SET status = 'failed' WHERE session_id = '{id}'");
    assert_eq!(Database::open(&installation).await.execute(&sql).await, 1);
    visit(|browser| async move {
        let url = format!("/dashboard/sessions/{id}?env=sandbox");
        browser.go_through_sign_in(&server.url(&url)).await;
        browser.sees("Capture URL would have ended").await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn the_preview_shows_no_link_that_does_not_work_and_no_word_about_keys() {
    let (_installation, server, _) = with_session(&json!({})).await;
    visit(|browser| async move {
        let url = server.url("/dashboard/sessions/new?env=sandbox");
        browser.go_through_sign_in(&url).await;
        browser.click("Send an invitation by e-mail").await;
        browser.click("Create verification").await;
        browser
            .sees("Say where the invitation goes, or send none.")
            .await;
        browser
            .fill("Applicant’s e-mail address", "jane@example.com")
            .await;
        browser.sees("/verify/… (made when you create it)").await;
        browser
            .driver()
            .delete_all_cookies()
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        browser.fill("Your reference", "user 42").await;
        browser.sees("You were signed out").await;
        browser.click("Sign in").await;
        browser.arrives_at("sign-in").await;
        browser.sees("What you typed is kept").await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn the_sign_in_goes_on_by_itself_and_never_out_of_the_dashboard() {
    let (_installation, server, _) = with_session(&json!({"external_ref": "user_1"})).await;
    visit(|browser| async move {
        let out = "/dashboard/sign-in?next=/dashboard/..%5cverify%5cx";
        browser.go(&server.url(out)).await;
        browser.sign_in().await;
        browser.sees("user_1").await;
        browser.arrives_at("/dashboard/sessions").await;
        browser.go("about:blank").await;
        browser.go(&server.url("/dashboard/sign-in")).await;
        browser.sees("user_1").await;
        browser
            .go(&server.url("/dashboard/sessions?env=bogus"))
            .await;
        browser.sees("user_1").await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn a_page_that_was_left_alone_asks_no_more_until_somebody_is_back() {
    let (_installation, server, id) = with_session(&json!({})).await;
    visit(|browser| async move {
        let url = format!("/dashboard/sessions/{id}?env=sandbox");
        browser.go_through_sign_in(&server.url(&url)).await;
        browser.sees("Timeline").await;
        let count = "
            const { fetch } = window;
            window.asked = 0;
            window.fetch = (...given) => (window.asked += 1, fetch(...given));";
        browser.script(count, Vec::new()).await;
        let asked = async || browser.script("return window.asked", Vec::new()).await;
        until("a question", async || {
            (asked().await != json!(0)).then_some(())
        })
        .await;
        let six_minutes_later = "
            const now = Date.now;
            Date.now = () => now() + 6 * 60 * 1000;
            window.asked = 0;
            window.rounds = 0;
            setInterval(() => window.rounds += 1, 4000);";
        browser.script(six_minutes_later, Vec::new()).await;
        let rounds = "return window.rounds > 1";
        until("two rounds", async || {
            (browser.script(rounds, Vec::new()).await == json!(true)).then_some(())
        })
        .await;
        assert_eq!(asked().await, json!(0));
        let back = "window.dispatchEvent(new Event('pointermove'))";
        browser.script(back, Vec::new()).await;
        until("a question", async || {
            (asked().await != json!(0)).then_some(())
        })
        .await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn mail_that_arrives_does_not_take_the_place_of_the_row_in_focus() {
    let mail = |to: &str| json!({"send_email": true, "applicant_email": to});
    let installation = Installation::new().await;
    let (server, api) = installation.sandbox().await;
    server.owner(&installation).await;
    for to in ["first@example.com", "second@example.com"] {
        api.created(&mail(to)).await;
    }
    visit(|browser| async move {
        browser
            .go_through_sign_in(&server.url("/dashboard/mailbox?env=sandbox"))
            .await;
        browser.sees("first@example.com").await;
        let focus = "document.querySelectorAll('.row-link')[1].focus()";
        browser.script(focus, Vec::new()).await;
        let focused = "return document.activeElement.closest('tr').textContent";
        let before = browser.script(focused, Vec::new()).await;
        assert!(before.to_string().contains("first@"), "{before}");
        api.created(&mail("third@example.com")).await;
        browser.sees("third@example.com").await;
        let after = browser.script(focused, Vec::new()).await;
        assert!(after.to_string().contains("first@"), "{after}");
        browser.expect_silent_console().await;
    })
    .await;
}
