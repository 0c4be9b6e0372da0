//! A session's timeline: the events of the wire, numbered, and notes for the dashboard. No personal data.

use std::sync::LazyLock;

use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use vouchkey_types::id::{EventId, OrganizationId, SessionId};

use super::StoreError;
use super::columns::{Columns, columns_of, statements};
use super::engine::Engine;
use super::rows::{Places, RowTexts};

/// An entry of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionEventRow {
    /// Whose session it is.
    pub organization: OrganizationId,
    /// Which session.
    pub session: SessionId,
    /// Which entry.
    pub id: EventId,
    /// What happened: `session.created`, `link.visited`, …
    pub event: String,
    /// Who did it: `key:key_…`, `user:usr_…`, `applicant` or `system`.
    pub actor: String,
    /// The place among the events of the wire, from 1; None for a note.
    pub sequence: Option<i64>,
    /// More, as the text of a JSON object.
    pub detail: String,
    /// Unix milliseconds.
    pub created_at: i64,
}

statements! {
    INSERT = "INSERT INTO session_events (organization_id, session_id, event_id, event, actor, sequence, detail, \
        created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    LIST = concat!("SELECT ", columns_of!(session_events), " FROM session_events WHERE organization_id = $1 AND session_id = $2 \
        ORDER BY created_at DESC, event_id DESC LIMIT $3");
}

pub(super) static INSERTS: LazyLock<RowTexts> = LazyLock::new(|| RowTexts::of(INSERT));

/// Adds an entry.
///
/// # Errors
/// [`StoreError::UniqueViolation`] if its sequence number is taken.
pub async fn insert(conn: &mut AnyConnection, row: &SessionEventRow) -> Result<(), StoreError> {
    insert_all(conn, &[row]).await
}

/// Adds entries, with few statements.
///
/// # Errors
/// [`StoreError::UniqueViolation`] if a sequence number is taken.
pub async fn insert_all(
    conn: &mut AnyConnection,
    rows: &[&SessionEventRow],
) -> Result<(), StoreError> {
    for query in INSERTS.queries(Engine::of(conn), rows, |places, row| bind(places, row)) {
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

pub(super) fn bind<'q>(places: Places<'q>, row: &'q SessionEventRow) -> Places<'q> {
    places
        .bind(row.organization.to_string())
        .bind(row.session.to_string())
        .bind(row.id.to_string())
        .bind(row.event.as_str())
        .bind(row.actor.as_str())
        .bind(row.sequence)
        .bind(row.detail.as_str())
        .bind(row.created_at)
}

/// The newest entries of a session's timeline, the newest first.
///
/// # Errors
/// Those of the database.
pub async fn list(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    session: SessionId,
    limit: i64,
) -> Result<Vec<SessionEventRow>, StoreError> {
    sqlx::query(LIST)
        .bind(organization.to_string())
        .bind(session.to_string())
        .bind(limit)
        .fetch_all(conn)
        .await?
        .iter()
        .map(read)
        .collect()
}

fn read(row: &AnyRow) -> Result<SessionEventRow, StoreError> {
    Ok(SessionEventRow {
        organization: row.parsed("organization_id", OrganizationId::parse)?,
        session: row.parsed("session_id", SessionId::parse)?,
        id: row.parsed("event_id", EventId::parse)?,
        event: row.plain("event")?,
        actor: row.plain("actor")?,
        sequence: row.plain("sequence")?,
        detail: row.plain("detail")?,
        created_at: row.plain("created_at")?,
    })
}
