//! The dashboard for those who read it in other ways: from right to left, much enlarged, aloud, on paper.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vouchkey_tests::browser::{Browser, visit};
use vouchkey_tests::program::{Installation, Server};
use vouchkey_tests::wait::until;

/// An installation whose owner has a password, with a sandbox session of each of these references; the id of the last.
async fn with_references(references: &[&str]) -> (Installation, Server, String) {
    let installation = Installation::new().await;
    let (server, api) = installation.sandbox().await;
    server.owner(&installation).await;
    let mut last = Value::Null;
    for reference in references {
        last = api.created(&json!({"external_ref": reference})).await;
    }
    let id = last["id"].as_str().unwrap_or_default().to_owned();
    (installation, server, id)
}

async fn emulate(browser: &Browser, command: &str, parameters: Value) -> Value {
    let sent = browser.driver().cdp().send_raw(command, parameters).await;
    sent.unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test]
async fn a_reference_from_right_to_left_is_not_torn() {
    let reference = "عميل-ABC-٢٣٤-مرجع/الطلب-XYZ-2026";
    let (_installation, server, _) = with_references(&[reference]).await;
    visit(|browser| async move {
        browser
            .go_through_sign_in(&server.url("/dashboard/sessions?env=sandbox"))
            .await;
        browser.sees(reference).await;
        let script = "
            const text = document.querySelector('.middle');
            return [text.children.length, getComputedStyle(text).direction];";
        let found = browser.script(script, Vec::new()).await;
        assert_eq!(found, json!([0, "rtl"]));
        browser.press("j").await;
        browser.press("\u{e007}").await;
        browser.sees("Timeline").await;
        let script = "
            return [...document.querySelectorAll('h1, dd span')].filter(here => here.textContent === arguments[0])
              .map(here => getComputedStyle(here).direction);";
        let found = browser.script(script, vec![json!(reference)]).await;
        assert_eq!(found, json!(["rtl", "rtl"]));
        browser.expect_silent_console().await;
    })
    .await;
}

/// WCAG 1.4.12.
const SPACING: &str = "
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }');
    document.adoptedStyleSheets = [sheet];";

#[tokio::test]
async fn references_are_told_apart_on_the_smallest_screen() {
    let wide = "W".repeat(255);
    let references = [
        "cust-00711-order-2026",
        "顧客番号一二三四五六七八九十申請者番号",
        &wide,
    ];
    let (_installation, server, id) = with_references(&references).await;
    visit(|browser| async move {
        browser
            .go_through_sign_in(&server.url("/dashboard/sessions?env=sandbox"))
            .await;
        browser.sees("3 sessions").await;
        browser.resize(320, 640).await;
        for spacing in ["", SPACING] {
            browser.script(spacing, Vec::new()).await;
            browser.expect_no_sideways_scrolling("the list").await;
            let script = "
                const box = element => element.getBoundingClientRect();
                const rows = [...document.querySelectorAll('tbody tr')];
                return [
                  rows.every(row => [...row.querySelectorAll('.middle, .middle span')]
                    .every(text => box(text).right <= box(row.querySelector('time')).left)),
                  [...rows.at(-1).querySelectorAll('.middle span')].every(text => text.scrollWidth <= text.clientWidth),
                ];";
            let found = browser.script(script, Vec::new()).await;
            let whole = spacing.is_empty();
            assert_eq!(found[0], json!(true), "{found}");
            assert!(!whole || found[1] == json!(true), "{found}");
        }
        // 1280 by 1024, enlarged four times.
        browser.resize(320, 256).await;
        let script = "
            return ['.strip', 'th', '.actions.is-main'].map(name => getComputedStyle(document.querySelector(name)).position);";
        let found = browser.script(script, Vec::new()).await;
        assert_eq!(found, json!(["static", "static", "static"]));
        browser.go(&server.url(&format!("/dashboard/sessions/{id}?env=sandbox"))).await;
        browser.sees("Timeline").await;
        browser.expect_no_sideways_scrolling("the session").await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn the_full_screen_says_that_it_is_there_and_what_was_copied() {
    let (_installation, server, id) = with_references(&["user_1"]).await;
    visit(|browser| async move {
        let url = format!("/dashboard/sessions/{id}/created?env=sandbox");
        browser.go_through_sign_in(&server.url(&url)).await;
        browser.sees("user_1").await;
        browser.sees(&id).await;
        browser.click("Full screen").await;
        let said = async |words: &'static str| {
            until(words, async || {
                let script = "return document.querySelector('dialog[open] [role=status]')?.textContent ?? ''";
                let said = browser.script(script, Vec::new()).await;
                said.as_str()?.contains(words).then_some(())
            })
            .await;
        };
        said("Escape closes it").await;
        let copy = "
            const button = document.querySelector('dialog[open] .copy');
            button.click();
            return button.getAttribute('aria-label');";
        assert_eq!(browser.script(copy, Vec::new()).await, json!("Copy capture URL"));
        until("the answer of the button", async || {
            let script = "
                const button = document.querySelector('dialog[open] .copy');
                const shown = button.querySelector('.two-words > :not([data-off])').textContent;
                return shown !== 'Copy' && button.getAttribute('aria-label').startsWith(shown);";
            (browser.script(script, Vec::new()).await == json!(true)).then_some(())
        })
        .await;
        browser.expect_silent_console().await;
    })
    .await;
}

#[tokio::test]
async fn a_session_is_printed_on_one_page_without_what_only_a_screen_can_do() {
    let (_installation, server, id) = with_references(&["user_1"]).await;
    visit(|browser| async move {
        let tokyo = json!({"timezoneId": "Asia/Tokyo"});
        emulate(&browser, "Emulation.setTimezoneOverride", tokyo).await;
        let url = format!("/dashboard/sessions/{id}?env=sandbox");
        browser.go_through_sign_in(&server.url(&url)).await;
        browser.sees("Timeline").await;
        let dark = json!({
            "media": "print", "features": [{"name": "prefers-color-scheme", "value": "dark"}]
        });
        emulate(&browser, "Emulation.setEmulatedMedia", dark).await;
        let script = "
            const seen = name => [...document.querySelectorAll(name)].some(element => element.checkVisibility());
            const paper = getComputedStyle(document.documentElement);
            return [seen('.rail, .strip, button, .button'), seen('.qr img'), seen('#capture-url'),
              paper.backgroundColor, document.querySelector('.capture time').innerText];";
        let mut found = browser.script(script, Vec::new()).await;
        let expiry = found[4].take();
        assert_eq!(found, json!([false, true, true, "rgb(255, 255, 255)", null]));
        let expiry = expiry.as_str().unwrap_or_default();
        assert!(expiry.contains(':') && expiry.ends_with("GMT+9"), "{expiry}");

        let screen = json!({"media": "", "features": []});
        emulate(&browser, "Emulation.setEmulatedMedia", screen).await;
        let a4 = json!({"paperWidth": 8.27, "paperHeight": 11.69});
        let printed = emulate(&browser, "Page.printToPDF", a4).await;
        let printed = STANDARD.decode(printed["data"].as_str().unwrap_or_default());
        let printed = String::from_utf8_lossy(&printed.unwrap_or_default()).into_owned();
        assert_eq!(printed.matches("/Type /Page\n").count(), 1);
    })
    .await;
}
