//! What one root key seals, sealed with another: each row only if it is still what was read.

use std::time::Instant;

use secrecy::ExposeSecret as _;
use sqlx::AnyConnection;
use tokio::time::sleep;

use super::known::{Sealed, open_secret};
use super::root_key::KeyRing;
use super::{VaultError, Wrapped, data_key_place, rows, secret_place, unwrap, wrap};
use crate::clock::Clock;
use crate::store::data_keys::{self, DataKeyRow};
use crate::store::secrets::ServerSecretRow;
use crate::store::{Change, Engine, Store, StoreError};

/// Data keys that share a transaction: so few that no request waits long behind it.
const BATCH: i64 = 100;

/// Seals the server's secrets with the active root key; how many were not.
pub(super) async fn secrets(
    store: &Store,
    ring: &KeyRing,
    sealed: &Sealed,
    clock: &Clock,
) -> Result<u64, VaultError> {
    let active = ring.active();
    let mut moving = Vec::new();
    for row in &sealed.secrets {
        if row.root_key_id.as_deref() == Some(active.id()) {
            continue;
        }
        let Some(secret) = open_secret(ring, row) else {
            tracing::error!(name = row.name, "a secret of the server's cannot be opened");
            continue;
        };
        let place = secret_place(&row.name);
        let sealed = active.seal(secret.expose_secret(), &place, clock.random());
        moving.push((row.clone(), sealed));
    }
    if moving.is_empty() {
        return Ok(0);
    }
    let change = RewrapSecrets {
        root_key_id: active.id().to_owned(),
        moving,
    };
    Ok(store.write(change).await?)
}

/// Wraps the data keys of one root key with the active one, all of them once; how many it were.
pub(super) async fn data_keys_of(
    store: &Store,
    ring: &KeyRing,
    from: &str,
    clock: &Clock,
) -> Result<u64, VaultError> {
    let mut moved = 0;
    let mut last: Option<DataKeyRow> = None;
    loop {
        let page = store
            .read(async |conn| data_keys::wrapped_by(conn, from, last.as_ref(), BATCH).await)
            .await?;
        if page.is_empty() {
            return Ok(moved);
        }
        let change = RewrapDataKeys {
            from: from.to_owned(),
            rows: page
                .iter()
                .filter_map(|row| rewrapped(ring, row, clock))
                .collect(),
        };
        last = page.into_iter().next_back();
        let began = Instant::now();
        moved += store.write(change).await?;
        // Half of the time is the servers': who waits for SQLite's lock looks for it only now and then.
        sleep(began.elapsed()).await;
    }
}

/// A data key's row as the active root key wraps it. None if it cannot be opened: it stays what it is.
fn rewrapped(ring: &KeyRing, row: &DataKeyRow, clock: &Clock) -> Option<DataKeyRow> {
    let session = row.session.to_string();
    let place = data_key_place(&row.organization, &session);
    let key_wrapped = match &row.key_wrapped {
        None => None,
        Some(key) => {
            let wrapped = Wrapped {
                root_key_id: row.root_key_id.clone(),
                key: key.clone(),
            };
            let Ok(key) = unwrap(ring, &wrapped, &place) else {
                tracing::error!(session, "a data key cannot be opened, and stays as it is");
                return None;
            };
            Some(wrap(ring.active(), &key, &place, clock.random()).key)
        }
    };
    Some(DataKeyRow {
        root_key_id: ring.active().id().to_owned(),
        key_wrapped,
        ..row.clone()
    })
}

struct RewrapSecrets {
    root_key_id: String,
    moving: Vec<(ServerSecretRow, Vec<u8>)>,
}

impl Change for RewrapSecrets {
    /// How many were still what had been read.
    type Outcome = u64;

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<u64, StoreError> {
        let mut moved = 0;
        for (before, sealed) in &self.moving {
            moved += u64::from(rows::rewrap(conn, before, sealed, &self.root_key_id).await?);
        }
        Ok(moved)
    }
}

struct RewrapDataKeys {
    from: String,
    rows: Vec<DataKeyRow>,
}

impl Change for RewrapDataKeys {
    /// How many were still what had been read.
    type Outcome = u64;

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<u64, StoreError> {
        let mut moved = 0;
        for row in &self.rows {
            moved += u64::from(data_keys::rewrap(conn, row, &self.from).await?);
        }
        Ok(moved)
    }
}
