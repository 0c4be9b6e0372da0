//! The dashboard by the keyboard alone: nobody loses their place, and nobody has to put up with single keys.

use serde_json::{Value, json};
use vouchkey_tests::browser::{Browser, visit};
use vouchkey_tests::program::Installation;
use vouchkey_tests::wait;

const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";

/// Waits until the focus is on an element of which this script, an expression about `here`, is true.
async fn focus_where(browser: &Browser, is_it: &str) {
    let script = format!("const here = document.activeElement; return {is_it};");
    wait::until(&format!("the focus where {is_it}"), async || {
        (browser.script(&script, Vec::new()).await == json!(true)).then_some(())
    })
    .await;
}

async fn reload(browser: &Browser) {
    let reloaded = browser.driver().refresh().await;
    reloaded.unwrap_or_else(|error| panic!("{error}"));
}

#[tokio::test]
async fn escape_leaves_the_search_and_what_was_searched_for() {
    let (_installation, server, _api) = Installation::with_sessions(12).await;
    let url = server.url("/dashboard/sessions?env=sandbox");
    visit(|browser| async move {
        browser.go_through_sign_in(&url).await;
        browser.fill("Search sessions", "user_01").await;
        browser.arrives_at("q=user_01").await;
        browser.no_longer_sees("user_009").await;
        browser.press(ESCAPE).await;
        focus_where(&browser, "here === document.body").await;
        assert_eq!(browser.value("Search sessions").await, "user_01");
        let address = browser.address().await;
        assert!(address.contains("q=user_01"), "{address}");
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn single_keys_can_be_switched_off_for_good() {
    let (_installation, server, _api) = Installation::with_sessions(1).await;
    let url = server.url("/dashboard/sessions?env=sandbox");
    visit(|browser| async move {
        browser.go_through_sign_in(&url).await;
        browser.sees("user_000").await;
        browser.press("?").await;
        browser.click("These keys work").await;
        browser.click("Close").await;
        for _ in ["at once", "after a reload"] {
            browser.sees("user_000").await;
            for key in ["n", "j", "?", "gm", "/"] {
                browser.press(key).await;
            }
            let address = browser.address().await;
            assert!(address.contains("/dashboard/sessions?"), "{address}");
            assert!(!browser.has("dialog[open]").await);
            let focused = "return document.activeElement.matches('.row-link, input')";
            assert_eq!(browser.script(focused, Vec::new()).await, json!(false));
            reload(&browser).await;
        }
        browser.click("Keyboard").await;
        browser.click("These keys work").await;
        browser.press(ESCAPE).await;
        browser.press("n").await;
        browser.sees("Your reference").await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn the_focus_goes_on_where_the_page_does() {
    let (_installation, server, _api) = Installation::with_sessions(30).await;
    let url = server.url("/dashboard/sessions?env=sandbox");
    visit(|browser| async move {
        browser.go_through_sign_in(&url).await;
        browser.sees("user_029").await;
        for (way, first) in [("Older", "user_004"), ("Newest", "user_029")] {
            let link = browser.action(way).await;
            link.focus().await.unwrap_or_else(|error| panic!("{error}"));
            browser.press(ENTER).await;
            focus_where(&browser, &format!("here.textContent === '{first}'")).await;
        }

        let cut = "window.kept = window.fetch; window.fetch = () => Promise.reject(new TypeError('cut'));";
        browser.script(cut, Vec::new()).await;
        browser.click("Refresh").await;
        browser.sees("The server does not answer").await;
        browser.script("window.fetch = window.kept", Vec::new()).await;
        let again = browser.action("Try again").await;
        again.focus().await.unwrap_or_else(|error| panic!("{error}"));
        browser.press(ENTER).await;
        browser.sees("user_029").await;
        focus_where(&browser, "here.matches('h1')").await;

        browser.click("New verification").await;
        browser.fill("Your reference", "half").await;
        browser.click("Sessions").await;
        browser.sees("30 sessions").await;
        browser.click("New verification").await;
        browser.click("Clear the form").await;
        focus_where(&browser, "here.id === 'field-external_ref'").await;
        let empty: Value = browser.value("Your reference").await.into();
        assert_eq!(empty, json!(""));
        browser.expect_silent_console().await;
    })
    .await;
}
