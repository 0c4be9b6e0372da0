//! The server's own secrets, sealed, and the root keys that they and all data keys are sealed with.

use sqlx::AnyConnection;

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
}

statements! {
    INSERT_ROOT_KEY = "INSERT INTO root_keys (root_key_id, canary_sealed, created_at) VALUES ($1, $2, $3) \
        ON CONFLICT (root_key_id) DO NOTHING";
    ROOT_KEYS = concat!("SELECT ", columns_of!(root_keys), " FROM root_keys ORDER BY created_at, root_key_id");
    INSERT_SECRET = "INSERT INTO server_secrets (name, secret_sealed, created_at) VALUES ($1, $2, $3) \
        ON CONFLICT (name) DO NOTHING";
    SECRETS = concat!("SELECT ", columns_of!(server_secrets), " FROM server_secrets ORDER BY name");
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

/// Adds a secret, unless there is one of this name.
///
/// # Errors
/// Those of the database.
pub async fn insert(conn: &mut AnyConnection, row: &ServerSecretRow) -> Result<(), StoreError> {
    sqlx::query(INSERT_SECRET)
        .bind(row.name.as_str())
        .bind(row.secret_sealed.as_slice())
        .bind(row.created_at)
        .execute(conn)
        .await?;
    Ok(())
}

/// All secrets.
///
/// # Errors
/// Those of the database.
pub async fn list(conn: &mut AnyConnection) -> Result<Vec<ServerSecretRow>, StoreError> {
    let rows = sqlx::query(SECRETS).fetch_all(conn).await?;
    rows.iter()
        .map(|row| {
            Ok(ServerSecretRow {
                name: row.plain("name")?,
                secret_sealed: row.plain("secret_sealed")?,
                created_at: row.plain("created_at")?,
            })
        })
        .collect()
}
