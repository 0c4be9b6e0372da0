//! Another root key, while servers run: what the older ones seal is sealed anew with the active one, a few rows at a
//! time, each only if it is still what was read. Nothing that a data key seals is touched.
//!
//! The new key stands in the list before the database knows it, and the database knows it before it seals: whenever this
//! is cut off, no row names a key that is not in the list, and the next run goes on.

use std::path::Path;

use sqlx::AnyConnection;

use super::known::{AddRootKey, Sealed};
use super::root_key::{KeyRing, RootKey};
use super::{Vault, VaultError, key_file, rewrap, rows};
use crate::clock::Clock;
use crate::config::RootKeySource;
use crate::store::{Change, Engine, Store, StoreError, data_keys};

/// What a rotation has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The root key that seals now.
    pub active: String,
    /// Whether this run finished what an earlier one had begun, with the root key that was active already.
    pub is_resumed: bool,
    /// Data keys that were sealed anew.
    pub data_keys: u64,
    /// Secrets of the server's that were.
    pub secrets: u64,
    /// The older root keys.
    pub older: Vec<Older>,
}

/// A root key that seals nothing new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Older {
    /// Which it is.
    pub id: String,
    /// Rows that still name it.
    pub rows: i64,
}

/// What was retired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retired {
    /// The root key that seals.
    pub active: String,
    /// Those that are out of use from now on.
    pub retired: Vec<String>,
    /// Whether the list is left to the operator, since it is a setting.
    pub is_list_unchanged: bool,
}

impl Vault {
    /// Finishes an earlier rotation, if rows still name an older root key; else makes a new root key the active one and
    /// seals everything with it.
    ///
    /// # Errors
    /// The file cannot be replaced; the root key is a setting and no other one is given; the database. What was done
    /// until then stays done.
    pub async fn rotate(&self, store: &Store, clock: &Clock) -> Result<Rotated, VaultError> {
        let earlier = self.rewrap(store, clock).await?;
        if earlier.data_keys + earlier.secrets > 0 {
            return Ok(Rotated {
                is_resumed: true,
                ..earlier
            });
        }
        match &self.source {
            RootKeySource::File(file) => self.renew(file, store, clock).await?,
            // A second key that has nothing left to do was what this was about.
            RootKeySource::Value(_) if self.look().keys().count() > 1 => return Ok(earlier),
            RootKeySource::Value(_) => return Err(VaultError::RootKeyIsASetting),
        }
        self.rewrap(store, clock).await
    }

    /// Puts a new root key into the file that opens but does not seal yet: to be copied to other machines before it is
    /// used. Answers its id; if there is one already, that one's.
    ///
    /// # Errors
    /// As [`Vault::rotate`].
    pub async fn prepare(&self, store: &Store, clock: &Clock) -> Result<String, VaultError> {
        let RootKeySource::File(file) = &self.source else {
            return Err(VaultError::RootKeyIsASetting);
        };
        let lock = key_file::lock(file).await?;
        let (_, new) = self.next(file, store, clock).await?;
        drop(lock);
        Ok(new)
    }

    /// Makes a new root key the active one: prepared before, or made now.
    pub(super) async fn renew(
        &self,
        file: &Path,
        store: &Store,
        clock: &Clock,
    ) -> Result<(), VaultError> {
        let lock = key_file::lock(file).await?;
        let (mut ring, new) = self.next(file, store, clock).await?;
        if let Some(key) = ring.find(&new) {
            store.write(AddRootKey::new(key, clock)).await?;
        }
        ring.activate(&new);
        key_file::replace(file, &ring, clock)?;
        drop(lock);
        self.look();
        Ok(())
    }

    /// The list with a root key in it that is to seal next, and which one that is.
    async fn next(
        &self,
        file: &Path,
        store: &Store,
        clock: &Clock,
    ) -> Result<(KeyRing, String), VaultError> {
        let sealed = store.read(Sealed::read).await?;
        let mut ring = key_file::read(file)?.ok_or_else(|| VaultError::RootKeyMissing {
            file: file.to_owned(),
            wanted: super::ids(&sealed.known),
        })?;
        let prepared = prepared(&ring, &sealed).next().map(str::to_owned);
        if let Some(id) = prepared {
            return Ok((ring, id));
        }
        let key = RootKey::random(clock);
        let id = key.id().to_owned();
        ring.add(key);
        key_file::replace(file, &ring, clock)?;
        Ok((ring, id))
    }

