//! What the database knows of root keys, held against those that a server was given.

use secrecy::zeroize::Zeroizing;
use sqlx::AnyConnection;

use super::root_key::{KeyRing, RootKey};
use super::secrets::{self, Secret, ServerSecrets};
use super::{VaultError, associated, secret, secret_place};
use crate::clock::Clock;
use crate::store::secrets::{self as rows, RootKeyRow, ServerSecretRow};
use crate::store::{Change, Engine, StoreError};

/// What every root key's canary says.
const CANARY: &[u8] = b"vouchkey";

/// What the database says of root keys.
pub(super) struct Sealed {
    pub(super) known: Vec<RootKeyRow>,
    named: Vec<String>,
    pub(super) retired: Vec<String>,
    pub(super) secrets: Vec<ServerSecretRow>,
}

impl Sealed {
    pub(super) async fn read(conn: &mut AnyConnection) -> Result<Self, StoreError> {
        Ok(Self {
            known: rows::root_keys(conn).await?,
            named: rows::named_root_keys(conn).await?,
            retired: rows::retired_root_keys(conn).await?,
            secrets: rows::list(conn).await?,
        })
    }

    /// The same of a schema that knows one root key.
    pub(super) async fn read_of_one_key(conn: &mut AnyConnection) -> Result<Self, StoreError> {
        let known = rows::root_keys(conn).await?;
        Ok(Self {
            named: known.iter().map(|row| row.id.clone()).collect(),
            known,
            retired: Vec::new(),
            secrets: rows::list_of_one_key(conn).await?,
        })
    }

    pub(super) fn knows(&self, id: &str) -> bool {
        self.known.iter().any(|row| row.id == id)
    }

    /// Proves that these root keys are the database's, and enough.
    pub(super) fn prove(&self, ring: &KeyRing) -> Result<(), VaultError> {
        let active = ring.active().id();
        if self.retired.iter().any(|id| id == active) {
            return Err(VaultError::RootKeyRetired(active.to_owned()));
        }
        let is_ours = |row: &&RootKeyRow| {
            ring.find(&row.id).is_some_and(|key| {
                key.open(&row.canary_sealed, &canary_place(&row.id))
                    .as_deref()
                    == Ok(CANARY)
            })
        };
        let ours: Vec<&RootKeyRow> = self.known.iter().filter(is_ours).collect();
        if ours.is_empty() {
            return Err(VaultError::RootKeyWrong {
                found: ring.ids(),
                wanted: ids(&self.known),
            });
        }
        let is_missing = |id: &&String| !ours.iter().any(|row| row.id == **id);
        let missing: Vec<&str> = self
            .named
            .iter()
            .filter(is_missing)
            .map(String::as_str)
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(VaultError::RootKeyAbsent {
            missing: missing.join(", "),
            found: ring.ids(),
        })
    }
}

fn root_key_row(key: &RootKey, clock: &Clock) -> RootKeyRow {
    RootKeyRow {
        id: key.id().to_owned(),
        canary_sealed: key.seal(CANARY, &canary_place(key.id()), clock.random()),
        created_at: clock.now_ms(),
    }
}

/// What the first start writes; nothing, if another process was faster.
pub(super) struct FirstStart {
    root_key: RootKeyRow,
    secrets: [ServerSecretRow; 4],
}

impl FirstStart {
    pub(super) fn new(root_key: &RootKey, clock: &Clock) -> Self {
        Self {
            root_key: root_key_row(root_key, clock),
            secrets: secrets::NAMES.map(|name| ServerSecretRow {
                name: name.to_owned(),
                secret_sealed: root_key.seal(
                    Zeroizing::new(clock.random::<32>()).as_slice(),
                    &secret_place(name),
                    clock.random(),
                ),
                created_at: clock.now_ms(),
                root_key_id: Some(root_key.id().to_owned()),
            }),
        }
    }
}

impl Change for FirstStart {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        if !rows::root_keys(conn).await?.is_empty() {
            return Ok(());
        }
        rows::insert_root_key(conn, &self.root_key).await?;
        for secret in &self.secrets {
            rows::insert(conn, secret).await?;
        }
        Ok(())
    }
}

/// Makes a root key known to the database, so that rows can name it.
pub(super) struct AddRootKey(RootKeyRow);

impl AddRootKey {
    pub(super) fn new(key: &RootKey, clock: &Clock) -> Self {
        Self(root_key_row(key, clock))
    }
}

impl Change for AddRootKey {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        rows::insert_root_key(conn, &self.0).await
    }
}

pub(super) fn open_secrets(
    ring: &KeyRing,
    rows: &[ServerSecretRow],
) -> Result<ServerSecrets, VaultError> {
    let open = |name: &'static str| {
        rows.iter()
            .find(|row| row.name == name)
            .and_then(|row| open_secret(ring, row))
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

pub(super) fn open_secret(ring: &KeyRing, row: &ServerSecretRow) -> Option<Secret> {
    ring.keys()
        .filter(|key| row.root_key_id.as_deref().is_none_or(|id| id == key.id()))
        .find_map(|key| key.open(&row.secret_sealed, &secret_place(&row.name)).ok())
        .and_then(secret)
}

pub(super) fn ids(rows: &[RootKeyRow]) -> String {
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    ids.join(", ")
}

fn canary_place(root_key_id: &str) -> Vec<u8> {
    associated("", "root_keys", root_key_id, "canary_sealed", 1)
}
