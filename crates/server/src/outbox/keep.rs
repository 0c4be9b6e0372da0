//! The embedded mailbox: invitations that are due go into it by one transaction, without a lease, since nothing leaves the
//! database. What cannot be kept is left for an attempt of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sqlx::AnyConnection;
use vouchkey_types::id::{OrganizationId, SessionId};

use super::delivery::{Attempt, Facts, Post, keep};
use super::settle::note;
use crate::app::AppState;
use crate::store::mailbox::{self, MailboxRow};
use crate::store::outbox::{self, Ended, Fresh, Leased};
use crate::store::session_events;
use crate::store::{Change, Engine, StoreError};
use crate::telemetry;

/// Keeps what nobody has tried yet and is due.
pub(super) struct KeepDue {
    pub(super) state: AppState,
    pub(super) post: Post,
    /// At most so many.
    pub(super) limit: usize,
}

/// What became of a [`KeepDue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kept {
    /// How many were found.
    pub(super) found: usize,
    /// How many of them the mailbox has now.
    pub(super) kept: usize,
}

impl Change for KeepDue {
    type Outcome = Kept;

    async fn apply(self, conn: &mut AnyConnection, engine: Engine) -> Result<Kept, StoreError> {
        let now = self.state.clock.now_ms();
        let fresh = Fresh {
            now,
            token: self.state.clock.id(),
            limit: i64::try_from(self.limit).unwrap_or(i64::MAX),
        };
        let found = fresh.pick(conn, engine).await?;
        if found.is_empty() {
            return Ok(Kept { found: 0, kept: 0 });
        }
        let wanted: Vec<(OrganizationId, SessionId)> = found
            .iter()
            .map(|due| (due.organization, due.session))
            .collect();
        let facts = Facts::find(conn, &wanted).await?;
        let mut sent = Vec::with_capacity(found.len());
        let mut kept = Vec::with_capacity(found.len());
        for due in &found {
            if let Some(row) = self.try_one(due, &facts) {
                sent.push(due);
                kept.push(row);
            }
        }
        let kept: Vec<&MailboxRow> = kept.iter().collect();
        let notes: Vec<_> = sent
            .iter()
            .filter_map(|due| note(&self.state, due, Ended::Sent))
            .collect();
        let notes: Vec<_> = notes.iter().collect();
        outbox::end_fresh(conn, &sent, now).await?;
        mailbox::insert_all(conn, &kept).await?;
        session_events::insert_all(conn, &notes).await?;
        Ok(Kept {
            found: found.len(),
            kept: sent.len(),
        })
    }
}

impl KeepDue {
    /// None if it is to be tried by itself, which tells why.
    fn try_one(&self, due: &Leased, facts: &Facts) -> Option<MailboxRow> {
        let span = telemetry::delivery(due);
        let tried = span.in_scope(|| {
            catch_unwind(AssertUnwindSafe(|| {
                keep(&self.state, &self.post, due, facts)
            }))
        });
        match tried {
            Ok(Attempt::Kept(row)) => {
                span.in_scope(|| telemetry::delivered(Ended::Sent));
                Some(row)
            }
            _ => None,
        }
    }
}
