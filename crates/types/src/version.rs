//! API versions (`Verifa-Version`, decision 8).

use std::fmt;

/// A version of the API that is supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ApiVersion {
    /// `2026-01-01`.
    V20260101,
    /// `2026-02-01`.
    V20260201,
}

impl ApiVersion {
    /// The newest; new keys are pinned to it.
    pub const LATEST: Self = Self::V20260201;
    /// All that are supported, oldest first.
    pub const ALL: [Self; 2] = [Self::V20260101, Self::V20260201];

    /// The date on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V20260101 => "2026-01-01",
            Self::V20260201 => "2026-02-01",
        }
    }

    /// The version of this date.
    pub fn parse(date: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|version| version.as_str() == date)
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
