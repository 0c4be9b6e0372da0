//! Sealing of what identifies a person, and the server's own secrets (decision 25).
//!
//! A root key, outside the database, wraps one random data key per session; the data key seals the session's values,
//! each for its place. Who destroys a data key makes all that it sealed unreadable at once. Who owns the running
//! process or the root key reads everything: this protects stolen disks and backups, and erasure.

mod envelope;
mod root_key;
#[cfg(test)]
mod sealed_tests;
mod secrets;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretBox};
use sqlx::AnyConnection;
use vouchkey_types::id::OrganizationId;

pub use envelope::OpenError;
pub use secrets::{CaptureToken, ServerSecrets, TOKEN_LENGTH};

use crate::clock::Clock;
use crate::config::RootKeySource;
use crate::store::secrets::{RootKeyRow, ServerSecretRow};
use crate::store::{Change, Engine, Store, StoreError};
use root_key::RootKey;
use secrets::Secret;

/// What every root key's canary says.
const CANARY: &[u8] = b"vouchkey";

/// Why the vault does not open. Each stops the start.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is sealed data, but no key to it.
    #[error(
        "the root key {} is missing, but the database holds data that only it can open. Put the file back from its \
         backup, or give the key by VOUCHKEY_ROOT_KEY or VOUCHKEY_ROOT_KEY_FILE",
        file.display()
    )]
    RootKeyMissing {
        /// Where it should be.
        file: PathBuf,
    },
    /// The key is not this database's.
    #[error(
        "the root key {found} does not belong to this database, which was made with {wanted}. Give the right one by \
         VOUCHKEY_ROOT_KEY or VOUCHKEY_ROOT_KEY_FILE, or restore the file from its backup"
    )]
    RootKeyWrong {
        /// The id of the key that was given.
        found: String,
        /// The ids of those that are right.
        wanted: String,
    },
    /// The key cannot be read.
    #[error("the root key in {place} cannot be read: {reason}")]
    RootKeyUnreadable {
        /// The file, or the name of the setting.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// A secret of the server's is not what was sealed.
    #[error(
        "the server's secret `{0}` is missing or damaged; restore the database from its backup"
    )]
    SecretDamaged(&'static str),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

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

fn canary_place(root_key_id: &str) -> Vec<u8> {
    associated("", "root_keys", root_key_id, "canary_sealed", 1)
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

/// What wraps and unwraps data keys.
#[derive(Debug)]
pub struct Vault {
    root: RootKey,
    root_key_id: String,
}

impl Vault {
    /// Opens the vault of this database, together with the server's secrets; on the first start it makes both, and the
    /// root key's file if need be.
    ///
    /// # Errors
    /// The root key is missing, unreadable or another one's; the database.
    pub async fn open(
        store: &Store,
        source: &RootKeySource,
        clock: &Clock,
    ) -> Result<(Self, ServerSecrets), VaultError> {
        let is_first = root_keys(store).await?.is_empty();
        let root = RootKey::load(source, is_first, clock)?;
        let vault = Self {
            root_key_id: root.id(),
            root,
        };
        if is_first {
            store.write(vault.first_start(clock)).await?;
        }
        vault.prove_root_key(&root_keys(store).await?)?;
        let secrets = vault.server_secrets(store).await?;
        Ok((vault, secrets))
    }

    /// Proves that the root key opens what this database has sealed, and makes nothing. Answers its id; none if the
    /// database has no root key yet, since no server has started on it.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub async fn prove(
        conn: &mut AnyConnection,
        source: &RootKeySource,
    ) -> Result<Option<String>, VaultError> {
        let known = crate::store::secrets::root_keys(conn).await?;
        if known.is_empty() {
            return Ok(None);
        }
        let root = RootKey::load(source, false, &Clock::system())?;
        let vault = Self {
            root_key_id: root.id(),
            root,
        };
        vault.prove_root_key(&known)?;
        vault.open_secrets(&crate::store::secrets::list(conn).await?)?;
        Ok(Some(vault.root_key_id))
    }

    /// The id of the root key that wraps new data keys.
    pub fn root_key_id(&self) -> &str {
        &self.root_key_id
    }

    /// Wraps a data key for its place.
    pub fn wrap(&self, key: &DataKey, place: &Place<'_>, nonce: [u8; 24]) -> Vec<u8> {
        self.root
            .seal(key.0.expose_secret(), &place.associated(), nonce)
    }

    /// Unwraps a data key at its place.
    ///
    /// # Errors
    /// It was changed, or belongs to another place or root key.
    pub fn unwrap(&self, wrapped: &[u8], place: &Place<'_>) -> Result<DataKey, OpenError> {
        secret(self.root.open(wrapped, &place.associated())?)
            .map(DataKey)
            .ok_or(OpenError)
    }

    fn first_start(&self, clock: &Clock) -> FirstStart {
        let created_at = clock.now_ms();
        FirstStart {
            root_key: RootKeyRow {
                id: self.root_key_id.clone(),
                canary_sealed: self.root.seal(
                    CANARY,
                    &canary_place(&self.root_key_id),
                    clock.random(),
                ),
                created_at,
            },
            secrets: secrets::NAMES.map(|name| ServerSecretRow {
                name: name.to_owned(),
                secret_sealed: self.root.seal(
                    Zeroizing::new(clock.random::<32>()).as_slice(),
                    &secret_place(name),
                    clock.random(),
                ),
                created_at,
            }),
        }
    }

    fn prove_root_key(&self, known: &[RootKeyRow]) -> Result<(), VaultError> {
        let is_ours = known.iter().any(|row| {
            row.id == self.root_key_id
                && self
                    .root
                    .open(&row.canary_sealed, &canary_place(&row.id))
                    .as_deref()
                    == Ok(CANARY)
        });
        if is_ours {
            return Ok(());
        }
        let wanted = known
            .iter()
            .map(|row| row.id.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        Err(VaultError::RootKeyWrong {
            found: self.root_key_id.clone(),
            wanted,
        })
    }

    async fn server_secrets(&self, store: &Store) -> Result<ServerSecrets, VaultError> {
        let rows = store
            .read(async |conn| crate::store::secrets::list(conn).await)
            .await?;
        self.open_secrets(&rows)
    }

    fn open_secrets(&self, rows: &[ServerSecretRow]) -> Result<ServerSecrets, VaultError> {
        let open = |name: &'static str| {
            rows.iter()
                .find(|row| row.name == name)
                .and_then(|row| self.root.open(&row.secret_sealed, &secret_place(name)).ok())
                .and_then(secret)
                .ok_or(VaultError::SecretDamaged(name))
        };
        let [pepper, idempotency, sign_in, capture] = secrets::NAMES;
        Ok(ServerSecrets::new([
            open(pepper)?,
            open(idempotency)?,
            open(sign_in)?,
            open(capture)?,
        ]))
    }
}

fn secret(bytes: Vec<u8>) -> Option<Secret> {
    let bytes = Zeroizing::new(bytes);
    let key = <[u8; 32]>::try_from(bytes.as_slice()).ok()?;
    Some(SecretBox::new(Box::new(key)))
}

async fn root_keys(store: &Store) -> Result<Vec<RootKeyRow>, StoreError> {
    store
        .read(async |conn| crate::store::secrets::root_keys(conn).await)
        .await
}

/// What the first start writes; nothing, if another process was faster.
struct FirstStart {
    root_key: RootKeyRow,
    secrets: [ServerSecretRow; 4],
}

impl Change for FirstStart {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        if !crate::store::secrets::root_keys(conn).await?.is_empty() {
            return Ok(());
        }
        crate::store::secrets::insert_root_key(conn, &self.root_key).await?;
        for secret in &self.secrets {
            crate::store::secrets::insert(conn, secret).await?;
        }
        Ok(())
    }
}
