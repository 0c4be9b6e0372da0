//! Says to screen readers what others see.

use leptos::prelude::*;

/// The words to be read, for every page; inside a dialog, which silences all that is outside of it, its own.
#[derive(Clone, Copy, Default)]
pub(crate) struct Announce(RwSignal<String>);

/// The live region.
#[component]
pub(crate) fn Announcer(words: Announce) -> impl IntoView {
    view! { <p class="unseen" role="status">{move || words.0.get()}</p> }
}

impl Announce {
    /// Makes the one of every page.
    pub(crate) fn provide() -> Self {
        let words = Self::default();
        provide_context(words);
        words
    }

    /// That of the page; to be taken while a component is set up.
    pub(crate) fn here() -> Self {
        expect_context()
    }

    pub(crate) fn say(self, text: &str) {
        // The same words twice would not be read again.
        let is_same = self.0.with_untracked(|before| before == text);
        self.0.set(if is_same {
            format!("{text}\u{a0}")
        } else {
            text.to_owned()
        });
    }
}
