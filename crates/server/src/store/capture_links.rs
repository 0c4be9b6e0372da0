//! Capture links: what a token leads to. A session has at most one that is live.

use std::sync::LazyLock;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe};
use vouchkey_types::id::{LinkId, OrganizationId, SessionId};

use super::StoreError;
use super::columns::{Columns, columns_of, places_from_second, statements};
use super::engine::Engine;
use super::rows::{Places, RowTexts};

/// How a link came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// With its session.
    Creation,
    /// Asked for later; good for one capture.
    OneTime,
}

impl LinkKind {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Creation => "creation",
            Self::OneTime => "one_time",
        }
    }

    /// The kind of this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Creation, Self::OneTime]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// A capture link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureLinkRow {
    /// Which it is; in its token.
    pub id: LinkId,
    /// Whose session it opens.
    pub organization: OrganizationId,
    /// The session that it opens.
    pub session: SessionId,
    /// How it came to be.
    pub kind: LinkKind,
    /// The capture key of its token.
    pub capture_key_id: u8,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds.
    pub expires_at: i64,
    /// When another link took its place or the session's data was erased, in Unix milliseconds.
    pub revoked_at: Option<i64>,
    /// When it was used up, in Unix milliseconds.
    pub consumed_at: Option<i64>,
    /// The hash of the secret of the browser that it is bound to.
    pub bound_hash: Option<Vec<u8>>,
}

statements! {
    INSERT = "INSERT INTO capture_links (link_id, organization_id, session_id, kind, capture_key_id, created_at, \
        expires_at, revoked_at, consumed_at, bound_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    FIND = concat!("SELECT ", columns_of!(capture_links), " FROM capture_links WHERE link_id = $1");
    LIVE = concat!("SELECT ", columns_of!(capture_links), " FROM capture_links WHERE organization_id = $1 AND session_id = $2 \
        AND revoked_at IS NULL AND consumed_at IS NULL");
    REVOKE_ALL = "UPDATE capture_links SET revoked_at = $3 WHERE organization_id = $1 AND session_id = $2 \
        AND revoked_at IS NULL";
}

pub(super) static INSERTS: LazyLock<RowTexts> = LazyLock::new(|| RowTexts::of(INSERT));

/// Adds links, with few statements.
///
/// # Errors
/// [`StoreError::UniqueViolation`] if a session has a live one.
pub(super) async fn insert_all(
    conn: &mut AnyConnection,
    rows: &[&CaptureLinkRow],
) -> Result<(), StoreError> {
    for query in INSERTS.queries(Engine::of(conn), rows, |places, row| bind(places, row)) {
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

pub(super) fn bind<'q>(places: Places<'q>, row: &'q CaptureLinkRow) -> Places<'q> {
    places
        .bind(row.id.to_string())
        .bind(row.organization.to_string())
        .bind(row.session.to_string())
        .bind(row.kind.as_str())
        .bind(i64::from(row.capture_key_id))
        .bind(row.created_at)
        .bind(row.expires_at)
        .bind(row.revoked_at)
        .bind(row.consumed_at)
        .bind(row.bound_hash.as_deref())
}

/// The link of this id, whatever has become of it. It names its organization.
///
/// # Errors
/// Those of the database.
pub async fn find(
    conn: &mut AnyConnection,
    id: LinkId,
) -> Result<Option<CaptureLinkRow>, StoreError> {
    let row = sqlx::query(FIND)
        .bind(id.to_string())
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The link that opens a session now, time aside.
///
/// # Errors
/// Those of the database.
pub async fn live(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Option<CaptureLinkRow>, StoreError> {
    let row = sqlx::query(LIVE)
        .bind(organization.to_string())
        .bind(session.to_string())
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The links that open these sessions of one organization now, time aside; in no order.
///
/// # Errors
/// Those of the database.
pub async fn live_of_all(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    sessions: &[SessionId],
) -> Result<Vec<CaptureLinkRow>, StoreError> {
    let sql = format!(
        "SELECT {columns} FROM capture_links WHERE organization_id = $1 AND session_id IN ({}) \
         AND revoked_at IS NULL AND consumed_at IS NULL",
        places_from_second(sessions.len()),
        columns = columns_of!(capture_links),
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(organization.to_string());
    let query = sessions
        .iter()
        .fold(query, |query, session| query.bind(session.to_string()));
    query.fetch_all(conn).await?.iter().map(read).collect()
}

/// Ends every link of a session, the one that a browser is bound to included.
///
/// # Errors
/// Those of the database.
pub(super) async fn revoke_all(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    session: SessionId,
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query(REVOKE_ALL)
        .bind(organization.to_string())
        .bind(session.to_string())
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<CaptureLinkRow, StoreError> {
    Ok(CaptureLinkRow {
        id: row.parsed("link_id", LinkId::parse)?,
        organization: row.parsed("organization_id", OrganizationId::parse)?,
        session: row.parsed("session_id", SessionId::parse)?,
        kind: row.parsed("kind", LinkKind::parse)?,
        capture_key_id: u8::try_from(row.plain::<i64>("capture_key_id")?)
            .map_err(|_| StoreError::Corrupt("capture_key_id"))?,
        created_at: row.plain("created_at")?,
        expires_at: row.plain("expires_at")?,
        revoked_at: row.plain("revoked_at")?,
        consumed_at: row.plain("consumed_at")?,
        bound_hash: row.plain("bound_hash")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::store::fixtures::{NOW, apply, creation, store};

    #[tokio::test]
    async fn a_session_has_one_live_link() {
        let folder = tempfile::tempdir().unwrap();
        let (store, organization) = store(folder.path()).await;
        let creation = creation(organization, NOW);
        let first = creation.link.clone();
        store.write(creation).await.unwrap();
        let add = |row: CaptureLinkRow| {
            apply(move |conn| Box::pin(async move { insert_all(conn, &[&row]).await }))
        };
        let second = CaptureLinkRow {
            id: Clock::fixed(NOW).id(),
            ..first.clone()
        };
        assert_eq!(
            store.write(add(second.clone())).await,
            Err(StoreError::UniqueViolation)
        );
        let ended = CaptureLinkRow {
            revoked_at: Some(NOW),
            ..second
        };
        store.write(add(ended.clone())).await.unwrap();
        assert_eq!(
            store.read(async |conn| find(conn, ended.id).await).await,
            Ok(Some(ended.clone()))
        );
        assert_eq!(
            store
                .read(async |conn| live(conn, organization, first.session).await)
                .await,
            Ok(Some(first))
        );
    }
}
