//! Says to screen readers what others see.

use leptos::prelude::*;

/// The words to be read, for every page; inside a dialog, which silences all that is outside of it, its own.
#[derive(Clone, Copy, Default)]
pub(crate) struct Announce(RwSignal<String>);

/// The live region.
#[component]
pub(crate) fn Announcer() -> impl IntoView {
    let words = use_context::<Announce>();
    view! {
        <p class="unseen" role="status">{move || words.map(|words| words.0.get())}</p>
    }
}

impl Announce {
    pub(crate) fn provide() {
        provide_context(Self::default());
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

    /// Returns what announces; to be taken while a component is set up.
    pub(crate) fn here() -> impl Fn(&str) + Copy + Send + Sync + 'static {
        let words = use_context::<Self>();
        move |text| {
            if let Some(words) = words {
                words.say(text);
            }
        }
    }
}
