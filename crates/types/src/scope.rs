//! What a key may do (decision 11).

use std::fmt;

/// One permission, `resource:action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the wire's own")]
pub enum Scope {
    SessionsRead,
    SessionsCreate,
    SessionsWrite,
    VerificationsRead,
    IdentitiesRead,
    DocumentsWrite,
    WorkflowsRead,
    WorkflowsWrite,
    WebhooksRead,
    WebhooksWrite,
    ApiKeysRead,
    ApiKeysWrite,
    EventsRead,
    RedactWrite,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::SessionsRead,
        Self::SessionsCreate,
        Self::SessionsWrite,
        Self::VerificationsRead,
        Self::IdentitiesRead,
        Self::DocumentsWrite,
        Self::WorkflowsRead,
        Self::WorkflowsWrite,
        Self::WebhooksRead,
        Self::WebhooksWrite,
        Self::ApiKeysRead,
        Self::ApiKeysWrite,
        Self::EventsRead,
        Self::RedactWrite,
    ];
    /// Those of a new key for which none are named.
    pub const DEFAULT: [Self; 5] = [
        Self::SessionsRead,
        Self::SessionsCreate,
        Self::SessionsWrite,
        Self::VerificationsRead,
        Self::IdentitiesRead,
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionsRead => "sessions:read",
            Self::SessionsCreate => "sessions:create",
            Self::SessionsWrite => "sessions:write",
            Self::VerificationsRead => "verifications:read",
            Self::IdentitiesRead => "identities:read",
            Self::DocumentsWrite => "documents:write",
            Self::WorkflowsRead => "workflows:read",
            Self::WorkflowsWrite => "workflows:write",
            Self::WebhooksRead => "webhooks:read",
            Self::WebhooksWrite => "webhooks:write",
            Self::ApiKeysRead => "api_keys:read",
            Self::ApiKeysWrite => "api_keys:write",
            Self::EventsRead => "events:read",
            Self::RedactWrite => "redact:write",
        }
    }

    /// The scope of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScopeSet(u16);

impl ScopeSet {
    /// Reads `a,b`. The error is the first word that is no scope.
    ///
    /// # Errors
    /// A word of the list that is not a scope.
    pub fn parse_list(list: &str) -> Result<Self, String> {
        list.split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(|word| Scope::parse(word).ok_or_else(|| word.to_owned()))
            .collect()
    }

    /// Whether the scope is in it.
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u16) != 0
    }

    /// Whether one of these is in it.
    pub fn contains_any(self, scopes: &[Scope]) -> bool {
        scopes.iter().any(|scope| self.contains(*scope))
    }

    /// Whether it has none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its members, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .into_iter()
            .filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(
            scopes
                .into_iter()
                .fold(0, |set, scope| set | 1 << scope as u16),
        )
    }
}

/// `a,b`, as [`ScopeSet::parse_list`] reads it.
impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_back_and_an_unknown_word_is_named() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Some(scope));
        }
        let set = ScopeSet::parse_list("sessions:write, sessions:read").unwrap();
        assert_eq!(set.to_string(), "sessions:read,sessions:write");
        assert!(
            set.contains_any(&[Scope::SessionsCreate, Scope::SessionsWrite])
                && !set.contains(Scope::SessionsCreate)
        );
        assert_eq!(
            ScopeSet::parse_list("sessions:read,all"),
            Err("all".to_owned())
        );
    }
}
