//! Where a session stands (`wire.md` 6).

use std::fmt;

macro_rules! statuses {
    ($($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)?) => {
        /// The state of a session. It is not the verdict.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum SessionStatus { $($(#[$doc])* $variant),* }

        impl SessionStatus {
            /// All of them, in the order of a session's life.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }
    };
}

statuses! {
    /// Created; the applicant has not begun.
    Pending = "pending",
    /// The applicant is in the capture flow.
    Capturing = "capturing",
    /// Capture is done, checks are running.
    Processing = "processing",
    /// Waits for an answer from outside.
    AwaitingExternal = "awaiting_external",
    /// Waits for a person.
    UnderReview = "under_review",
    /// In the sandbox: waits for an outcome to be chosen.
    SandboxPending = "sandbox_pending",
    /// Done; there is a verdict.
    Completed = "completed",
    /// The time passed, or somebody ended it.
    Expired = "expired",
    /// It could not be brought to an end.
    Failed = "failed",
}

impl SessionStatus {
    /// The status of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|status| status.as_str() == word)
    }

    /// Whether it is an end.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Expired | Self::Failed)
    }

    /// Whether the capture URL can be used, time aside.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Capturing)
    }

    /// The status as the clock sees it: an open session whose time has passed is expired
    /// (decision 13).
    #[must_use]
    pub const fn at(self, expires_at_ms: i64, now_ms: i64) -> Self {
        if self.is_open() && expires_at_ms <= now_ms {
            Self::Expired
        } else {
            self
        }
    }
}

impl fmt::Display for SessionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
