//! Who is signed in, for every page.

use leptos::prelude::*;

use crate::browser;
use crate::model::me::Me;

#[derive(Clone, Copy)]
pub(crate) struct Account {
    pub(crate) me: RwSignal<Option<Me>>,
    /// The server no longer knows this browser.
    pub(crate) is_lost: RwSignal<bool>,
    /// It knew it until now, and the person did not sign out.
    pub(crate) was_signed_out: RwSignal<bool>,
}

impl Account {
    pub(crate) fn provide() {
        provide_context(Self {
            me: RwSignal::new(None),
            is_lost: RwSignal::new(false),
            was_signed_out: RwSignal::new(false),
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
        self.was_signed_out
            .set(self.me.with_untracked(Option::is_some));
        self.me.set(None);
        self.is_lost.set(true);
    }

    /// The person signs out: what this tab keeps is dropped too.
    pub(crate) fn leave(self) {
        self.me.set(None);
        self.lose();
        browser::drop_kept();
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
