//! A list is as fresh as it looks.

use serde_json::{Value, json};
use vouchkey_tests::browser::{Browser, visit};
use vouchkey_tests::database::Database;
use vouchkey_tests::program::Installation;
use vouchkey_tests::wait;

/// Somebody was away for ten seconds, and is back.
async fn come_back(browser: &Browser) {
    let script = "
        const now = Date.now;
        Date.now = () => now() + 10_000;
        window.dispatchEvent(new Event('focus'));";
    browser.script(script, Vec::new()).await;
}

#[tokio::test]
async fn who_comes_back_finds_the_list_fresh_and_their_place_kept() {
    let (installation, server, api) = Installation::with_sessions(3).await;
    let url = server.url("/dashboard/sessions?env=sandbox");
    visit(|browser| async move {
        browser.go_through_sign_in(&url).await;
        browser.sees("user_002").await;
        let focus = "
            window.row = document.querySelectorAll('.row-link')[1];
            window.row.focus();
            getSelection().selectAllChildren(document.querySelector('h1'));";
        browser.script(focus, Vec::new()).await;
        let kept = "return document.activeElement === window.row && getSelection().toString() === 'Sessions'";

        api.created(&json!({"external_ref": "user_003"})).await;
        come_back(&browser).await;
        browser.sees("user_003").await;
        browser.sees("4 sessions").await;
        assert_eq!(browser.script(kept, Vec::new()).await, json!(true));

        let sql = "UPDATE sessions SET status = 'completed' WHERE external_ref = 'user_001'";
        assert_eq!(Database::open(&installation).await.execute(sql).await, 1);
        come_back(&browser).await;
        wait::until("the row to say so", async || {
            let row = "return window.row.closest('tr').innerText";
            let row = browser.script(row, Vec::new()).await;
            row.as_str()?.contains("Completed").then_some(())
        })
        .await;
        assert_eq!(browser.script(kept, Vec::new()).await, json!(true));

        api.created(&json!({"external_ref": "user_004"})).await;
        browser.click("Refresh").await;
        browser.sees("user_004").await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn nothing_moves_under_a_button_that_is_held() {
    let (_installation, server, api) = Installation::with_sessions(3).await;
    let url = server.url("/dashboard/sessions?env=sandbox");
    visit(|browser| async move {
        browser.go_through_sign_in(&url).await;
        browser.sees("user_002").await;
        api.created(&json!({"external_ref": "user_003"})).await;
        let point = |kind, buttons| {
            format!("window.dispatchEvent(new PointerEvent('{kind}', {{ buttons: {buttons} }}));")
        };
        let listen = "
            const { fetch } = window;
            window.fetch = async (...given) => {
                const answer = await fetch(...given);
                window.isAnswered ||= (given[0].url ?? String(given[0])).includes('/sessions');
                return answer;
            };";
        browser.script(listen, Vec::new()).await;
        browser.script(&point("pointerdown", 1), Vec::new()).await;
        come_back(&browser).await;
        wait::until("the answer", async || {
            // Looked at some frames after it, when it would be drawn.
            let look = "
                if (!window.isAnswered) return null;
                window.frames_since = (window.frames_since ?? 0) + 1;
                return window.frames_since > 10 ? document.body.innerText : null;";
            let text = browser.script(look, Vec::new()).await;
            let text = text.as_str()?;
            assert!(!text.contains("user_003"), "{text}");
            Some(())
        })
        .await;
        browser.script(&point("pointerup", 0), Vec::new()).await;
        come_back(&browser).await;
        browser.sees("user_003").await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn the_focus_of_a_row_that_leaves_the_page_stays_in_the_list() {
    let (_installation, server, api) = Installation::with_sessions(25).await;
    let url = server.url("/dashboard/sessions?env=sandbox");
    visit(|browser| async move {
        browser.go_through_sign_in(&url).await;
        browser.sees("user_000").await;
        let focus = "[...document.querySelectorAll('.row-link')].at(-1).focus();";
        browser.script(focus, Vec::new()).await;
        api.created(&json!({"external_ref": "user_025"})).await;
        come_back(&browser).await;
        browser.sees("user_025").await;
        wait::until("the focus on the row that is last now", async || {
            let last = "return document.activeElement.matches('.row-link') && document.activeElement.textContent";
            let text = browser.script(last, Vec::new()).await;
            text.as_str()?.contains("user_001").then_some(())
        })
        .await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn who_goes_through_older_pages_keeps_them() {
    let (_installation, server, _api) = Installation::with_sessions(30).await;
    let url = server.url("/dashboard/sessions?env=sandbox");
    visit(|browser| async move {
        browser.go_through_sign_in(&url).await;
        browser.click("Older").await;
        browser.sees("user_000").await;
        let listen = "
            const { fetch } = window;
            window.asked = [];
            window.fetch = (...given) => (window.asked.push(given[0].url ?? given[0]), fetch(...given));";
        browser.script(listen, Vec::new()).await;
        come_back(&browser).await;
        // Who is signed in is asked at every return.
        let asked = wait::until("a question", async || {
            let asked = browser.script("return window.asked", Vec::new()).await;
            (asked != json!([])).then_some(asked)
        })
        .await;
        assert!(!asked.to_string().contains("sessions"), "{asked}");
        browser.expect_silent_console().await;
    })
    .await;
}

async fn network(browser: &Browser, is_offline: bool) {
    let conditions = json!({
        "offline": is_offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1
    });
    for (command, parameters) in [
        ("Network.enable", json!({})),
        ("Network.emulateNetworkConditions", conditions),
    ] {
        let sent = browser.driver().cdp().send_raw(command, parameters).await;
        sent.unwrap_or_else(|error| panic!("{error}"));
    }
}

#[tokio::test]
async fn a_list_that_was_cut_off_comes_back_with_the_network() {
    let (_installation, server, _api) = Installation::with_sessions(1).await;
    let url = server.url("/dashboard/sessions?env=sandbox");
    visit(|browser| async move {
        browser.go_through_sign_in(&url).await;
        browser.sees("user_000").await;
        network(&browser, true).await;
        browser.click("Refresh").await;
        browser.sees("You are offline").await;
        network(&browser, false).await;
        browser.sees("user_000").await;
    })
    .await;
}

#[tokio::test]
async fn a_filter_does_not_look_applied_before_its_answer_is_there() {
    let (_installation, server, _api) = Installation::with_sessions(2).await;
    let url = server.url("/dashboard/sessions?env=sandbox");
    visit(|browser| async move {
        browser.go_through_sign_in(&url).await;
        browser.sees("2 sessions").await;
        let hold = "
            const { fetch } = window;
            window.fetch = (...given) => new Promise(go => { window.release = () => go(fetch(...given)); });";
        browser.script(hold, Vec::new()).await;
        let look = "
            const style = name => getComputedStyle(document.querySelector(name));
            return [style('.count').visibility, style('tbody').opacity];";
        let before = browser.script(look, Vec::new()).await;
        assert_eq!(before, json!(["visible", "1"]));
        browser.choose("Status", "Completed").await;
        wait::until("the rows to step back", async || {
            let now: Value = browser.script(look, Vec::new()).await;
            (now == json!(["hidden", "0.5"])).then_some(())
        })
        .await;
        browser.script("window.release()", Vec::new()).await;
        browser.sees("Nothing matches").await;
        browser.expect_silent_console().await;
    })
    .await;
}
