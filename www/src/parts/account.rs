//! Who is signed in, for every page.

use leptos::prelude::*;

use crate::model::me::Me;

#[derive(Clone, Copy)]
pub(crate) struct Account {
    pub(crate) me: RwSignal<Option<Me>>,
    /// The server no longer knows this browser.
    pub(crate) is_lost: RwSignal<bool>,
}

impl Account {
    pub(crate) fn provide() {
        provide_context(Self {
            me: RwSignal::new(None),
            is_lost: RwSignal::new(false),
        });
    }

    #[expect(
        clippy::expect_used,
        reason = "the application provides it before any page"
    )]
    pub(crate) fn here() -> Self {
        use_context().expect("an account")
    }

    /// Forgets who it was; the frame then goes to the sign-in.
    pub(crate) fn lose(self) {
        self.me.set(None);
        self.is_lost.set(true);
    }

    /// As [`Account::with`], once, for what is set up and does not change.
    pub(crate) fn read<T: Default>(self, read: impl FnOnce(&Me) -> T) -> T {
        self.me
            .with_untracked(|me| me.as_ref().map(read).unwrap_or_default())
    }

    /// Something of the one who is signed in; the default before it is known.
    pub(crate) fn with<T: Default>(self, read: impl FnOnce(&Me) -> T) -> T {
        self.me.with(|me| me.as_ref().map(read).unwrap_or_default())
    }
}
