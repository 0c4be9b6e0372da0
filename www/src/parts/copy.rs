//! Copying a text, answered in place.

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::announcer::Announce;
use crate::browser;

/// A button that copies a text and says so.
#[component]
pub(crate) fn Copy(
    /// What is copied.
    #[prop(into)]
    text: Signal<String>,
    /// What it is called: `capture URL`.
    label: &'static str,
    /// The word on the button.
    #[prop(default = "Copy")]
    word: &'static str,
    /// Looks like a button instead of a link.
    #[prop(optional)]
    is_button: bool,
    /// Where it is said; else as on every page.
    #[prop(optional)]
    words: Option<Announce>,
) -> impl IntoView {
    let is_done = RwSignal::new(false);
    let is_refused = RwSignal::new(false);
    let words = words.unwrap_or_else(Announce::here);
    let answer = move || {
        if is_refused.get() {
            "Not allowed"
        } else {
            "Copied"
        }
    };
    // Begins with what is read on the button, also while that is the answer.
    let name = move || {
        if is_done.get() {
            format!("{}: {label}", answer())
        } else {
            format!("{word} {label}")
        }
    };
    let copy = move |_| {
        spawn_local(async move {
            let done = browser::copy(&text.get_untracked()).await;
            words.say(if done {
                "Copied"
            } else {
                "The browser does not allow copying"
            });
            is_done.try_set(true);
            is_refused.try_set(!done);
            set_timeout(move || _ = is_done.try_set(false), Duration::from_secs(2));
        });
    };
    view! {
        <button
            type="button"
            class=if is_button { "button copy" } else { "link-button copy small" }
            aria-label=name
            on:click=copy
        >
            <span class="two-words">
                <span data-off=move || is_done.get().then_some("")>{word}</span>
                <span data-off=move || (!is_done.get()).then_some("")>{answer}</span>
            </span>
        </button>
    }
}
