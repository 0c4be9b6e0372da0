//! The mark of a status, always with its word.

use leptos::prelude::*;
use vouchkey_types::session::status::SessionStatus;

use crate::words;

/// Shapes of marks; never told apart by colour alone.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mark {
    Ring,
    Dot,
    Wait,
    Check,
    Slash,
    Cross,
}

impl Mark {
    fn of(status: SessionStatus) -> Self {
        match status {
            SessionStatus::Pending => Self::Ring,
            SessionStatus::Capturing | SessionStatus::Processing => Self::Dot,
            SessionStatus::AwaitingExternal
            | SessionStatus::UnderReview
            | SessionStatus::SandboxPending => Self::Wait,
            SessionStatus::Completed => Self::Check,
            SessionStatus::Expired => Self::Slash,
            SessionStatus::Failed => Self::Cross,
        }
    }

    pub(crate) fn draw(self) -> impl IntoView {
        let (class, path) = match self {
            Self::Ring => (
                "mark is-grey",
                "M6 1.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9z",
            ),
            Self::Dot => (
                "mark is-accent is-dot",
                "M6 2.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7z",
            ),
            Self::Wait => (
                "mark is-warn",
                "M6 1.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM6 3.5V6l1.5 1.5",
            ),
            Self::Check => ("mark is-good", "m1.5 6.5 3 3 6-7"),
            Self::Slash => (
                "mark is-grey",
                "M6 1.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM3 9l6-6",
            ),
            Self::Cross => ("mark is-bad", "m2 2 8 8m0-8-8 8"),
        };
        view! { <svg class=class viewBox="0 0 12 12" aria-hidden="true"><path d=path/></svg> }
    }
}

#[component]
pub(crate) fn Status(status: SessionStatus) -> impl IntoView {
    view! {
        <span class="mark-word">{Mark::of(status).draw()} <span>{words::status(status)}</span></span>
    }
}
