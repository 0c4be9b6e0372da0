//! Sealing of what identifies a person, and the server's own secrets (decision 25).
//!
//! A root key, outside the database, wraps one random data key per session; the data key seals the session's values,
//! each for its place. Who destroys a data key makes all that it sealed unreadable at once. Who owns the running
//! process or the root key reads everything: this protects stolen disks and backups, and erasure.

mod envelope;
mod error;
mod key_file;
mod known;
mod rewrap;
mod root_key;
mod rotation;
#[cfg(test)]
mod rotation_tests;
#[cfg(test)]
mod sealed_tests;
mod secrets;
#[cfg(test)]
mod tests;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretBox};
use sqlx::AnyConnection;
use vouchkey_types::id::OrganizationId;

pub use envelope::OpenError;
pub use error::VaultError;
pub use rotation::{Older, Retired, Rotated};
pub use secrets::{CaptureToken, ServerSecrets, TOKEN_LENGTH};

use crate::clock::Clock;
use crate::config::RootKeySource;
use crate::store::Store;
use crate::store::secrets::{self as rows, RootKeyRow};
use key_file::Stamp;
use known::{AddRootKey, FirstStart, Sealed, ids, open_secrets};
use root_key::{KeyRing, RootKey};
use secrets::Secret;

/// How old what is known of the root key's file may be.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Where a sealed value stands: it opens nowhere else.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Whose it is.
    pub organization: &'a OrganizationId,
    /// The table.
    pub table: &'static str,
    /// The row's id.
    pub row: &'a str,
    /// The column.
    pub field: &'static str,
    /// The version of what is inside, from 1.
    pub version: u8,
}

impl Place<'_> {
    fn associated(&self) -> Vec<u8> {
        associated(
            &self.organization.to_string(),
            self.table,
            self.row,
            self.field,
            self.version,
        )
    }
}

fn associated(organization: &str, table: &str, row: &str, field: &str, version: u8) -> Vec<u8> {
    envelope::length_prefixed(&[
        organization.as_bytes(),
        table.as_bytes(),
        row.as_bytes(),
        field.as_bytes(),
        &[version],
    ])
}

/// Where a data key stands: in its own row.
pub const fn data_key_place<'a>(organization: &'a OrganizationId, row: &'a str) -> Place<'a> {
    Place {
        organization,
        table: "data_keys",
        row,
        field: "key_wrapped",
        version: 1,
    }
}

fn secret_place(name: &str) -> Vec<u8> {
    associated("", "server_secrets", name, "secret_sealed", 1)
}

/// The key of one session's values.
#[derive(Debug)]
pub struct DataKey(SecretBox<[u8; 32]>);

impl DataKey {
    /// The key of 32 random bytes.
    pub fn from_random(random: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(random)))
    }

    /// Seals a value for its place. The nonce is random, and used once.
    pub fn seal(&self, plain: &[u8], place: &Place<'_>, nonce: [u8; 24]) -> Vec<u8> {
        envelope::seal(self.0.expose_secret(), plain, &place.associated(), nonce)
    }

    /// Opens a value at its place.
    ///
    /// # Errors
    /// The value was changed, or belongs to another place or key.
    pub fn open(&self, sealed: &[u8], place: &Place<'_>) -> Result<Vec<u8>, OpenError> {
        envelope::open(self.0.expose_secret(), sealed, &place.associated())
    }
}

/// A data key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapped {
    /// The root key that wraps it.
    pub root_key_id: String,
    /// The wrapped key.
    pub key: Vec<u8>,
}

/// What wraps and unwraps data keys. It follows the file of the root keys, if they come from one.
#[derive(Debug)]
pub struct Vault {
    source: RootKeySource,
    held: RwLock<Held>,
}

/// The root keys as they were last read.
#[derive(Debug)]
struct Held {
    ring: Arc<KeyRing>,
    stamp: Option<Stamp>,
    looked_at: Instant,
}

/// Reads root keys as a setting has them.
///
/// # Errors
/// What is wrong, without any of the text.
pub fn check_root_keys(text: &str) -> Result<(), String> {
    KeyRing::parse(text).map(drop)
}

impl Vault {
    /// Opens the vault of this database, together with the server's secrets; on the first start it makes both, and the
    /// root key's file if need be.
    ///
    /// # Errors
    /// A root key is missing, unreadable, retired or another one's; the database.
    pub async fn open(
        store: &Store,
        source: &RootKeySource,
        clock: &Clock,
    ) -> Result<(Self, ServerSecrets), VaultError> {
        let known = store.read(async |conn| rows::root_keys(conn).await).await?;
        if known.is_empty()
            && let RootKeySource::File(file) = source
            && key_file::stamp(file).is_none()
        {
            key_file::create(file, clock)?;
        }
        let vault = Self::load(source, &known)?;
        let ring = vault.ring();
        if known.is_empty() {
            store.write(FirstStart::new(ring.active(), clock)).await?;
        }
        let sealed = store.read(Sealed::read).await?;
        sealed.prove(&ring)?;
        if !sealed.knows(ring.active().id()) {
            store.write(AddRootKey::new(ring.active(), clock)).await?;
        }
        let secrets = open_secrets(&ring, &sealed.secrets)?;
        Ok((vault, secrets))
    }

