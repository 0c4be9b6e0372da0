//! The embedded mailbox: mail that had no server to go to.

use std::sync::LazyLock;

use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{EventId, OrganizationId, SessionId};

use super::StoreError;
use super::columns::{Columns, columns_of, statements};
use super::engine::Engine;
use super::rows::{Places, RowTexts};

/// A kept message, sealed under its session's data key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxRow {
    /// Whose it is.
    pub organization: OrganizationId,
    /// The outbox row that it comes from.
    pub id: EventId,
    /// The session's.
    pub environment: Environment,
    /// Whose data key seals it.
    pub session: SessionId,
    /// Unix milliseconds.
    pub created_at: i64,
    /// What the message is made of, sealed.
    pub message_sealed: Vec<u8>,
}

/// Where a page of the list goes on: after the message with this time and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Unix milliseconds.
    pub created_at: i64,
    /// The message.
    pub id: EventId,
}

statements! {
    INSERT = "INSERT INTO mailbox_messages (organization_id, message_id, environment, session_id, created_at, \
        message_sealed) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organization_id, message_id) DO NOTHING";
    LIST = concat!("SELECT ", columns_of!(mailbox_messages), " FROM mailbox_messages WHERE organization_id = $1 AND environment = $2 \
        AND (created_at, message_id) < ($3, $4) ORDER BY created_at DESC, message_id DESC LIMIT $5");
    FIND = concat!("SELECT ", columns_of!(mailbox_messages), " FROM mailbox_messages WHERE organization_id = $1 AND message_id = $2");
    /// By the outbox rows that they come from: those are found by session, and a message has their ids.
    DELETE_OF_SESSION = "DELETE FROM mailbox_messages WHERE organization_id = $1 AND message_id IN (SELECT outbox_id \
        FROM outbox WHERE organization_id = $1 AND session_id = $2)";
}

pub(super) static INSERTS: LazyLock<RowTexts> = LazyLock::new(|| RowTexts::of(INSERT));

/// Keeps messages, with few statements; again with the same id they change nothing.
///
/// # Errors
/// Those of the database.
pub async fn insert_all(conn: &mut AnyConnection, rows: &[&MailboxRow]) -> Result<(), StoreError> {
    for query in INSERTS.queries(Engine::of(conn), rows, |places, row| bind(places, row)) {
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

pub(super) fn bind<'q>(places: Places<'q>, row: &'q MailboxRow) -> Places<'q> {
    places
        .bind(row.organization.to_string())
        .bind(row.id.to_string())
        .bind(row.environment.as_str())
        .bind(row.session.to_string())
        .bind(row.created_at)
        .bind(row.message_sealed.as_slice())
}

/// An environment's messages, newest first, at most `limit`, from the beginning or after a position.
///
/// # Errors
/// Those of the database.
pub async fn list(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    environment: Environment,
    after: Option<Position>,
    limit: i64,
) -> Result<Vec<MailboxRow>, StoreError> {
    let (created_at, id) = after.map_or((i64::MAX, String::new()), |position| {
        (position.created_at, position.id.to_string())
    });
    sqlx::query(LIST)
        .bind(organization.to_string())
        .bind(environment.as_str())
        .bind(created_at)
        .bind(id)
        .bind(limit)
        .fetch_all(conn)
        .await?
        .iter()
        .map(read)
        .collect()
}

/// One message, whatever its environment.
///
/// # Errors
/// Those of the database.
pub async fn find(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    id: EventId,
) -> Result<Option<MailboxRow>, StoreError> {
    let row = sqlx::query(FIND)
        .bind(organization.to_string())
        .bind(id.to_string())
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Deletes what was kept of a session's mail.
///
/// # Errors
/// Those of the database.
pub(super) async fn delete_of_session(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    session: SessionId,
) -> Result<(), StoreError> {
    sqlx::query(DELETE_OF_SESSION)
        .bind(organization.to_string())
        .bind(session.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<MailboxRow, StoreError> {
    Ok(MailboxRow {
        organization: row.parsed("organization_id", OrganizationId::parse)?,
        id: row.parsed("message_id", EventId::parse)?,
        environment: row.parsed("environment", Environment::parse)?,
        session: row.parsed("session_id", SessionId::parse)?,
        created_at: row.plain("created_at")?,
        message_sealed: row.plain("message_sealed")?,
    })
}
