//! What a person does on a page: read, click, type. Things are found by the words that they
//! carry, as a person or a screen reader finds them.

use serde_json::{Value, json};
use thirtyfour::{By, WebElement};

use super::Browser;
use crate::admin::PASSWORD;
use crate::program::OWNER;
use crate::wait;

/// Finds the control that a label names: by `for`, by nesting, or by `aria-label`.
const CONTROL: &str = r"
const [words, exact] = arguments;
const tidy = text => (text ?? '').replace(/\s+/g, ' ').trim();
const names = text => exact ? tidy(text) === words : tidy(text).startsWith(words);
const seen = element => element.checkVisibility();
const controls = [...document.querySelectorAll('input, textarea, select, [role=switch], [role=checkbox], [role=combobox]')].filter(seen);
const labelled = control => control.getAttribute('aria-label')
  ? [control.getAttribute('aria-label')]
  : control.getAttribute('aria-labelledby')
    ? [control.getAttribute('aria-labelledby').split(' ').map(id => document.getElementById(id)?.textContent).join(' ')]
    : [...(control.labels ?? [])].map(label => label.textContent);
return controls.find(control => labelled(control).some(names)) ?? null;
";

/// Finds a button or link by the words on it, or by its `aria-label`.
const ACTION: &str = r"
const [words, exact] = arguments;
const tidy = text => (text ?? '').replace(/\s+/g, ' ').trim();
const names = text => exact ? tidy(text) === words : tidy(text).startsWith(words);
const all = [...document.querySelectorAll('button, a[href], summary, label.choice, [role=button], [role=tab], [role=option], [role=menuitem], input[type=submit]')];
return all.filter(element => element.checkVisibility() && !element.disabled)
  .find(element => names(element.getAttribute('aria-label') ?? element.textContent ?? element.value)) ?? null;
";

impl Browser {
    /// Goes to an address.
    pub async fn go(&self, url: &str) {
        self.driver.goto(url).await.expect("the page loads");
    }

    /// Goes to an address of the dashboard, and signs the owner in at the gate before it.
    pub async fn go_through_sign_in(&self, url: &str) {
        self.go(url).await;
        self.arrives_at("sign-in").await;
        self.sign_in().await;
    }

    /// Fills the sign-in form as the owner, and sends it.
    pub async fn sign_in(&self) {
        self.fill("E-mail address", OWNER).await;
        self.fill("Password", PASSWORD).await;
        self.click("Sign in").await;
    }

    /// Where the browser is.
    pub async fn address(&self) -> String {
        self.driver
            .current_url()
            .await
            .expect("an address")
            .to_string()
    }

