//! How an attempt ends: in the database, in the timeline and in the log.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::time::sleep;
use vouchkey_types::json::{Json, Object};
use vouchkey_types::object;

use super::delivery::{Attempt, Facts, Post, attempt, hindered, keep};
use super::lease::hold_during;
use super::schedule;
use crate::app::AppState;
use crate::invitations::Failure;
use crate::store::mailbox::{self, MailboxRow};
use crate::store::outbox::{self, Ended, Leased};
use crate::store::session_events::{self, SessionEventRow};
use crate::store::{Change, Engine, StoreError};
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

/// Tries all of these, where mail is kept, and writes how they ended, with few statements and one commit. A panic on the
/// way is the failure of the message that it happened to.
pub(super) async fn deliver_all(state: AppState, post: Post, leases: Vec<Leased>) -> Heard {
    let wanted: Vec<&Leased> = leases.iter().collect();
    let facts = Facts::read(&state, &wanted).await;
    let mut ends = Vec::with_capacity(leases.len());
    for lease in leases {
        let end = telemetry::delivery(&lease).in_scope(|| {
            let tried = match &facts {
                Ok(facts) => {
                    catch_unwind(AssertUnwindSafe(|| keep(&state, &post, &lease, facts))).ok()
                }
                Err(error) => Some(hindered(error)),
            };
            let end = End::of(&state, lease, tried);
            match end.ended {
                Ended::Sent => state.metrics.outbox.invitation(end.ended),
                _ => end.tell(&state),
            }
            telemetry::delivered(end.ended);
            end
        });
        ends.push(Settle::new(&state, end));
        // Others have something to do as well.
        tokio::task::yield_now().await;
    }
    let kept = ends.iter().filter(|end| end.ended == Ended::Sent).count();
    write_all(&state, ends).await;
    tracing::info!(invitations = kept, "the mailbox was given invitations");
    Heard::Nothing
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
        Failure::Unreachable | Failure::ServerRefused => Heard::Away(failure),
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
            Ok(false) => return tell_lost(1),
            Err(error) => tell_unwritten(&error),
        }
        sleep(Duration::from_millis(wait)).await;
    }
}

/// Writes the ends of attempts together; what fails not because of the store, each by itself, so that one harms no
/// other.
async fn write_all(state: &AppState, changes: Vec<Settle>) {
    for wait in WRITE_AGAIN {
        match state.store.write(SettleAll(changes.clone())).await {
            Ok(0) => return,
            Ok(lost) => return tell_lost(lost),
            Err(error @ (StoreError::Busy | StoreError::Unavailable(_) | StoreError::Locked)) => {
                tell_unwritten(&error);
            }
            Err(_) => break,
        }
        sleep(Duration::from_millis(wait)).await;
    }
    for change in changes {
        write(state, change).await;
    }
}

fn tell_lost(attempts: usize) {
    tracing::warn!(
        attempts,
        "an attempt ended after its lease; another one counts"
    );
}

fn tell_unwritten(error: &StoreError) {
    tracing::warn!(%error, "the end of an attempt could not be written");
}

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

/// The ends of attempts that were leased together: each as a [`Settle`], all or nothing.
struct SettleAll(Vec<Settle>);

impl Change for SettleAll {
    /// How many no longer held their lease.
    type Outcome = usize;

    async fn apply(
        self,
        conn: &mut sqlx::AnyConnection,
        engine: Engine,
    ) -> Result<usize, StoreError> {
        let (sent, others): (Vec<_>, Vec<_>) = self
            .0
            .into_iter()
            .partition(|change| change.ended == Ended::Sent);
        let mut lost = 0;
        if let Some(first) = sent.first() {
            let leases: Vec<_> = sent.iter().map(|change| &change.lease).collect();
            let held = outbox::end_sent(conn, &leases, first.lease.token, first.now).await?;
            let held: Vec<_> = sent
                .iter()
                .filter(|change| held.contains(&change.lease.id))
                .collect();
            let kept: Vec<_> = held.iter().filter_map(|held| held.kept.as_ref()).collect();
            mailbox::insert_all(conn, &kept).await?;
            let notes: Vec<_> = held.iter().filter_map(|held| held.note.as_ref()).collect();
            session_events::insert_all(conn, &notes).await?;
            lost += sent.len() - held.len();
        }
        for change in others {
            if !change.apply(conn, engine).await? {
                lost += 1;
            }
        }
        Ok(lost)
    }
}
