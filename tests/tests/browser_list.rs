//! The list of sessions as a person searches it: state stands in the address, and Back goes back.

use serde_json::json;
use vouchkey_tests::browser::visit;
use vouchkey_tests::program::Installation;
use vouchkey_tests::wait;

#[tokio::test]
async fn searching_filtering_and_paging_stand_in_the_address() {
    let (_installation, server, _api) = Installation::with_sessions(30).await;
    let url = server.url("/dashboard/sessions?env=sandbox");
    visit(|browser| async move {
        browser.go_through_sign_in(&url).await;
        browser.sees("30 sessions").await;
        browser.sees("user_029").await;
        assert!(
            !browser.text().await.contains("user_000"),
            "the oldest stand on a later page"
        );

        browser.click("Older").await;
        browser.sees("user_000").await;
        browser.arrives_at("cursor=").await;
        browser
            .driver()
            .refresh()
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        browser.sees("user_000").await;
        browser
            .driver()
            .back()
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        browser.sees("user_029").await;

        browser.fill("Search sessions", "user_01").await;
        browser.sees("10 sessions").await;
        browser.arrives_at("q=user_01").await;
        browser.choose("Status", "Completed").await;
        browser.sees("Nothing matches").await;
        browser.arrives_at("status=completed").await;
        browser.click("Show all sessions").await;
        browser.sees("30 sessions").await;

        browser.click("user_029").await;
        browser.sees("Timeline").await;
        browser
            .driver()
            .back()
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        browser.sees("30 sessions").await;
        wait::until("the focus on the row that was opened", async || {
            let script = "return document.activeElement?.textContent ?? ''";
            (browser.script(script, Vec::new()).await == "user_029").then_some(())
        })
        .await;
        browser.click("Live").await;
        browser.sees("No sessions yet").await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn the_keyboard_alone_opens_a_session_and_the_form() {
    let (_installation, server, _api) = Installation::with_sessions(3).await;
    let url = server.url("/dashboard/sessions?env=sandbox");
    visit(|browser| async move {
        browser.go_through_sign_in(&url).await;
        browser.sees("user_002").await;
        browser.press("j").await;
        browser.press("j").await;
        browser.press("\u{e007}").await;
        browser.sees("Timeline").await;
        browser.sees("user_001").await;
        // In one go: the second key counts for a second only.
        browser.press("gs").await;
        browser.sees("3 sessions").await;
        browser.press("/").await;
        wait::until("the focus in the search field", async || {
            let script = "return document.activeElement?.type ?? ''";
            (browser.script(script, Vec::new()).await == "search").then_some(())
        })
        .await;
        // Escape leaves the search, so that the next key is no letter in it.
        browser.press("\u{e00c}").await;
        browser.press("n").await;
        browser.sees("Your reference").await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_that_has_ended_leads_to_the_gate_and_back() {
    let (_installation, server, _api) = Installation::with_sessions(1).await;
    let url = server.url("/dashboard/sessions?env=sandbox");
    visit(|browser| async move {
        browser.go_through_sign_in(&url).await;
        browser.sees("user_000").await;
        browser
            .driver()
            .delete_all_cookies()
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        browser.click("Mailbox").await;
        browser.arrives_at("sign-in").await;
        browser.sign_in().await;
        browser.sees("No mail").await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn the_list_fits_between_phone_and_desk() {
    let (_installation, server, _api) = Installation::with_sessions(2).await;
    let url = server.url("/dashboard/sessions?env=sandbox");
    visit(|browser| async move {
        browser.go_through_sign_in(&url).await;
        browser.sees("2 sessions").await;
        for width in [768, 860, 960, 1010, 1280] {
            browser.resize(width, 900).await;
            browser.expect_no_sideways_scrolling("the list").await;
            let script = "
                const wide = element => element.scrollWidth > element.clientWidth;
                return [document.querySelector('.count').offsetHeight > 24, wide(document.querySelector('main'))];";
            let faults = browser.script(script, Vec::new()).await;
            assert_eq!(faults, json!([false, false]), "at {width}");
        }
        browser.expect_silent_console().await;
    })
    .await;
}
