//! The server's own secrets, sealed, and the root keys that they and all data keys are sealed with.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::StoreError;
use super::columns::{Columns, columns_of, statements};

/// A root key, known by its id and by a value that only it opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootKeyRow {
    /// Which it is.
    pub id: String,
    /// What only this key opens.
    pub canary_sealed: Vec<u8>,
    /// Unix milliseconds.
    pub created_at: i64,
}

/// A secret of the server's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSecretRow {
    /// What it is for.
    pub name: String,
    /// The secret, under the root key.
    pub secret_sealed: Vec<u8>,
    /// Unix milliseconds.
    pub created_at: i64,
    /// The root key that seals it. None only if an older program made it beside one that knew several keys.
    pub root_key_id: Option<String>,
}

statements! {
    INSERT_ROOT_KEY = "INSERT INTO root_keys (root_key_id, canary_sealed, created_at) VALUES ($1, $2, $3) \
        ON CONFLICT (root_key_id) DO NOTHING";
    ROOT_KEYS = concat!("SELECT ", columns_of!(root_keys), " FROM root_keys ORDER BY created_at, root_key_id");
    NAMED_ROOT_KEYS = "SELECT root_key_id FROM root_keys WHERE \
        EXISTS (SELECT 1 FROM data_keys WHERE data_keys.root_key_id = root_keys.root_key_id) \
        OR EXISTS (SELECT 1 FROM server_secrets WHERE server_secrets.root_key_id = root_keys.root_key_id) \
        ORDER BY root_key_id";
    RETIRED_ROOT_KEYS = "SELECT root_key_id FROM retired_root_keys ORDER BY root_key_id";
    DELETE_ROOT_KEY = "DELETE FROM root_keys WHERE root_key_id = $1";
    RETIRE_ROOT_KEY = "INSERT INTO retired_root_keys (root_key_id, retired_at) VALUES ($1, $2) \
        ON CONFLICT (root_key_id) DO NOTHING";
    INSERT_SECRET = "INSERT INTO server_secrets (name, secret_sealed, created_at, root_key_id) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (name) DO NOTHING";
    SECRETS = concat!("SELECT ", columns_of!(server_secrets), " FROM server_secrets ORDER BY name");
    SECRETS_OF_ONE_KEY = "SELECT name, secret_sealed, created_at, CAST(NULL AS TEXT) AS root_key_id \
        FROM server_secrets ORDER BY name";
    REWRAP_SECRET = "UPDATE server_secrets SET secret_sealed = $3, root_key_id = $4 WHERE name = $1 \
        AND secret_sealed = $2";
    COUNT_SECRETS = "SELECT COUNT(*) AS count FROM server_secrets WHERE root_key_id = $1";
}

/// Adds a root key, unless it is there.
///
/// # Errors
/// Those of the database.
pub async fn insert_root_key(conn: &mut AnyConnection, row: &RootKeyRow) -> Result<(), StoreError> {
    sqlx::query(INSERT_ROOT_KEY)
        .bind(row.id.as_str())
        .bind(row.canary_sealed.as_slice())
        .bind(row.created_at)
        .execute(conn)
        .await?;
    Ok(())
}

/// All root keys, the oldest first.
///
/// # Errors
/// Those of the database.
pub async fn root_keys(conn: &mut AnyConnection) -> Result<Vec<RootKeyRow>, StoreError> {
    let rows = sqlx::query(ROOT_KEYS).fetch_all(conn).await?;
    rows.iter()
        .map(|row| {
            Ok(RootKeyRow {
                id: row.plain("root_key_id")?,
                canary_sealed: row.plain("canary_sealed")?,
                created_at: row.plain("created_at")?,
            })
        })
        .collect()
}

/// The ids of the root keys that some row names: nothing can do without them.
///
/// # Errors
/// Those of the database.
pub async fn named_root_keys(conn: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    let rows = sqlx::query(NAMED_ROOT_KEYS).fetch_all(conn).await?;
    rows.iter().map(|row| row.plain("root_key_id")).collect()
}

/// The ids of the root keys that were retired.
///
/// # Errors
/// Those of the database.
pub async fn retired_root_keys(conn: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    let rows = sqlx::query(RETIRED_ROOT_KEYS).fetch_all(conn).await?;
    rows.iter().map(|row| row.plain("root_key_id")).collect()
}

/// Takes a root key out of use, for good.
///
/// # Errors
/// [`StoreError::ReferenceViolation`] if a row names it.
pub async fn retire_root_key(
    conn: &mut AnyConnection,
    id: &str,
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query(DELETE_ROOT_KEY)
        .bind(id.to_owned())
        .execute(&mut *conn)
        .await?;
    sqlx::query(RETIRE_ROOT_KEY)
        .bind(id.to_owned())
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Adds a secret, unless there is one of this name.
///
/// # Errors
/// Those of the database.
pub async fn insert(conn: &mut AnyConnection, row: &ServerSecretRow) -> Result<(), StoreError> {
    sqlx::query(INSERT_SECRET)
        .bind(row.name.as_str())
        .bind(row.secret_sealed.as_slice())
        .bind(row.created_at)
        .bind(row.root_key_id.as_deref())
        .execute(conn)
        .await?;
    Ok(())
}

/// The first step of the schema that knows several root keys.
pub const SEVERAL_ROOT_KEYS: i64 = 5;

/// All secrets.
///
/// # Errors
/// Those of the database.
pub async fn list(conn: &mut AnyConnection) -> Result<Vec<ServerSecretRow>, StoreError> {
    read_all(&sqlx::query(SECRETS).fetch_all(conn).await?)
}

/// All secrets of a schema before [`SEVERAL_ROOT_KEYS`].
///
/// # Errors
/// Those of the database.
pub async fn list_of_one_key(conn: &mut AnyConnection) -> Result<Vec<ServerSecretRow>, StoreError> {
    read_all(&sqlx::query(SECRETS_OF_ONE_KEY).fetch_all(conn).await?)
}

fn read_all(rows: &[AnyRow]) -> Result<Vec<ServerSecretRow>, StoreError> {
    rows.iter()
        .map(|row| {
            Ok(ServerSecretRow {
                name: row.plain("name")?,
                secret_sealed: row.plain("secret_sealed")?,
                created_at: row.plain("created_at")?,
                root_key_id: row.plain("root_key_id")?,
            })
        })
        .collect()
}

/// Keeps a secret as another root key seals it, if it is still what was read. Says whether it was.
///
/// # Errors
/// [`StoreError::ReferenceViolation`] if there is no such root key any more.
pub async fn rewrap(
    conn: &mut AnyConnection,
    before: &ServerSecretRow,
    sealed: &[u8],
    root_key_id: &str,
) -> Result<bool, StoreError> {
    let result = sqlx::query(REWRAP_SECRET)
        .bind(before.name.as_str())
        .bind(before.secret_sealed.as_slice())
        .bind(sealed)
        .bind(root_key_id.to_owned())
        .execute(conn)
        .await?;
    Ok(result.rows_affected() == 1)
}

/// How many secrets this root key seals.
///
/// # Errors
/// Those of the database.
pub async fn count(conn: &mut AnyConnection, root_key_id: &str) -> Result<i64, StoreError> {
    sqlx::query(COUNT_SECRETS)
        .bind(root_key_id.to_owned())
        .fetch_one(conn)
        .await?
        .plain("count")
}
