//! The outbox: what is to be delivered, written together with its reason.

use sqlx::AnyConnection;
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{EventId, OrganizationId, SessionId};

use super::StoreError;
use super::columns::statements;

/// A delivery that nobody has tried yet: an invitation. Ids only; it is rendered when it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvitation {
    /// Whose it is.
    pub organization: OrganizationId,
    /// Which delivery.
    pub id: EventId,
    /// Where its session lives.
    pub environment: Environment,
    /// To what it invites.
    pub session: SessionId,
    /// Unix milliseconds; it is due at once.
    pub created_at: i64,
}

statements! {
    INSERT = "INSERT INTO outbox (organization_id, outbox_id, kind, environment, session_id, state, attempts, \
        next_at, created_at) VALUES ($1, $2, 'invitation', $3, $4, 'pending', 0, $5, $5)";
}

/// Adds an invitation, due at once.
///
/// # Errors
/// Those of the database.
pub async fn insert(conn: &mut AnyConnection, row: &NewInvitation) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(row.organization.to_string())
        .bind(row.id.to_string())
        .bind(row.environment.as_str())
        .bind(row.session.to_string())
        .bind(row.created_at)
        .execute(conn)
        .await?;
    Ok(())
}
