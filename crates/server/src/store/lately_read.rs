//! Sessions that were read lately, as they were written for who asked: whoever asks again and again whether one has been
//! decided gets the same text without a query, as long as nothing was changed.
//!
//! What is given from here is what would be written from a query at that moment. A session that a change of this process shows
//! otherwise is taken out before the change is answered. Any other process that writes to the database, this program
//! or another, is noticed by the end of the log, at which each answer from here looks: see [`LogEnd`]. PostgreSQL has no
//! such place, and is asked each time.

use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hashlink::LruCache;
use sqlx::AnyConnection;
use vouchkey_types::inflection::Inflection;

use super::engine::LogEnd;
use super::shown_session::Which;

/// Bytes of sessions that are kept, at most: more than ten thousand of them.
const MOST: usize = 16 << 20;

/// Commits after which nobody looks for the end of the log any more, unless somebody asks for a session: who only creates
/// pays nothing for it.
const PATIENCE: u32 = 64;

/// Which sessions a change shows otherwise, of those that were there before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reshown {
    /// None.
    None,
    /// These.
    These(Vec<Which>),
    /// Any.
    Any,
}

/// The sessions. Clones share them.
#[derive(Clone)]
pub(super) struct LatelyRead(Option<Arc<Kept>>);

struct Kept {
    file: Arc<Path>,
    /// For how many commits more the end of the log is looked for.
    patience: AtomicU32,
    state: Mutex<State>,
}

struct State {
    /// Where the log ended after the last change of this process; none while that is not known.
    end: Option<Arc<LogEnd>>,
    /// The version of the database, as the writer's connection counts: another one means that others have written.
    version: Option<i64>,
    sessions: LruCache<Which, Written>,
    bytes: usize,
}

/// A session as it is answered. It cannot be printed: it holds what the caller of its creation sent.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// The answer's body.
    pub(super) text: Bytes,
    /// How its keys are spelled.
    pub(super) inflection: Inflection,
    /// When the clock changes nothing of it, Unix milliseconds.
    pub(super) steady: Range<i64>,
}

/// What comes of asking.
pub(super) enum Asked {
    /// It is here.
    Here(Bytes),
    /// It is to be looked up.
    Missing(Missing),
}

/// The right to keep what is looked up from here on, unless there are changes meanwhile.
pub(super) struct Missing(Option<(Arc<Kept>, Arc<LogEnd>)>);

impl LatelyRead {
    /// Of an SQLite database in this file; without one, nothing is kept.
    pub(super) fn new(file: Option<Arc<Path>>) -> Self {
        Self(file.map(|file| {
            Arc::new(Kept {
                file,
                patience: AtomicU32::new(PATIENCE),
                state: Mutex::new(State {
                    end: None,
                    version: None,
                    sessions: LruCache::new_unbounded(),
                    bytes: 0,
                }),
            })
        }))
    }

    /// The session at this time, if it was read lately in this spelling and nothing was changed since.
    pub(super) fn ask(&self, which: &Which, inflection: Inflection, now: i64) -> Asked {
        let Some(kept) = &self.0 else {
            return Asked::Missing(Missing(None));
        };
        kept.patience.store(PATIENCE, Ordering::Relaxed);
        let mut state = kept.state();
        let Some(end) = state.end.clone() else {
            return Asked::Missing(Missing(None));
        };
        let found = state
            .sessions
            .get(which)
            .filter(|written| written.inflection == inflection && written.steady.contains(&now))
            .map(|written| written.text.clone());
        drop(state);
        match found {
            Some(text) if end.is_still_there() => Asked::Here(text),
            _ => Asked::Missing(Missing(Some((Arc::clone(kept), end)))),
        }
    }

    /// Takes out what the changes show otherwise that the writer has just made on this connection, and looks for the end
    /// of the log. Before any of the changes is answered.
    pub(super) async fn changed(&self, reshown: &[Reshown], conn: &mut AnyConnection) {
        let Some(kept) = &self.0 else {
            return;
        };
        kept.state().take_out(reshown);
        let left = kept.patience.load(Ordering::Relaxed);
        if left == 0 {
            return;
        }
        // An ask that came in between may lose a part of its patience: the next one has it all.
        kept.patience.store(left - 1, Ordering::Relaxed);
        match LogEnd::find(conn, &kept.file).await {
            Ok((end, version)) => kept.state().go_on_from(end, version),
            // The connection's trouble shows itself with the next change.
            Err(error) => {
                tracing::debug!(%error, "the end of the log was not found; sessions are read from the database");
            }
        }
    }

    /// Forgets all: the writer has another connection, which counts anew what others have written.
    pub(super) fn forget(&self) {
        if let Some(kept) = &self.0 {
            kept.state().forget();
        }
    }
}

impl Missing {
    /// Keeps what was written from what was found. Whoever has changed the session meanwhile either has taken it out of
    /// here, or will, or has moved the end of the log.
    pub(super) fn keep(self, which: Which, written: Written) {
        let Some((kept, end)) = self.0 else {
            return;
        };
        let mut state = kept.state();
        if state.end.as_ref().is_some_and(|now| Arc::ptr_eq(now, &end)) {
            state.keep(which, written);
        }
    }
}

impl Kept {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take_out(&mut self, reshown: &[Reshown]) {
        self.end = None;
        for reshown in reshown {
            match reshown {
                Reshown::None => {}
                Reshown::These(all) => {
                    for which in all {
                        if let Some(written) = self.sessions.remove(which) {
                            self.bytes -= written.bytes();
                        }
                    }
                }
                Reshown::Any => self.clear(),
            }
        }
    }

    fn go_on_from(&mut self, end: LogEnd, version: i64) {
        if self.version != Some(version) {
            self.clear();
        }
        self.version = Some(version);
        self.end = Some(Arc::new(end));
    }

    fn forget(&mut self) {
        self.end = None;
        self.version = None;
        self.clear();
    }

    fn clear(&mut self) {
        self.sessions.clear();
        self.bytes = 0;
    }

    fn keep(&mut self, which: Which, written: Written) {
        self.bytes += written.bytes();
        if let Some(earlier) = self.sessions.insert(which, written) {
            self.bytes -= earlier.bytes();
        }
        while self.bytes > MOST
            && let Some((_, oldest)) = self.sessions.remove_lru()
        {
            self.bytes -= oldest.bytes();
        }
    }
}

impl Written {
    /// About what it takes, with its place.
    fn bytes(&self) -> usize {
        size_of::<Self>() + 3 * size_of::<Which>() + self.text.len()
    }
}

#[cfg(test)]
mod tests;
