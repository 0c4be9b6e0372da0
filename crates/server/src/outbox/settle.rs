//! How an attempt ends: in the database, in the timeline and in the log.

use std::time::Duration;

use tokio::time::sleep;
use vouchkey_types::json::{Json, Object};
use vouchkey_types::object;

use super::delivery::{Attempt, Post, attempt};
use super::lease::hold_during;
use super::schedule;
use crate::app::AppState;
use crate::invitations::Failure;
use crate::store::mailbox::{self, MailboxRow};
use crate::store::outbox::{self, Ended, Leased};
use crate::store::session_events::{self, SessionEventRow};
use crate::store::{Change, Engine, Reshown, StoreError};
use crate::telemetry;

/// Attempts that ended in a panic, or with the process, before a message counts as poisoned.
const POISONED: i64 = 5;

/// What an attempt tells about the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// Nothing.
    Nothing,
    /// It answers.
    Answer,
    /// It, or the way to it, asks to come again: something waits for it.
    Later,
    /// It cannot be used.
    Away(Failure),
}

/// Tries once and writes how it ended. A panic on the way is this message's own failure.
pub(super) async fn deliver(state: AppState, post: Post, lease: Leased) -> Heard {
    let poisoned = lease.last_error.is_none() && lease.attempts > POISONED;
    let tried = if poisoned {
        // Every attempt so far ended with the process.
        Some(Attempt::Hopeless("crashed"))
    } else {
        let attempt = tokio::spawn(attempt(state.clone(), post, lease.clone()));
        hold_during(&state, &lease, attempt).await.ok()
    };
    let end = End::of(&state, lease, tried);
    let heard = end.heard;
    end.tell(&state);
    telemetry::delivered(end.ended);
    write(&state, Settle::new(&state, end)).await;
    heard
}

/// How an attempt ended.
struct End {
    lease: Leased,
    ended: Ended,
    kept: Option<MailboxRow>,
    heard: Heard,
}

impl End {
    /// What came of a try; none if it panicked.
    fn of(state: &AppState, lease: Leased, tried: Option<Attempt>) -> Self {
        let retry = |error| {
            let next_at =
                state.clock.now_ms() + schedule::wait(lease.attempts, state.clock.random());
            Ended::Retry { next_at, error }
        };
        let mut kept = None;
        let (ended, heard) = match tried {
            Some(Attempt::Sent) => (Ended::Sent, Heard::Answer),
            Some(Attempt::Kept(row)) => {
                kept = Some(row);
                (Ended::Sent, Heard::Nothing)
            }
            Some(Attempt::Failed(failure)) if failure.is_final() => {
                (Ended::Dead(failure.as_str()), Heard::Answer)
            }
            Some(Attempt::Failed(failure)) => (retry(failure.as_str()), heard(failure)),
            Some(Attempt::Hindered) => (retry("hindered"), Heard::Nothing),
            Some(Attempt::Hopeless(why)) => (Ended::Dead(why), Heard::Nothing),
            Some(Attempt::Unwanted(why)) => (Ended::Cancelled(why), Heard::Nothing),
            None if lease.attempts >= POISONED => (Ended::Dead("panicked"), Heard::Nothing),
            None => (retry("panicked"), Heard::Nothing),
        };
        Self {
            lease,
            ended,
            kept,
            heard,
        }
    }

    fn tell(&self, state: &AppState) {
        tell(&self.lease, self.ended);
        state.metrics.outbox.invitation(self.ended);
    }
}

fn heard(failure: Failure) -> Heard {
    match failure {
        Failure::Unreachable
        | Failure::ServerRefused
        | Failure::TlsFailed
        | Failure::CertificateUntrusted
        | Failure::CertificateMismatch
        | Failure::CertificateExpired
        | Failure::CertificateInvalid
        | Failure::SignInRefused => Heard::Away(failure),
        Failure::ConnectionLost | Failure::MessageDeferred => Heard::Later,
        Failure::RecipientDeferred | Failure::MessageRefused | Failure::RecipientRefused => {
            Heard::Answer
        }
    }
}

fn tell(lease: &Leased, ended: Ended) {
    let (delivery, session, attempts) = (lease.id, lease.session, lease.attempts);
    match ended {
        Ended::Sent => tracing::info!(%delivery, %session, attempts, "an invitation was sent"),
        Ended::Retry { error, .. } => {
            tracing::warn!(%delivery, %session, attempts, reason = error, "an invitation will be tried again");
        }
        Ended::Cancelled(reason) => {
            tracing::info!(%delivery, %session, attempts, reason, "an invitation was no longer wanted");
        }
        Ended::Dead(reason) => {
            tracing::error!(%delivery, %session, attempts, reason, "an invitation was given up");
        }
    }
}

/// The waits between tries to write the end of an attempt, in milliseconds. The message may be out already, so a store
/// that is busy is asked again for a while: what stays unwritten is sent twice.
const WRITE_AGAIN: [u64; 5] = [100, 500, 2_000, 5_000, 0];

async fn write(state: &AppState, change: Settle) {
    for wait in WRITE_AGAIN {
        match state.store.write(change.clone()).await {
            Ok(true) => return,
            Ok(false) => {
                return tracing::warn!("an attempt ended after its lease; another one counts");
            }
            Err(error) => tracing::warn!(%error, "the end of an attempt could not be written"),
        }
        sleep(Duration::from_millis(wait)).await;
    }
}

/// What the timeline says of an end; nothing of a try that failed for now.
fn note(state: &AppState, lease: &Leased, ended: Ended) -> Option<SessionEventRow> {
    let attempts = lease.attempts;
    let (event, detail): (_, Object) = match ended {
        Ended::Retry { .. } => return None,
        Ended::Sent => ("invitation.sent", object! { "attempts": attempts }),
        Ended::Dead(reason) => (
            "invitation.failed",
            object! { "attempts": attempts, "reason": reason },
        ),
        Ended::Cancelled(reason) => ("invitation.cancelled", object! { "reason": reason }),
    };
    Some(SessionEventRow {
        organization: lease.organization,
        session: lease.session,
        id: state.clock.id(),
        event: event.to_owned(),
        actor: "system".to_owned(),
        sequence: None,
        detail: Json::from(detail).to_text(),
        created_at: state.clock.now_ms(),
    })
}

/// The end of an attempt, with what belongs to it: all or nothing, and only while the lease holds.
#[derive(Clone)]
struct Settle {
    lease: Leased,
    ended: Ended,
    kept: Option<MailboxRow>,
    note: Option<SessionEventRow>,
    now: i64,
}

impl Settle {
    fn new(state: &AppState, end: End) -> Self {
        Self {
            note: note(state, &end.lease, end.ended),
            now: state.clock.now_ms(),
            lease: end.lease,
            ended: end.ended,
            kept: end.kept,
        }
    }
}

impl Change for Settle {
    /// Whether the lease still held.
    type Outcome = bool;

    fn reshows(&self) -> Reshown {
        Reshown::None
    }

    async fn apply(self, conn: &mut sqlx::AnyConnection, _: Engine) -> Result<bool, StoreError> {
        if !outbox::end(conn, &self.lease, self.ended, self.now).await? {
            return Ok(false);
        }
        if let Some(row) = &self.kept {
            mailbox::insert_all(conn, &[row]).await?;
        }
        if let Some(note) = &self.note {
            session_events::insert(conn, note).await?;
        }
        Ok(true)
    }
}
