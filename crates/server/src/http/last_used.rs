//! When each key was last used: noted in memory, written by a worker, since no request may wait for
//! a column that only people look at.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use vouchkey_types::id::{KeyId, OrganizationId};

/// Uses that are not written yet, in Unix milliseconds.
#[derive(Debug, Default)]
pub struct LastUsed(Mutex<HashMap<(OrganizationId, KeyId), i64>>);

impl LastUsed {
    /// A key was used.
    pub fn note(&self, organization: OrganizationId, key: KeyId, now: i64) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert((organization, key), now);
    }

    /// Notes again what could not be written; what was noted meanwhile is newer.
    pub fn put_back(&self, uses: HashMap<(OrganizationId, KeyId), i64>) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, at) in uses {
            noted.entry(key).or_insert(at);
        }
    }

    /// Everything noted since the last time.
    pub fn take(&self) -> HashMap<(OrganizationId, KeyId), i64> {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *noted)
    }
}