    /// Proves that the root keys open what this database has sealed, and makes nothing; its schema may be an older one.
    /// Answers what they open; none if the database has no root key yet, since no server has started on it.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub async fn prove(
        conn: &mut AnyConnection,
        source: &RootKeySource,
        schema_step: i64,
    ) -> Result<Option<Self>, VaultError> {
        let sealed = if schema_step < rows::SEVERAL_ROOT_KEYS {
            Sealed::read_of_one_key(conn).await?
        } else {
            Sealed::read(conn).await?
        };
        if sealed.known.is_empty() {
            return Ok(None);
        }
        let vault = Self::load(source, &sealed.known)?;
        let ring = vault.ring();
        sealed.prove(&ring)?;
        open_secrets(&ring, &sealed.secrets)?;
        Ok(Some(vault))
    }

    /// The id of the root key that seals.
    pub fn active_root_key(&self) -> String {
        self.ring().active().id().to_owned()
    }

    /// Reads the keys that there are; `known` are those of the database.
    fn load(source: &RootKeySource, known: &[RootKeyRow]) -> Result<Self, VaultError> {
        let (ring, stamp) = match source {
            RootKeySource::Value(text) => {
                let ring = KeyRing::parse(text.expose_secret());
                let ring = ring.map_err(|reason| VaultError::RootKeyUnreadable {
                    place: "VOUCHKEY_ROOT_KEY".to_owned(),
                    reason,
                });
                (ring?, None)
            }
            RootKeySource::File(file) => {
                let stamp = key_file::stamp(file);
                let ring = key_file::read(file)?;
                let ring = ring.ok_or_else(|| VaultError::RootKeyMissing {
                    file: file.clone(),
                    wanted: ids(known),
                });
                (ring?, stamp)
            }
        };
        Ok(Self {
            source: source.clone(),
            held: RwLock::new(Held {
                ring: Arc::new(ring),
                stamp,
                looked_at: Instant::now(),
            }),
        })
    }

    /// The root keys, as of half a second ago at most.
    fn ring(&self) -> Arc<KeyRing> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        if held.looked_at.elapsed() < LOOK_EVERY {
            return Arc::clone(&held.ring);
        }
        drop(held);
        self.look()
    }

    /// The root keys as of now. What cannot be read leaves those that there were.
    fn look(&self) -> Arc<KeyRing> {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.looked_at = Instant::now();
        if let RootKeySource::File(file) = &self.source {
            let stamp = key_file::stamp(file);
            if stamp != held.stamp {
                held.stamp = stamp;
                match key_file::read(file) {
                    Ok(Some(ring)) => {
                        tracing::info!(root_keys = ring.ids(), "the root keys were read anew");
                        held.ring = Arc::new(ring);
                    }
                    Ok(None) => {
                        tracing::warn!(file = %file.display(), "the root key file is gone; put it back before the next start");
                    }
                    Err(error) => tracing::warn!(%error, "the root keys stay as they were"),
                }
            }
        }
        Arc::clone(&held.ring)
    }

    /// Whether another root key than this one seals by now.
    pub fn seals_with_another_than(&self, root_key_id: &str) -> bool {
        self.look().active().id() != root_key_id
    }

    /// Wraps a data key for its place, with the active root key.
    pub fn wrap(&self, key: &DataKey, place: &Place<'_>, nonce: [u8; 24]) -> Wrapped {
        wrap(self.ring().active(), key, place, nonce)
    }

    /// Unwraps a data key at its place. The file of the root keys is read once more for one that is not known yet.
    ///
    /// # Errors
    /// It was changed, or belongs to another place or root key.
    pub fn unwrap(&self, wrapped: &Wrapped, place: &Place<'_>) -> Result<DataKey, OpenError> {
        let mut ring = self.ring();
        if ring.find(&wrapped.root_key_id).is_none() {
            ring = self.look();
        }
        unwrap(&ring, wrapped, place)
    }
}

fn wrap(root_key: &RootKey, key: &DataKey, place: &Place<'_>, nonce: [u8; 24]) -> Wrapped {
    Wrapped {
        root_key_id: root_key.id().to_owned(),
        key: root_key.seal(key.0.expose_secret(), &place.associated(), nonce),
    }
}

fn unwrap(ring: &KeyRing, wrapped: &Wrapped, place: &Place<'_>) -> Result<DataKey, OpenError> {
    let Some(root_key) = ring.find(&wrapped.root_key_id) else {
        tracing::error!(
            root_key = wrapped.root_key_id,
            given = ring.ids(),
            "data is sealed with a root key that this server was not given"
        );
        return Err(OpenError);
    };
    secret(root_key.open(&wrapped.key, &place.associated())?)
        .map(DataKey)
        .ok_or(OpenError)
}

fn secret(bytes: Vec<u8>) -> Option<Secret> {
    let bytes = Zeroizing::new(bytes);
    let key = <[u8; 32]>::try_from(bytes.as_slice()).ok()?;
    Some(SecretBox::new(Box::new(key)))
}
