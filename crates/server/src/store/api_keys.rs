//! API keys, found by the keyed hash of their text.

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::store::Store;
    use crate::store::fixtures::{NOW, apply, organization, store};

    fn row(organization: OrganizationId) -> ApiKeyRow {
        ApiKeyRow {
            key_hash: Clock::fixed(NOW).random(),
            id: Clock::fixed(NOW).id(),
            organization,
            environment: Environment::Sandbox,
            kind: KeyKind::Secret,
            label: "back end".to_owned(),
            scopes: ScopeSet::parse_list("sessions:create,sessions:read").unwrap(),
            api_version: ApiVersion::LATEST,
            inflection: Inflection::Camel,
            origins: Vec::new(),
            allowed_ips: vec![
                "10.0.0.0/8".parse().unwrap(),
                "2001:db8::/32".parse().unwrap(),
            ],
            hint: "iPrh".to_owned(),
            created_by: None,
            created_at: NOW,
            expires_at: Some(NOW + 1),
            revoked_at: None,
            last_used_at: None,
        }
    }

    async fn add(store: &Store, key: ApiKeyRow) {
        let change = apply(move |conn| Box::pin(async move { insert(conn, &key).await }));
        store.write(change).await.unwrap();
    }

    async fn revoked(store: &Store, organization: OrganizationId, id: KeyId, now: i64) -> bool {
        let change =
            apply(move |conn| Box::pin(async move { revoke(conn, organization, id, now).await }));
        store.write(change).await.unwrap()
    }

    #[tokio::test]
    async fn a_key_is_found_by_its_hash_and_ended_by_its_own_organization_only() {
        let folder = tempfile::tempdir().unwrap();
        let (store, owner) = store(folder.path()).await;
        let other = organization(&store).await;
        let key = row(owner);
        let (id, hash, copy) = (key.id, key.key_hash, key.clone());
        store
            .write(apply(move |conn| {
                Box::pin(async move { insert(conn, &copy).await })
            }))
            .await
            .unwrap();
        let found = async || {
            store
                .read(async |conn| find(conn, &hash).await)
                .await
                .unwrap()
        };
        assert_eq!(found().await, Some(key.clone()));
        assert_eq!(
            store.read(async |conn| find(conn, &[0; 32]).await).await,
            Ok(None)
        );
        assert_eq!(
            store
                .read(async |conn| find_by_id(conn, other, id).await)
                .await,
            Ok(None)
        );
        assert_eq!(
            store.read(async |conn| list(conn, other).await).await,
            Ok(Vec::new())
        );

        assert!(!revoked(&store, other, id, NOW + 5).await);
        assert!(revoked(&store, owner, id, NOW + 5).await);
        assert!(revoked(&store, owner, id, NOW + 9).await);
        assert_eq!(found().await.unwrap().revoked_at, Some(NOW + 5));
    }

    #[tokio::test]
    async fn origins_are_those_of_publishable_keys_that_live() {
        let folder = tempfile::tempdir().unwrap();
        let (store, owner) = store(folder.path()).await;
        let other = organization(&store).await;
        let origin = |name: &str| format!("https://{name}.{owner}.example");
        let keys = [
            (owner, KeyKind::Publishable, "a", None, None),
            (other, KeyKind::Publishable, "b", Some(NOW + 1), None),
            (owner, KeyKind::Publishable, "expired", Some(NOW), None),
            (owner, KeyKind::Publishable, "revoked", None, Some(NOW - 1)),
            (owner, KeyKind::Secret, "secret", None, None),
        ];
        for (organization, kind, name, expires_at, revoked_at) in keys {
            let key = ApiKeyRow {
                kind,
                origins: vec![origin(name)],
                expires_at,
                revoked_at,
                ..row(organization)
            };
            add(&store, key).await;
        }
        let mut listed = store
            .read(async |conn| listed_origins(conn, NOW).await)
            .await
            .unwrap();
        listed.retain(|(origins, _)| origins[0].contains(&owner.to_string()));
        listed.sort();
        assert_eq!(
            listed,
            [
                (vec![origin("a")], None),
                (vec![origin("b")], Some(NOW + 1)),
            ]
        );
    }

    #[tokio::test]
    async fn the_last_use_never_goes_back() {
        let folder = tempfile::tempdir().unwrap();
        let (store, organization) = store(folder.path()).await;
        let key = row(organization);
        let (id, copy) = (key.id, key.clone());
        store
            .write(apply(move |conn| {
                Box::pin(async move { insert(conn, &copy).await })
            }))
            .await
            .unwrap();
        for (used_at, last) in [(NOW + 5, NOW + 5), (NOW + 3, NOW + 5), (NOW + 6, NOW + 6)] {
            let change = apply(move |conn| {
                Box::pin(async move { touch(conn, organization, id, used_at).await })
            });
            store.write(change).await.unwrap();
            let found = store
                .read(async |conn| find_by_id(conn, organization, id).await)
                .await
                .unwrap();
            assert_eq!(found.unwrap().last_used_at, Some(last));
        }
    }
}