    /// Seals with the active root key what the older ones seal.
    async fn rewrap(&self, store: &Store, clock: &Clock) -> Result<Rotated, VaultError> {
        let ring = self.look();
        let sealed = store.read(Sealed::read).await?;
        let mut rotated = Rotated {
            active: ring.active().id().to_owned(),
            is_resumed: false,
            data_keys: 0,
            secrets: rewrap::secrets(store, &ring, &sealed, clock).await?,
            older: Vec::new(),
        };
        let is_older = |id: &&String| *id != ring.active().id();
        for id in sealed.known.iter().map(|row| &row.id).filter(is_older) {
            // Once more for what a server has sealed that had not read the new list yet.
            loop {
                let moved = rewrap::data_keys_of(store, &ring, id, clock).await?;
                rotated.data_keys += moved;
                if moved == 0 {
                    break;
                }
            }
            rotated.older.push(Older {
                id: id.clone(),
                rows: named(store, id).await?,
            });
        }
        Ok(rotated)
    }

    /// Takes the older root keys out of use: none of them seals again, and they leave the file.
    ///
    /// # Errors
    /// [`VaultError::RootKeyNamed`] while a row names one of them: then none is retired; else as [`Vault::rotate`].
    pub async fn retire(&self, store: &Store, clock: &Clock) -> Result<Retired, VaultError> {
        let (lock, ring) = match &self.source {
            RootKeySource::File(file) => (Some(key_file::lock(file).await?), self.look()),
            RootKeySource::Value(_) => (None, self.look()),
        };
        let sealed = store.read(Sealed::read).await?;
        let active = ring.active().id().to_owned();
        let prepared: Vec<&str> = prepared(&ring, &sealed).collect();
        let mut leaving = Vec::new();
        for row in &sealed.known {
            if row.id == active || prepared.contains(&row.id.as_str()) {
                continue;
            }
            let rows = named(store, &row.id).await?;
            if rows > 0 {
                return Err(VaultError::RootKeyNamed {
                    id: row.id.clone(),
                    rows,
                });
            }
            leaving.push(row.id.clone());
        }
        for id in &leaving {
            let retire = RetireRootKey {
                id: id.clone(),
                now: clock.now_ms(),
            };
            match store.write(retire).await {
                // A server that did not know better has sealed with it meanwhile.
                Err(StoreError::ReferenceViolation) => {
                    return Err(VaultError::RootKeyNamed {
                        id: id.clone(),
                        rows: named(store, id).await?,
                    });
                }
                done => done?,
            }
        }
        // Those included that an earlier run retired, and then could not take out of the file.
        let mut gone = sealed.retired;
        gone.extend(leaving.iter().cloned());
        let mut is_list_unchanged = ring.keys().any(|key| gone.iter().any(|id| id == key.id()));
        if let RootKeySource::File(file) = &self.source
            && let Some(mut ring) = key_file::read(file)?
        {
            if ring.drop_all(&gone) {
                key_file::replace(file, &ring, clock)?;
            }
            is_list_unchanged = false;
        }
        drop(lock);
        Ok(Retired {
            active,
            retired: leaving,
            is_list_unchanged,
        })
    }
}

/// The root keys of a list that are to seal one day, and have not yet.
fn prepared<'a>(ring: &'a KeyRing, sealed: &'a Sealed) -> impl Iterator<Item = &'a str> {
    let made_at = |id: &str| {
        let row = sealed.known.iter().find(|row| row.id == id);
        row.map_or(i64::MAX, |row| row.created_at)
    };
    let active = ring.active().id();
    ring.keys()
        .map(RootKey::id)
        .filter(move |id| *id != active && !sealed.retired.iter().any(|retired| retired == id))
        .filter(move |id| made_at(id) > made_at(active))
}

/// How many rows name a root key.
async fn named(store: &Store, id: &str) -> Result<i64, StoreError> {
    store
        .read(async |conn| Ok(data_keys::count(conn, id).await? + rows::count(conn, id).await?))
        .await
}

struct RetireRootKey {
    id: String,
    now: i64,
}

impl Change for RetireRootKey {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        rows::retire_root_key(conn, &self.id, self.now).await
    }
}
