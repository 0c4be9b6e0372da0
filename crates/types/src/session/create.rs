//! The request that creates a session (`seed.txt`): from JSON to a [`NewSession`], or to all that
//! is wrong with it.
//!
//! A [`SentRequest`] is what came; its rules make a [`CheckedRequest`] of it, where it stands, and
//! that becomes a [`NewSession`], which is on its own.

mod new;
mod rules;
mod sent;

pub use new::{CheckedRequest, NewSession};
pub use rules::unknown_field;
pub use sent::{CreateSessionRequest, SentRequest};

use crate::date::Date;
use crate::id::WorkflowId;
use crate::names::Field;
use crate::problem::{Fault, FieldCode};

/// What the rules need to know of the world.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Today's date in UTC.
    pub today: Date,
    /// Schemes beside http and https that the organization allows in `redirect_url`, lower case.
    pub schemes: &'a [String],
    /// Refuse unknown top-level fields (`Prefer: handling=strict`, RFC 7240) instead of ignoring
    /// them.
    pub strict: bool,
    /// Whether there is an active workflow of this id in the environment. Absent where nobody
    /// knows, as in a browser; then only its form is checked.
    pub workflows: Option<&'a dyn Fn(&WorkflowId) -> bool>,
    /// Given where a publishable key asks, to which most fields are closed (decision 10).
    pub publishable: Option<Publishable<'a>>,
}

/// What a publishable key may ask for, beside the values of the fields that are open to it.
#[derive(Debug, Clone, Copy)]
pub struct Publishable<'a> {
    /// The hosts to which it may send applicants, lower case.
    pub redirect_hosts: &'a [String],
}

impl Publishable<'_> {
    /// Whether it may set a field at all.
    pub const fn opens(field: Field) -> bool {
        matches!(
            field,
            Field::ExternalRef
                | Field::Metadata
                | Field::Country
                | Field::WorkflowId
                | Field::RedirectUrl
                | Field::ExpiresInMinutes
                | Field::Fields
        )
    }

    fn leads_to(&self, host: &str) -> Result<(), Fault> {
        let is_listed = |listed: &String| listed.eq_ignore_ascii_case(host);
        if self.redirect_hosts.iter().any(is_listed) {
            return Ok(());
        }
        Err(Fault::new(
            FieldCode::NotAllowed,
            "Must have a host that the organization lists for its publishable keys.",
        ))
    }
}

#[cfg(test)]
mod tests;
