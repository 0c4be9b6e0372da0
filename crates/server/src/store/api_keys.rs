//! API keys, found by the keyed hash of their text.

#[cfg(test)]
mod tests;

use ipnet::IpNet;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use vouchkey_types::api_key::{Environment, KeyKind};
use vouchkey_types::id::{KeyId, OrganizationId};
use vouchkey_types::inflection::Inflection;
use vouchkey_types::scope::ScopeSet;
use vouchkey_types::version::ApiVersion;

use super::StoreError;
use super::columns::{Columns, columns_of, read_list, statements, write_list};

/// An API key, as far as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// The keyed hash of its text.
    pub key_hash: [u8; 32],
    /// Which it is.
    pub id: KeyId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// The environment that it opens.
    pub environment: Environment,
    /// For servers or for browsers.
    pub kind: KeyKind,
    /// What it is called; empty if it was given no name.
    pub label: String,
    /// What it may do.
    pub scopes: ScopeSet,
    /// The version that it speaks when a request names none.
    pub api_version: ApiVersion,
    /// The casing of answers when a request names none.
    pub inflection: Inflection,
    /// Origins from which a publishable key may be used.
    pub origins: Vec<String>,
    /// Addresses from which it may be used; none for all.
    pub allowed_ips: Vec<IpNet>,
    /// The last four characters of its text.
    pub hint: String,
    /// Who made it, as an actor; NULL on the command line.
    pub created_by: Option<String>,
    /// Unix milliseconds.
    pub created_at: i64,
    /// From when on it is refused, in Unix milliseconds.
    pub expires_at: Option<i64>,
    /// When it was revoked, in Unix milliseconds.
    pub revoked_at: Option<i64>,
    /// When it was last used, to the minute or so, in Unix milliseconds.
    pub last_used_at: Option<i64>,
}

statements! {
    INSERT = "INSERT INTO api_keys (key_hash, api_key_id, organization_id, environment, kind, label, scopes, \
        api_version, inflection, origins, allowed_ips, hint, created_by, created_at, expires_at, revoked_at, \
        last_used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    FIND = concat!("SELECT ", columns_of!(api_keys), " FROM api_keys WHERE key_hash = $1");
    FIND_BY_ID = concat!("SELECT ", columns_of!(api_keys), " FROM api_keys WHERE organization_id = $1 AND api_key_id = $2");
    LIST = concat!("SELECT ", columns_of!(api_keys), " FROM api_keys WHERE organization_id = $1 ORDER BY created_at, api_key_id");
    LISTED_ORIGINS = "SELECT origins, expires_at FROM api_keys WHERE kind = 'publishable' AND revoked_at IS NULL \
        AND (expires_at IS NULL OR expires_at > $1)";
    REVOKE = "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $3) \
        WHERE organization_id = $1 AND api_key_id = $2";
    TOUCH = "UPDATE api_keys SET last_used_at = $3 WHERE organization_id = $1 AND api_key_id = $2 \
        AND (last_used_at IS NULL OR last_used_at < $3)";
}

/// Adds a key.
///
/// # Errors
/// Those of the database.
pub async fn insert(conn: &mut AnyConnection, row: &ApiKeyRow) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(row.key_hash.to_vec())
        .bind(row.id.to_string())
        .bind(row.organization.to_string())
        .bind(row.environment.as_str())
        .bind(row.kind.as_str())
        .bind(row.label.as_str())
        .bind(row.scopes.to_string())
        .bind(row.api_version.as_str())
        .bind(row.inflection.as_str())
        .bind(write_list(&row.origins))
        .bind(write_list(&row.allowed_ips))
        .bind(row.hint.as_str())
        .bind(row.created_by.as_deref())
        .bind(row.created_at)
        .bind(row.expires_at)
        .bind(row.revoked_at)
        .bind(row.last_used_at)
        .execute(conn)
        .await?;
    Ok(())
}

/// The key with this hash, revoked and expired ones too.
///
/// # Errors
/// Those of the database.
pub async fn find(
    conn: &mut AnyConnection,
    key_hash: &[u8; 32],
) -> Result<Option<ApiKeyRow>, StoreError> {
    let row = sqlx::query(FIND)
        .bind(key_hash.to_vec())
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The key of this id.
///
/// # Errors
/// Those of the database.
pub async fn find_by_id(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    id: KeyId,
) -> Result<Option<ApiKeyRow>, StoreError> {
    let row = sqlx::query(FIND_BY_ID)
        .bind(organization.to_string())
        .bind(id.to_string())
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// An organization's keys, the oldest first.
///
/// # Errors
/// Those of the database.
pub async fn list(
    conn: &mut AnyConnection,
    organization: OrganizationId,
) -> Result<Vec<ApiKeyRow>, StoreError> {
    sqlx::query(LIST)
        .bind(organization.to_string())
        .fetch_all(conn)
        .await?
        .iter()
        .map(read)
        .collect()
}

/// The origins of each publishable key that lives at `now`, of whatever organization, and when it
/// ends: a browser asks for them before it shows a key.
///
/// # Errors
/// Those of the database.
pub async fn listed_origins(
    conn: &mut AnyConnection,
    now: i64,
) -> Result<Vec<(Vec<String>, Option<i64>)>, StoreError> {
    sqlx::query(LISTED_ORIGINS)
        .bind(now)
        .fetch_all(conn)
        .await?
        .iter()
        .map(|row| Ok((row.list("origins")?, row.plain("expires_at")?)))
        .collect()
}

/// Ends a key. False if there is none of this id; one that has ended keeps its time.
///
/// # Errors
/// Those of the database.
pub async fn revoke(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    id: KeyId,
    now: i64,
) -> Result<bool, StoreError> {
    let done = sqlx::query(REVOKE)
        .bind(organization.to_string())
        .bind(id.to_string())
        .bind(now)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Notes that a key was used at this time, and never an earlier one.
///
/// # Errors
/// Those of the database.
pub async fn touch(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    id: KeyId,
    used_at: i64,
) -> Result<(), StoreError> {
    sqlx::query(TOUCH)
        .bind(organization.to_string())
        .bind(id.to_string())
        .bind(used_at)
        .execute(conn)
        .await?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<ApiKeyRow, StoreError> {
    let networks = |text: &str| {
        read_list(text)?
            .iter()
            .map(|network| network.parse().ok())
            .collect()
    };
    Ok(ApiKeyRow {
        key_hash: row.bytes("key_hash")?,
        id: row.parsed("api_key_id", KeyId::parse)?,
        organization: row.parsed("organization_id", OrganizationId::parse)?,
        environment: row.parsed("environment", Environment::parse)?,
        kind: row.parsed("kind", KeyKind::parse)?,
        label: row.plain("label")?,
        scopes: row.parsed("scopes", |list| ScopeSet::parse_list(list).ok())?,
        api_version: row.parsed("api_version", ApiVersion::parse)?,
        inflection: row.parsed("inflection", Inflection::parse)?,
        origins: row.list("origins")?,
        allowed_ips: row.parsed("allowed_ips", networks)?,
        hint: row.plain("hint")?,
        created_by: row.plain("created_by")?,
        created_at: row.plain("created_at")?,
        expires_at: row.plain("expires_at")?,
        revoked_at: row.plain("revoked_at")?,
        last_used_at: row.plain("last_used_at")?,
    })
}
