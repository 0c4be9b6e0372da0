//! Visits in the timeline: at most one entry a link and minute, written off the request's path.
//!
//! An entry's id is made of the minute and the link, so that the table itself refuses a second one, also after a
//! restart and beside another server. What was seen lately is remembered, so that a link that is opened a thousand
//! times a second costs one write.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use vouchkey_types::id::{EventId, LinkId};

use super::look_up::Found;
use crate::app::AppState;
use crate::store::session_events::{self, SessionEventRow};
use crate::store::{Change, Engine, Reshown, StoreError};

const MINUTE_MS: i64 = 60_000;
/// Links remembered within a minute; beyond it visits are not noted.
const REMEMBERED: usize = 10_000;

/// What was done with a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Seen {
    /// Its page was opened.
    Visit,
    /// *Start* was pressed.
    Start,
}

/// What was noted in this minute. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Visits(Arc<Mutex<Minute>>);

#[derive(Debug, Default)]
struct Minute {
    began: i64,
    seen: HashSet<(LinkId, Seen)>,
}

impl Minute {
    /// Whether this is the first time in the minute that begins at `began`.
    fn is_first(&mut self, began: i64, link: LinkId, seen: Seen) -> bool {
        if self.began != began {
            self.began = began;
            self.seen.clear();
        }
        self.seen.len() < REMEMBERED && self.seen.insert((link, seen))
    }
}

impl Visits {
    /// Notes what was seen, in a task of its own. A note that cannot be written is dropped.
    pub(super) fn note(&self, state: &AppState, found: &Found, seen: Seen) {
        let now = state.clock.now_ms();
        let began = now - now.rem_euclid(MINUTE_MS);
        let link = &found.link;
        if !self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_first(began, link.id, seen)
        {
            return;
        }
        let note = Note(SessionEventRow {
            organization: link.organization,
            session: link.session,
            id: entry_id(began, link.id, seen),
            event: match seen {
                Seen::Visit => "link.visited",
                Seen::Start => "capture.started",
            }
            .to_owned(),
            actor: "applicant".to_owned(),
            sequence: None,
            detail: "{}".to_owned(),
            created_at: now,
        });
        let store = state.store.clone();
        state.tasks.spawn(async move {
            match store.write(note).await {
                Ok(()) | Err(StoreError::UniqueViolation) => {}
                Err(error) => tracing::warn!(%error, "a visit could not be noted"),
            }
        });
    }
}

fn entry_id(began: i64, link: LinkId, seen: Seen) -> EventId {
    let bytes = link.to_bytes();
    let mut last = [0; 10];
    last.copy_from_slice(&bytes[6..]);
    // The first bits of these bytes belong to the id's version and variant; the last byte is free.
    last[9] ^= u8::from(seen == Seen::Start);
    EventId::from_parts(began.unsigned_abs(), last)
}

struct Note(SessionEventRow);

impl Change for Note {
    type Outcome = ();

    fn reshows(&self) -> Reshown {
        Reshown::None
    }

    async fn apply(self, conn: &mut sqlx::AnyConnection, _: Engine) -> Result<(), StoreError> {
        session_events::insert(conn, &self.0).await
    }
}
