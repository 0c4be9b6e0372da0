//! Idempotency records: what a key was used for, and what was answered.

use std::collections::HashSet;
use std::sync::LazyLock;

use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{OrganizationId, SessionId};
use vouchkey_types::version::ApiVersion;

use super::columns::{Columns, columns_of, statements};
use super::engine::Picking;
use super::rows::{Places, RowTexts};
use super::{Engine, StoreError};

/// Where a client's key is valid: within one organization, environment and namespace.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyScope {
    /// Whose key it is.
    pub organization: OrganizationId,
    /// Where it was used.
    pub environment: Environment,
    /// Empty, but for publishable keys, each of which has a namespace of its own.
    pub namespace: String,
    /// The keyed hash of the client's key.
    pub key_hash: [u8; 32],
}

/// What was done under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRow {
    /// Where the key is valid.
    pub scope: IdempotencyScope,
    /// The keyed hash of the request.
    pub fingerprint: [u8; 32],
    /// The session that it made.
    pub session: SessionId,
    /// The status that was answered.
    pub status: u16,
    /// The canonical answer without its QR code, under the session's data key.
    pub response_sealed: Vec<u8>,
    /// The version that was spoken.
    pub api_version: ApiVersion,
    /// Unix milliseconds.
    pub created_at: i64,
    /// From when on the key is new again, in Unix milliseconds.
    pub expires_at: i64,
}

statements! {
    /// Takes a free key, or one whose record has expired; else it changes nothing.
    CLAIM = "INSERT INTO idempotency_keys (organization_id, environment, namespace, key_hash, fingerprint, \
        session_id, status, response_sealed, api_version, created_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
        ON CONFLICT (organization_id, environment, namespace, key_hash) DO UPDATE SET \
        fingerprint = EXCLUDED.fingerprint, session_id = EXCLUDED.session_id, status = EXCLUDED.status, \
        response_sealed = EXCLUDED.response_sealed, api_version = EXCLUDED.api_version, \
        created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at \
        WHERE idempotency_keys.expires_at <= EXCLUDED.created_at";
    FIND = concat!("SELECT ", columns_of!(idempotency_keys), " FROM idempotency_keys WHERE organization_id = $1 AND environment = $2 AND namespace = $3 \
        AND key_hash = $4 AND expires_at > $5");
    PURGE = "DELETE FROM idempotency_keys WHERE expires_at <= $1 AND (organization_id, environment, namespace, \
        key_hash) IN (SELECT organization_id, environment, namespace, key_hash FROM idempotency_keys \
        WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
}

pub(super) static PURGES: LazyLock<Picking> = LazyLock::new(|| Picking::of(PURGE));

pub(super) static CLAIMS: LazyLock<RowTexts> = LazyLock::new(|| RowTexts::of(CLAIM));

/// Takes a key for this record, if it is free at the record's `created_at`.
///
/// # Errors
/// Those of the database.
pub async fn claim(conn: &mut AnyConnection, row: &IdempotencyRow) -> Result<bool, StoreError> {
    Ok(claim_part(conn, &[row]).await? == 1)
}

/// The same for several records with a key each, in the order of the keys, with few statements; the sessions of those
/// whose key was free.
pub(super) async fn claim_all(
    conn: &mut AnyConnection,
    rows: &[&IdempotencyRow],
) -> Result<HashSet<SessionId>, StoreError> {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| row.scope.key_hash);
    let mut claimed: HashSet<SessionId> = rows.iter().map(|row| row.session).collect();
    // Nearly always all are free, and then nothing has to be asked.
    if claim_part(conn, &rows).await? < claimed.len() as u64 {
        for row in &rows {
            let found = find(conn, &row.scope, row.created_at).await?;
            if found.is_none_or(|found| found.session != row.session) {
                claimed.remove(&row.session);
            }
        }
    }
    Ok(claimed)
}

/// How many keys of these were free.
async fn claim_part(conn: &mut AnyConnection, rows: &[&IdempotencyRow]) -> Result<u64, StoreError> {
    let mut claimed = 0;
    for query in CLAIMS.queries(Engine::of(conn), rows, |places, row| bind(places, row)) {
        claimed += query.execute(&mut *conn).await?.rows_affected();
    }
    Ok(claimed)
}

fn bind<'q>(places: Places<'q>, row: &'q IdempotencyRow) -> Places<'q> {
    places
        .bind(row.scope.organization.to_string())
        .bind(row.scope.environment.as_str())
        .bind(row.scope.namespace.as_str())
        .bind(row.scope.key_hash.to_vec())
        .bind(row.fingerprint.to_vec())
        .bind(row.session.to_string())
        .bind(i64::from(row.status))
        .bind(row.response_sealed.as_slice())
        .bind(row.api_version.as_str())
        .bind(row.created_at)
        .bind(row.expires_at)
}

/// The record of a key, if it has one that is valid at this time.
///
/// # Errors
/// Those of the database.
pub async fn find(
    conn: &mut AnyConnection,
    scope: &IdempotencyScope,
    now: i64,
) -> Result<Option<IdempotencyRow>, StoreError> {
    let row = sqlx::query(FIND)
        .bind(scope.organization.to_string())
        .bind(scope.environment.as_str())
        .bind(scope.namespace.as_str())
        .bind(scope.key_hash.to_vec())
        .bind(now)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Deletes records that have expired, at most `limit`; says how many.
///
/// # Errors
/// Those of the database.
pub async fn purge(
    conn: &mut AnyConnection,
    engine: Engine,
    now: i64,
    limit: i64,
) -> Result<u64, StoreError> {
    let sql = PURGES.text(engine);
    Ok(sqlx::query(sql)
        .bind(now)
        .bind(limit)
        .execute(conn)
        .await?
        .rows_affected())
}

fn read(row: &AnyRow) -> Result<IdempotencyRow, StoreError> {
    Ok(IdempotencyRow {
        scope: IdempotencyScope {
            organization: row.parsed("organization_id", OrganizationId::parse)?,
            environment: row.parsed("environment", Environment::parse)?,
            namespace: row.plain("namespace")?,
            key_hash: row.bytes("key_hash")?,
        },
        fingerprint: row.bytes("fingerprint")?,
        session: row.parsed("session_id", SessionId::parse)?,
        status: u16::try_from(row.plain::<i64>("status")?)
            .map_err(|_| StoreError::Corrupt("status"))?,
        response_sealed: row.plain("response_sealed")?,
        api_version: row.parsed("api_version", ApiVersion::parse)?,
        created_at: row.plain("created_at")?,
        expires_at: row.plain("expires_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixtures::{NOW, keyed_creation, store};
    use crate::store::upkeep::PurgeIdempotency;

    #[tokio::test]
    async fn only_expired_records_are_purged_and_the_oldest_first() {
        let folder = tempfile::tempdir().unwrap();
        let (store, organization) = store(folder.path()).await;
        for key in 0..5 {
            store
                .write(keyed_creation(organization, NOW + i64::from(key), key, 1))
                .await
                .unwrap();
        }
        let lapsed = NOW + 86_400_000 + 2;
        for purged in [2, 1, 0] {
            let change = PurgeIdempotency {
                now: lapsed,
                limit: 2,
            };
            assert_eq!(store.write(change).await, Ok(purged));
        }
        for (key, is_kept) in [(0, false), (2, false), (3, true), (4, true)] {
            let scope = keyed_creation(organization, NOW, key, 1)
                .idempotency
                .unwrap()
                .scope;
            let found = store
                .read(async |conn| find(conn, &scope, NOW).await)
                .await
                .unwrap();
            assert_eq!(found.is_some(), is_kept, "{key}");
        }
    }
}
