//! What must hold on every page: a silent console, and nothing for axe-core to find.

use std::path::PathBuf;
use std::sync::PoisonError;

use serde_json::Value;

use super::{Browser, Scheme};
use crate::program::repository;

/// Runs axe-core on the page. Frames are other documents with their own policy. One rule is off unless it is asked for: that
/// a name holds the words that are seen, for those who speak them.
const RUN: &str = "
const done = arguments[arguments.length - 1];
const rules = { 'label-content-name-mismatch': { enabled: true } };
axe.run(document, { resultTypes: ['violations'], iframes: false, rules }).then(
  result => done(result.violations.map(violation => violation.id + ': ' + violation.help + ' at '
    + violation.nodes.map(node => node.target.join(' ') + ' (' + (node.any[0]?.message ?? '') + ')').join(', '))),
  error => done(['axe-core failed: ' + error]));
";

impl Browser {
    /// All lines that the console has had so far, the quiet ones too.
    pub async fn console(&self) -> Vec<String> {
        let new = self
            .driver
            .browser_log()
            .await
            .expect("the browser's console");
        let new = new.into_iter().map(|entry| {
            let source = entry.source.unwrap_or_default();
            format!("{} {source}: {}", entry.level, entry.message)
        });
        let mut console = self.console.lock().unwrap_or_else(PoisonError::into_inner);
        console.extend(new);
        console.clone()
    }

    /// The errors and warnings of the console, violations of the content security policy among
    /// them.
    ///
    /// Left out is one line that Chromium itself writes for every refused request, since an
    /// honest 401 or 422 is not a mistake of the page.
    pub async fn complaints(&self) -> Vec<String> {
        let loud = |line: &String| line.starts_with("SEVERE") || line.starts_with("WARNING");
        let refusal = |line: &String| {
            line.contains("Failed to load resource")
                && line.contains("responded with a status of 4")
        };
        let console = self.console().await;
        console
            .into_iter()
            .filter(loud)
            .filter(|line| !refusal(line))
            .collect()
    }

    /// Stops the test if the console holds an error, a warning or a violation.
    pub async fn expect_silent_console(&self) {
        let complaints = self.complaints().await;
        assert!(
            complaints.is_empty(),
            "the console complains: {complaints:#?}"
        );
    }

    /// What axe-core finds on the page as it is.
    pub async fn violations(&self) -> Vec<String> {
        self.driver
            .execute(axe_source(), Vec::new())
            .await
            .expect("axe-core loads");
        let answer = self
            .driver
            .execute_async(RUN, Vec::new())
            .await
            .expect("axe-core runs");
        let violations = answer.json().as_array().cloned().unwrap_or_default();
        let line = |line: &Value| line.as_str().unwrap_or("not a line of text").to_owned();
        violations.iter().map(line).collect()
    }

    /// Stops the test if axe-core finds something on this page, in light or in dark.
    pub async fn expect_accessible(&self, page: &str) {
        let mut found = Vec::new();
        for scheme in [Scheme::Light, Scheme::Dark] {
            self.prefer(scheme).await;
            self.keep_picture(page, scheme).await;
            let violations = self.violations().await;
            found.extend(violations.iter().map(|line| format!("{scheme:?}: {line}")));
        }
        self.prefer(Scheme::Light).await;
        assert!(found.is_empty(), "axe-core on {page}: {found:#?}");
    }

    /// Stops the test if the page is wider than the window.
    pub async fn expect_no_sideways_scrolling(&self, page: &str) {
        let script = "return document.documentElement.scrollWidth - window.innerWidth";
        let excess = self.script(script, Vec::new()).await;
        let fits = excess.as_i64().is_some_and(|pixels| pixels <= 0);
        assert!(fits, "{page} is {excess} pixels wider than the window");
    }

    /// Keeps a picture of the page in the folder that `VOUCHKEY_SCREENSHOTS` names, for people.
    pub async fn keep_picture(&self, page: &str, scheme: Scheme) {
        let Ok(folder) = std::env::var("VOUCHKEY_SCREENSHOTS") else {
            return;
        };
        let width = self.script("return window.innerWidth", Vec::new()).await;
        let width = width.as_i64().unwrap_or_default();
        let name = format!("{page}-{scheme:?}-{width}.png")
            .to_lowercase()
            .replace(' ', "-");
        let file = PathBuf::from(folder).join(name);
        std::fs::write(file, self.screenshot().await).expect("the picture can be kept");
    }
}

/// axe-core: what `VOUCHKEY_AXE` names, else the one that npm installed for the project.
fn axe_source() -> String {
    let file = std::env::var_os("VOUCHKEY_AXE").map_or_else(
        || repository().join("crates/xtask/node/node_modules/axe-core/axe.min.js"),
        PathBuf::from,
    );
    std::fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!(
            "{}: {error}: run `npm ci` in crates/xtask/node",
            file.display()
        )
    })
}
