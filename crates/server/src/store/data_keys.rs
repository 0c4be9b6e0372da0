//! Data keys, wrapped by a root key. The id of a data key is that of what it seals: a session's.

use std::sync::LazyLock;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe};
use vouchkey_types::id::{OrganizationId, SessionId};

use super::StoreError;
use super::columns::{Columns, columns_of, places_from_second, statements};
use super::engine::Engine;
use super::rows::{Places, RowTexts, of_sessions};

/// A session's data key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataKeyRow {
    /// Whose it is.
    pub organization: OrganizationId,
    /// What it seals.
    pub session: SessionId,
    /// The root key that wraps it.
    pub root_key_id: String,
    /// The wrapped key; None once it is destroyed, and with it all that it sealed.
    pub key_wrapped: Option<Vec<u8>>,
    /// Unix milliseconds.
    pub created_at: i64,
}

impl DataKeyRow {
    /// Reads the data key of a session from a row that it was joined to, with its time as `key_created_at`; None if there
    /// is none.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub(super) fn joined(
        row: &AnyRow,
        organization: OrganizationId,
        session: SessionId,
    ) -> Result<Option<Self>, StoreError> {
        let Some(root_key_id) = row.plain::<Option<String>>("root_key_id")? else {
            return Ok(None);
        };
        Ok(Some(Self {
            organization,
            session,
            root_key_id,
            key_wrapped: row.plain("key_wrapped")?,
            created_at: row.plain("key_created_at")?,
        }))
    }
}

statements! {
    INSERT = "INSERT INTO data_keys (organization_id, data_key_id, root_key_id, key_wrapped, created_at, \
        destroyed_at) VALUES ($1, $2, $3, $4, $5, NULL)";
    FIND = concat!("SELECT ", columns_of!(data_keys), " FROM data_keys WHERE organization_id = $1 AND data_key_id = $2");
    DESTROY = "UPDATE data_keys SET key_wrapped = NULL, destroyed_at = $3 WHERE organization_id = $1 \
        AND data_key_id = $2 AND destroyed_at IS NULL";
    /// In the order of the primary key, which the condition has to be kept from: by the index of root keys, each page
    /// would sort all that is left.
    PAGE = concat!("SELECT ", columns_of!(data_keys), " FROM data_keys WHERE root_key_id || '' = $1 \
        AND (organization_id, data_key_id) > ($2, $3) ORDER BY organization_id, data_key_id LIMIT $4");
    REWRAP = "UPDATE data_keys SET root_key_id = $4, key_wrapped = $5 WHERE organization_id = $1 AND data_key_id = $2 \
        AND root_key_id = $3 AND destroyed_at IS NULL";
    RENAME = "UPDATE data_keys SET root_key_id = $4 WHERE organization_id = $1 AND data_key_id = $2 \
        AND root_key_id = $3 AND destroyed_at IS NOT NULL";
    COUNT = "SELECT COUNT(*) AS count FROM data_keys WHERE root_key_id = $1";
}

pub(super) static INSERTS: LazyLock<RowTexts> = LazyLock::new(|| RowTexts::of(INSERT));

/// Adds data keys, with few statements.
pub(super) async fn insert_all(
    conn: &mut AnyConnection,
    rows: &[&DataKeyRow],
) -> Result<(), StoreError> {
    for query in INSERTS.queries(Engine::of(conn), rows, |places, row| bind(places, row)) {
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

pub(super) fn bind<'q>(places: Places<'q>, row: &'q DataKeyRow) -> Places<'q> {
    places
        .bind(row.organization.to_string())
        .bind(row.session.to_string())
        .bind(row.root_key_id.as_str())
        .bind(row.key_wrapped.as_deref())
        .bind(row.created_at)
}

/// The data key of a session.
///
/// # Errors
/// Those of the database.
pub async fn find(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Option<DataKeyRow>, StoreError> {
    let row = of_sessions(sqlx::query(FIND), organization, &[session])
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The data keys of several sessions of one organization, in no order.
///
/// # Errors
/// Those of the database.
pub async fn find_all(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    sessions: &[SessionId],
) -> Result<Vec<DataKeyRow>, StoreError> {
    let sql = format!(
        "SELECT {columns} FROM data_keys WHERE organization_id = $1 AND data_key_id IN ({})",
        places_from_second(sessions.len()),
        columns = columns_of!(data_keys),
    );
    let query = of_sessions(sqlx::query(AssertSqlSafe(sql)), organization, sessions);
    query.fetch_all(conn).await?.iter().map(read).collect()
}

/// Destroys a session's data key, and with it all that it sealed.
///
/// # Errors
/// Those of the database.
pub(super) async fn destroy(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    session: SessionId,
    now: i64,
) -> Result<(), StoreError> {
    of_sessions(sqlx::query(DESTROY), organization, &[session])
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// The data keys of all organizations that a root key wraps, at most `limit`, from the beginning or after one of them;
/// the destroyed ones too, since they name it as well.
///
/// # Errors
/// Those of the database.
pub async fn wrapped_by(
    conn: &mut AnyConnection,
    root_key_id: &str,
    after: Option<&DataKeyRow>,
    limit: i64,
) -> Result<Vec<DataKeyRow>, StoreError> {
    let (organization, session) = after.map_or_else(Default::default, |row| {
        (row.organization.to_string(), row.session.to_string())
    });
    sqlx::query(PAGE)
        .bind(root_key_id.to_owned())
        .bind(organization)
        .bind(session)
        .bind(limit)
        .fetch_all(conn)
        .await?
        .iter()
        .map(read)
        .collect()
}

/// Keeps a data key as another root key wraps it, or says of a destroyed one that this other key did: unless somebody
/// was faster with either, or has destroyed it meanwhile. Says whether it was done.
///
/// # Errors
/// [`StoreError::ReferenceViolation`] if there is no such root key any more.
pub async fn rewrap(
    conn: &mut AnyConnection,
    row: &DataKeyRow,
    from: &str,
) -> Result<bool, StoreError> {
    let query = match &row.key_wrapped {
        Some(_) => sqlx::query(REWRAP),
        None => sqlx::query(RENAME),
    };
    let query = query
        .bind(row.organization.to_string())
        .bind(row.session.to_string())
        .bind(from.to_owned())
        .bind(row.root_key_id.as_str());
    let query = match &row.key_wrapped {
        Some(key) => query.bind(key.as_slice()),
        None => query,
    };
    let result = query.execute(conn).await?;
    Ok(result.rows_affected() == 1)
}

/// How many data keys name this root key.
///
/// # Errors
/// Those of the database.
pub async fn count(conn: &mut AnyConnection, root_key_id: &str) -> Result<i64, StoreError> {
    sqlx::query(COUNT)
        .bind(root_key_id.to_owned())
        .fetch_one(conn)
        .await?
        .plain("count")
}

fn read(row: &AnyRow) -> Result<DataKeyRow, StoreError> {
    Ok(DataKeyRow {
        organization: row.parsed("organization_id", OrganizationId::parse)?,
        session: row.parsed("data_key_id", SessionId::parse)?,
        root_key_id: row.plain("root_key_id")?,
        key_wrapped: row.plain("key_wrapped")?,
        created_at: row.plain("created_at")?,
    })
}
