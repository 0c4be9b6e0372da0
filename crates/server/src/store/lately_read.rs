//! Sessions that were read lately: whoever asks again and again whether one has been decided gets it without a query, as
//! long as nothing was changed.
//!
//! What is given from here is what a query would find at that moment. A session that a change of this process shows
//! otherwise is taken out before the change is answered. Any other process that writes to the database, this program
//! or another, is noticed by the end of the log, at which each answer from here looks: see [`LogEnd`]. PostgreSQL has no
//! such place, and is asked each time.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashlink::LruCache;
use sqlx::AnyConnection;

use super::engine::LogEnd;
use super::shown_session::{ShownSession, Which};

/// Bytes of sessions that are kept, at most: some ten thousand of them.
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
    sessions: LruCache<Which, Arc<ShownSession>>,
    bytes: usize,
}

/// What comes of asking.
pub(super) enum Asked {
    /// It is here.
    Here(Arc<ShownSession>),
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

    /// The session, if it was read lately and nothing was changed since.
    pub(super) fn ask(&self, which: &Which) -> Asked {
        let Some(kept) = &self.0 else {
            return Asked::Missing(Missing(None));
        };
        kept.patience.store(PATIENCE, Ordering::Relaxed);
        let mut state = kept.state();
        let Some(end) = state.end.clone() else {
            return Asked::Missing(Missing(None));
        };
        let found = state.sessions.get(which).cloned();
        drop(state);
        match found {
            Some(shown) if end.is_still_there() => Asked::Here(shown),
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
    /// Keeps what was found. Whoever has changed the session meanwhile either has taken it out of here, or will, or has
    /// moved the end of the log.
    pub(super) fn keep(self, shown: &Arc<ShownSession>) {
        let Some((kept, end)) = self.0 else {
            return;
        };
        let mut state = kept.state();
        if state.end.as_ref().is_some_and(|now| Arc::ptr_eq(now, &end)) {
            state.keep(shown);
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
                        if let Some(shown) = self.sessions.remove(which) {
                            self.bytes -= bytes(&shown);
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

    fn keep(&mut self, shown: &Arc<ShownSession>) {
        let which = (shown.organization, shown.environment, shown.id);
        self.bytes += bytes(shown);
        if let Some(earlier) = self.sessions.insert(which, Arc::clone(shown)) {
            self.bytes -= bytes(&earlier);
        }
        while self.bytes > MOST
            && let Some((_, oldest)) = self.sessions.remove_lru()
        {
            self.bytes -= bytes(&oldest);
        }
    }
}

/// About what a session takes, with its place.
fn bytes(shown: &ShownSession) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::capacity);
    let list = |list: &[String]| {
        let one = |text: &String| size_of::<String>() + text.capacity();
        list.iter().map(one).sum::<usize>()
    };
    let key = shown.key.as_ref().map_or(0, |key| {
        key.root_key_id.capacity() + key.key_wrapped.as_ref().map_or(0, Vec::capacity)
    });
    size_of::<ShownSession>()
        + 3 * size_of::<Which>()
        + text(&shown.external_ref)
        + text(&shown.country)
        + list(&shown.tags)
        + shown.checks.as_deref().map_or(0, list)
        + shown.metadata.as_ref().map_or(0, Vec::capacity)
        + key
}

#[cfg(test)]
mod tests;
