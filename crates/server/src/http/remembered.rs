//! Rows that every request needs, remembered for one second.
//!
//! A second is what a revoked key, a new setting or a new workflow may take to be seen
//! (decisions, "Command line").

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// How long a row is remembered, in milliseconds.
const LIFE_MS: u64 = 1_000;

/// With more rows than this, the stale ones are forgotten.
const MANY_ROWS: usize = 10_000;

/// Rows by their key.
#[derive(Debug)]
pub struct Remembered<K, V>(Mutex<HashMap<K, (i64, Arc<V>)>>);

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V> Remembered<K, V> {
    /// The row, if it was read within the last second.
    pub fn get(&self, key: &K, now: i64) -> Option<Arc<V>> {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.get(key)
            .filter(|(at, _)| is_fresh(*at, now))
            .map(|(_, row)| Arc::clone(row))
    }

    /// Remembers a row that was asked for at `now`, before it was read.
    pub fn put(&self, key: K, row: V, now: i64) -> Arc<V> {
        let row = Arc::new(row);
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.len() > MANY_ROWS {
            rows.retain(|_, (at, _)| is_fresh(*at, now));
        }
        rows.insert(key, (now, Arc::clone(&row)));
        row
    }
}

/// A clock that was set back makes rows stale, too, rather than live on.
pub fn is_fresh(at: i64, now: i64) -> bool {
    now.abs_diff(at) < LIFE_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_lives_one_second() {
        let rows = Remembered::default();
        rows.put("a", 1, 5_000);
        assert_eq!(rows.get(&"a", 5_999).as_deref(), Some(&1));
        assert_eq!(rows.get(&"a", 6_000), None);
        assert_eq!(rows.get(&"a", 4_000), None);
        assert_eq!(rows.get(&"b", 5_000), None);
    }
}