    /// Runs a script and returns what it returned.
    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        let answer = self.driver.execute(script, arguments).await;
        answer.expect("the script runs").json().clone()
    }

    /// All text that the page shows.
    pub async fn text(&self) -> String {
        let text = self
            .script("return document.body?.innerText ?? ''", Vec::new())
            .await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the page shows these words.
    pub async fn sees(&self, words: &str) {
        wait::until(&format!("the words {words:?} on the page"), async || {
            self.text().await.contains(words).then_some(())
        })
        .await;
    }

    /// Waits until the page no longer shows these words.
    pub async fn no_longer_sees(&self, words: &str) {
        wait::until(&format!("the words {words:?} to go away"), async || {
            (!self.text().await.contains(words)).then_some(())
        })
        .await;
    }

    /// Waits until the address contains this.
    pub async fn arrives_at(&self, part: &str) {
        wait::until(&format!("an address with {part}"), async || {
            self.address().await.contains(part).then_some(())
        })
        .await;
    }

    /// Waits for an element by CSS.
    pub async fn element(&self, css: &str) -> WebElement {
        wait::until(&format!("the element {css}"), async || {
            self.driver.find(By::Css(css)).await.ok()
        })
        .await
    }

    /// Whether an element is there now.
    pub async fn has(&self, css: &str) -> bool {
        self.driver.find(By::Css(css)).await.is_ok()
    }

    /// Waits for the control that is labelled with these words.
    pub async fn control(&self, label: &str) -> WebElement {
        self.found(&format!("the field {label:?}"), CONTROL, label)
            .await
    }

    /// Waits for the button or link with these words.
    pub async fn action(&self, words: &str) -> WebElement {
        self.found(&format!("the button or link {words:?}"), ACTION, words)
            .await
    }

    async fn found(&self, what: &str, script: &str, words: &str) -> WebElement {
        wait::until(what, async || {
            // The exact words first: "E-mail" must not find "E-mail display name".
            for exact in [true, false] {
                let arguments = vec![json!(words), json!(exact)];
                let answer = self.driver.execute(script, arguments).await.ok()?;
                if let Ok(element) = answer.element() {
                    return Some(element);
                }
            }
            None
        })
        .await
    }

    /// Clicks on a button or link.
    pub async fn click(&self, words: &str) {
        wait::until(&format!("a click on {words:?}"), async || {
            let element = self.action(words).await;
            element.scroll_into_view().await.ok()?;
            element.click().await.ok()
        })
        .await;
    }

    /// Types into a field in place of what it holds.
    pub async fn fill(&self, label: &str, text: &str) {
        wait::until(&format!("typing into {label:?}"), async || {
            let control = self.control(label).await;
            control.clear().await.ok()?;
            control.send_keys(text).await.ok()
        })
        .await;
    }

    /// Presses a key wherever the focus is.
    pub async fn press(&self, key: &str) {
        let keys = self.driver.action_chain().send_keys(key);
        keys.perform().await.expect("a key can be pressed");
    }

    /// Chooses an option of a `<select>` by its beginning.
    pub async fn choose(&self, label: &str, option: &str) {
        let control = self.control(label).await;
        let script = "
            const [select, words] = arguments;
            const option = [...select.options].find(option => option.text.trim().startsWith(words));
            if (!option) return false;
            select.value = option.value;
            select.dispatchEvent(new Event('input', { bubbles: true }));
            select.dispatchEvent(new Event('change', { bubbles: true }));
            return true;";
        let element = control.to_json().expect("an element");
        let found = self.script(script, vec![element, json!(option)]).await;
        assert_eq!(found, json!(true), "{label:?} has no option {option:?}");
    }

    /// What a field holds.
    pub async fn value(&self, label: &str) -> String {
        let control = self.control(label).await;
        control.value().await.expect("a value").unwrap_or_default()
    }

    /// Leaves the field that has the focus.
    pub async fn leave_field(&self) {
        self.script("document.activeElement?.blur()", Vec::new())
            .await;
    }

    /// The message that a field is described by while it is invalid.
    pub async fn error_at(&self, label: &str) -> String {
        let script = "
            const ids = arguments[0].getAttribute('aria-describedby') ?? '';
            return arguments[0].getAttribute('aria-invalid') === 'true'
              ? ids.split(' ').map(id => document.getElementById(id)?.textContent ?? '').join(' ').trim()
              : '';";
        wait::until(&format!("an error at {label:?}"), async || {
            let element = self.control(label).await.to_json().ok()?;
            let text = self
                .script(script, vec![element])
                .await
                .as_str()?
                .to_owned();
            (!text.is_empty()).then_some(text)
        })
        .await
    }

    /// What the window shows, as a PNG.
    pub async fn screenshot(&self) -> Vec<u8> {
        self.driver.screenshot_as_png().await.expect("a screenshot")
    }

    /// What an element shows, as a PNG.
    pub async fn picture_of(&self, css: &str) -> Vec<u8> {
        let element = self.element(css).await;
        element
            .scroll_into_view()
            .await
            .expect("the element can be seen");
        element
            .screenshot_as_png()
            .await
            .expect("a screenshot of the element")
    }

    /// Prints where the browser is and what it shows, for the report of a failed test.
    pub(super) async fn describe(&self) {
        if let Ok(address) = self.driver.current_url().await {
            eprintln!(
                "the browser was at {address} and showed:\n{}",
                self.text().await
            );
            eprintln!("its console: {:#?}", self.console().await);
        }
        if let Ok(folder) = std::env::var("VOUCHKEY_SCREENSHOTS") {
            let name = std::thread::current()
                .name()
                .unwrap_or("failure")
                .replace("::", "-");
            let file = std::path::Path::new(&folder).join(format!("failed-{name}.png"));
            std::fs::write(file, self.screenshot().await).ok();
        }
    }
}
