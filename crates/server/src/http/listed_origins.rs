//! The origins that live publishable keys list: whoever asks from one may read our answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::remembered::is_fresh;
use crate::app::AppState;
use crate::store::api_keys;

/// When the last of the keys that list an origin ends, in Unix milliseconds.
type Ends = HashMap<String, i64>;

/// All listed origins, read whole and at most once a second: however many origins are invented,
/// the database is not asked more often. An origin is gone within a second of its key.
#[derive(Debug, Default)]
pub struct ListedOrigins {
    last: Mutex<Option<(i64, Arc<Ends>)>>,
    reading: tokio::sync::Mutex<()>,
}

impl ListedOrigins {
    /// Whether a live publishable key lists this origin, which must be spelled as browsers do.
    pub async fn contain(&self, state: &AppState, origin: &str) -> bool {
        let now = state.clock.now_ms();
        let ends = match self.fresh(now) {
            Some(ends) => ends,
            None => self.read(state).await,
        };
        ends.get(origin).is_some_and(|end| now < *end)
    }

    fn fresh(&self, now: i64) -> Option<Arc<Ends>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, ends) = last.as_ref().filter(|(at, _)| is_fresh(*at, now))?;
        Some(Arc::clone(ends))
    }

    async fn read(&self, state: &AppState) -> Arc<Ends> {
        let _turn = self.reading.lock().await;
        let now = state.clock.now_ms();
        // Who had to wait for the turn finds what was read before it.
        if let Some(ends) = self.fresh(now) {
            return ends;
        }
        let rows = state
            .store
            .read(async |conn| api_keys::listed_origins(conn, now).await)
            .await;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = match rows {
            Ok(rows) => Arc::new(ends(rows)),
            Err(error) => {
                tracing::warn!(%error, "the origins of publishable keys could not be read");
                // What was listed may go on reading why its requests fail: keys are checked for
                // themselves. For a second nobody waits for the store again.
                last.take().map(|(_, ends)| ends).unwrap_or_default()
            }
        };
        *last = Some((now, Arc::clone(&ends)));
        ends
    }
}

fn ends(rows: Vec<(Vec<String>, Option<i64>)>) -> Ends {
    let mut ends = Ends::new();
    for (origins, expires_at) in rows {
        for origin in origins {
            let end = ends.entry(origin).or_insert(i64::MIN);
            *end = (*end).max(expires_at.unwrap_or(i64::MAX));
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_listed_as_long_as_one_of_its_keys_lives() {
        let (a, b) = (
            "https://a.example".to_owned(),
            "https://b.example".to_owned(),
        );
        let ends = ends(vec![
            (vec![a.clone(), b.clone()], Some(5)),
            (vec![a.clone()], None),
            (vec![b.clone()], Some(3)),
        ]);
        assert_eq!((ends[&a], ends[&b]), (i64::MAX, 5));
    }
}
