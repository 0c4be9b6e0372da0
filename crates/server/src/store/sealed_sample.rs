//! What was sealed last, with the keys to it: for who tries whether it can still be opened.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{EventId, OrganizationId, SessionId};

use super::StoreError;
use super::columns::{Columns, statements};
use super::data_keys::DataKeyRow;
use super::rows::Bound;
use super::sessions::SealedFields;

/// Sealed values of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRow<T> {
    /// Whose data key seals them.
    pub session: SessionId,
    /// The values and their data key, which may be missing; None if a column holds something that is none.
    pub sealed: Option<(T, Option<DataKeyRow>)>,
}

/// A kept message: its id, and what is sealed.
pub type SealedMessage = (EventId, Vec<u8>);

statements! {
    SESSIONS = "SELECT s.session_id, s.metadata_sealed, s.prefill_sealed, s.applicant_email_sealed, \
        s.applicant_name_sealed, s.email_display_name_sealed, s.support_url_sealed, s.redirect_url_sealed, \
        k.root_key_id, k.key_wrapped, k.created_at AS key_created_at FROM sessions s \
        LEFT JOIN data_keys k ON k.organization_id = s.organization_id AND k.data_key_id = s.session_id \
        WHERE s.organization_id = $1 AND s.environment = $2 ORDER BY s.created_at DESC, s.session_id DESC LIMIT $3";
    MESSAGES = "SELECT m.session_id, m.message_id, m.message_sealed, k.root_key_id, k.key_wrapped, \
        k.created_at AS key_created_at FROM mailbox_messages m \
        LEFT JOIN data_keys k ON k.organization_id = m.organization_id AND k.data_key_id = m.session_id \
        WHERE m.organization_id = $1 AND m.environment = $2 ORDER BY m.created_at DESC, m.message_id DESC LIMIT $3";
}

/// The newest sessions of an environment, at most `limit`.
///
/// # Errors
/// Those of the database.
pub async fn sessions(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    environment: Environment,
    limit: i64,
) -> Result<Vec<SealedRow<SealedFields>>, StoreError> {
    newest(
        conn,
        sqlx::query(SESSIONS),
        organization,
        environment,
        limit,
        SealedFields::read,
    )
    .await
}

/// The newest kept messages of an environment, at most `limit`.
///
/// # Errors
/// Those of the database.
pub async fn messages(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    environment: Environment,
    limit: i64,
) -> Result<Vec<SealedRow<SealedMessage>>, StoreError> {
    let message = |row: &AnyRow| {
        Ok((
            row.parsed("message_id", EventId::parse)?,
            row.plain("message_sealed")?,
        ))
    };
    newest(
        conn,
        sqlx::query(MESSAGES),
        organization,
        environment,
        limit,
        message,
    )
    .await
}

async fn newest<T>(
    conn: &mut AnyConnection,
    query: Bound<'static>,
    organization: OrganizationId,
    environment: Environment,
    limit: i64,
    values: impl Fn(&AnyRow) -> Result<T, StoreError>,
) -> Result<Vec<SealedRow<T>>, StoreError> {
    let rows = query
        .bind(organization.to_string())
        .bind(environment.as_str())
        .bind(limit)
        .fetch_all(conn)
        .await?;
    let read = |row| sealed_row(row, organization, &values);
    rows.iter().map(read).collect()
}

fn sealed_row<T>(
    row: &AnyRow,
    organization: OrganizationId,
    values: impl Fn(&AnyRow) -> Result<T, StoreError>,
) -> Result<SealedRow<T>, StoreError> {
    let session = row.parsed("session_id", SessionId::parse)?;
    let sealed = || -> Result<_, StoreError> {
        Ok((
            values(row)?,
            DataKeyRow::joined(row, organization, session)?,
        ))
    };
    Ok(SealedRow {
        session,
        sealed: sealed().ok(),
    })
}
