//! What an invitation is made of: its session, the key that opens it, and the link that it leads to.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{LinkId, OrganizationId, SessionId};
use vouchkey_types::session::status::SessionStatus;

use super::StoreError;
use super::columns::{Columns, statements};
use super::data_keys::DataKeyRow;

/// What one invitation is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationRow {
    /// Whose session it is.
    pub organization: OrganizationId,
    /// To what it invites.
    pub session: SessionId,
    /// Where the session lives.
    pub environment: Environment,
    /// As last written: [`InvitationRow::status_at`] is what counts.
    pub status: SessionStatus,
    /// When the session ends, Unix milliseconds.
    pub expires_at: i64,
    /// To whom the invitation goes.
    pub applicant_email: Option<Vec<u8>>,
    /// How the applicant is addressed.
    pub applicant_name: Option<Vec<u8>>,
    /// The brand in its mail.
    pub email_display_name: Option<Vec<u8>>,
    /// Where the applicant gets help.
    pub support_url: Option<Vec<u8>>,
    /// What opens these.
    pub key: DataKeyRow,
    /// The session's live link and when it ends, Unix milliseconds.
    pub link: Option<(LinkId, i64)>,
}

impl InvitationRow {
    /// The session's status as the clock sees it (decision 13).
    pub const fn status_at(&self, now: i64) -> SessionStatus {
        self.status.at(self.expires_at, now)
    }
}

statements! {
    FIND = "SELECT s.organization_id, s.session_id, s.environment, s.status, s.expires_at, s.applicant_email_sealed, \
        s.applicant_name_sealed, s.email_display_name_sealed, s.support_url_sealed, k.root_key_id, k.key_wrapped, \
        k.created_at, l.link_id, l.expires_at AS link_expires_at FROM sessions s \
        JOIN data_keys k ON k.organization_id = s.organization_id AND k.data_key_id = s.session_id \
        LEFT JOIN capture_links l ON l.organization_id = s.organization_id AND l.session_id = s.session_id \
            AND l.revoked_at IS NULL AND l.consumed_at IS NULL \
        WHERE s.organization_id = $1 AND s.session_id = $2";
}

/// What the invitation to a session is made of; none if the session is gone.
///
/// # Errors
/// Those of the database.
pub async fn find(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Option<InvitationRow>, StoreError> {
    let row = sqlx::query(FIND)
        .bind(organization.to_string())
        .bind(session.to_string())
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &AnyRow) -> Result<InvitationRow, StoreError> {
    let organization = row.parsed("organization_id", OrganizationId::parse)?;
    let session = row.parsed("session_id", SessionId::parse)?;
    let link = row.parsed_option("link_id", LinkId::parse)?;
    Ok(InvitationRow {
        organization,
        session,
        environment: row.parsed("environment", Environment::parse)?,
        status: row.parsed("status", SessionStatus::parse)?,
        expires_at: row.plain("expires_at")?,
        applicant_email: row.plain("applicant_email_sealed")?,
        applicant_name: row.plain("applicant_name_sealed")?,
        email_display_name: row.plain("email_display_name_sealed")?,
        support_url: row.plain("support_url_sealed")?,
        key: DataKeyRow {
            organization,
            session,
            root_key_id: row.plain("root_key_id")?,
            key_wrapped: row.plain("key_wrapped")?,
            created_at: row.plain("created_at")?,
        },
        link: match link {
            Some(link) => Some((link, row.plain("link_expires_at")?)),
            None => None,
        },
    })
}
