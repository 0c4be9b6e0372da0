//! Times the form of the dashboard from a key to the message about what it made wrong: `cargo xtask bench keystroke`.
#![expect(
    clippy::expect_used,
    reason = "without what is asked for there is no figure"
)]

use serde_json::json;
use vouchkey_tests::browser::{Browser, visit};
use vouchkey_tests::program::Installation;
use vouchkey_tests::wait;

const FIELD: &str = "Redirect URL";
/// How many keys are timed.
const KEYS: usize = 60;
/// A frame at 60 Hz, in milliseconds.
const FRAME: f64 = 1000.0 / 60.0;

/// Notes, for each key that makes the field wrong, how long after the key the message stood in the page, and how long
/// after it the frame with the message was drawn.
const WATCH: &str = "
    const [field] = arguments;
    window.keys = [];
    let pressed;
    field.addEventListener('beforeinput', event => { pressed = event.timeStamp; }, { capture: true });
    new MutationObserver(() => {
        if (pressed === undefined || field.getAttribute('aria-invalid') !== 'true') return;
        const key = pressed, told = performance.now() - key;
        pressed = undefined;
        requestAnimationFrame(() => {
            const after = new MessageChannel();
            after.port1.onmessage = () => window.keys.push([told, performance.now() - key]);
            after.port2.postMessage(null);
        });
    }).observe(field, { attributes: true, attributeFilter: ['aria-invalid'] });
";

#[tokio::main]
async fn main() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    server.owner(&installation).await;
    visit(|browser| async move {
        let form = server.url("/dashboard/sessions/new?env=sandbox");
        browser.go_through_sign_in(&form).await;
        report(&measure(&browser).await);
    })
    .await;
}

/// Makes a good URL wrong by one key, again and again.
async fn measure(browser: &Browser) -> Vec<[f64; 2]> {
    browser.click("Redirect").await;
    browser.fill(FIELD, "https://app.example/done").await;
    browser.leave_field().await;
    let field = browser.control(FIELD).await;
    let element = field.to_json().expect("an element");
    browser.script(WATCH, vec![element]).await;
    for key in 1..=KEYS {
        field.send_keys(" ").await.expect("a key can be pressed");
        wait::until("the message about the key", async || {
            let timed = browser.script("return window.keys.length", Vec::new());
            (timed.await == json!(key)).then_some(())
        })
        .await;
        field.send_keys("\u{e003}").await.expect("backspace");
        wait::until("the mended field", async || {
            let valid = "return arguments[0].getAttribute('aria-invalid') !== 'true'";
            let element = field.to_json().ok()?;
            (browser.script(valid, vec![element]).await == json!(true)).then_some(())
        })
        .await;
    }
    let keys = browser.script("return window.keys", Vec::new()).await;
    serde_json::from_value(keys).expect("pairs of numbers")
}

fn report(keys: &[[f64; 2]]) {
    for (place, what) in ["message in the page", "frame with it drawn"]
        .iter()
        .enumerate()
    {
        let mut times: Vec<f64> = keys.iter().map(|key| key[place]).collect();
        times.sort_by(f64::total_cmp);
        println!(
            "from key to {what}: median {:.1} ms, 95th percentile {:.1} ms, highest {:.1} ms ({} keys)",
            times[times.len() / 2],
            times[times.len() * 95 / 100],
            times[times.len() - 1],
            times.len(),
        );
    }
    let within = keys.iter().filter(|key| key[0] <= FRAME).count();
    println!(
        "within one frame of {FRAME:.1} ms: {within} of {}",
        keys.len()
    );
}
