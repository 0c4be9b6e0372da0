//! Sessions. What identifies a person is sealed before it comes here.

use std::sync::LazyLock;

use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{OrganizationId, SessionId, WorkflowId};
use vouchkey_types::session::status::SessionStatus;

use super::StoreError;
use super::columns::{Columns, columns_of, read_list, statements, write_list};
use super::engine::Engine;
use super::rows::{Places, RowTexts};

/// How much of a session's data is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetentionStatus {
    /// All.
    Active,
    /// What was read from documents is gone.
    SensitiveRedacted,
    /// All personal data is gone.
    Redacted,
}

impl RetentionStatus {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::SensitiveRedacted => "sensitive_redacted",
            Self::Redacted => "redacted",
        }
    }

    /// The status of this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Active, Self::SensitiveRedacted, Self::Redacted]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Whose it is.
    pub organization: OrganizationId,
    /// Which it is.
    pub id: SessionId,
    /// Where it lives.
    pub environment: Environment,
    /// As last written: [`SessionRow::status_at`] is what to show.
    pub status: SessionStatus,
    /// The caller's own reference.
    pub external_ref: Option<String>,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: Option<String>,
    /// The names of its checks, if it was given any.
    pub checks: Option<Vec<String>>,
    /// What it walks through.
    pub workflow: Option<WorkflowId>,
    /// Whether it invites by e-mail.
    pub send_email: bool,
    /// Its tags.
    pub tags: Vec<String>,
    /// Who made it, as an actor: `key:key_…` or `user:usr_…`.
    pub created_by: String,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds.
    pub updated_at: i64,
    /// Unix milliseconds.
    pub expires_at: i64,
    /// How often it was written, from 1.
    pub row_version: i64,
    /// The number of its newest event.
    pub last_sequence: i64,
    /// How many invitations were asked for.
    pub invitations_sent: i64,
    /// How often it was processed.
    pub processing_attempts: i64,
    /// How much of it is left.
    pub retention_status: RetentionStatus,
    /// What identifies a person.
    pub sealed: SealedFields,
}

/// A session's fields under its data key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SealedFields {
    /// The metadata, as JSON.
    pub metadata: Option<Vec<u8>>,
    /// The prefill, as JSON.
    pub prefill: Option<Vec<u8>>,
    /// To whom the invitation goes.
    pub applicant_email: Option<Vec<u8>>,
    /// How the applicant is addressed.
    pub applicant_name: Option<Vec<u8>>,
    /// The brand in its mail.
    pub email_display_name: Option<Vec<u8>>,
    /// Where the applicant gets help.
    pub support_url: Option<Vec<u8>>,
    /// Where the applicant goes after capture.
    pub redirect_url: Option<Vec<u8>>,
}

impl SealedFields {
    /// Reads the columns of a session.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub(super) fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            metadata: row.plain("metadata_sealed")?,
            prefill: row.plain("prefill_sealed")?,
            applicant_email: row.plain("applicant_email_sealed")?,
            applicant_name: row.plain("applicant_name_sealed")?,
            email_display_name: row.plain("email_display_name_sealed")?,
            support_url: row.plain("support_url_sealed")?,
            redirect_url: row.plain("redirect_url_sealed")?,
        })
    }
}

impl SessionRow {
    /// The status as the clock sees it (decision 13).
    pub const fn status_at(&self, now: i64) -> SessionStatus {
        self.status.at(self.expires_at, now)
    }
}

statements! {
    INSERT = "INSERT INTO sessions (organization_id, session_id, environment, status, external_ref, country, checks, \
        workflow_id, send_email, tags, created_by, created_at, updated_at, expires_at, row_version, last_sequence, \
        invitations_sent, processing_attempts, retention_status, metadata_sealed, prefill_sealed, \
        applicant_email_sealed, applicant_name_sealed, email_display_name_sealed, support_url_sealed, \
        redirect_url_sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
        $18, $19, $20, $21, $22, $23, $24, $25, $26)";
    FIND = concat!("SELECT ", columns_of!(sessions), " FROM sessions WHERE organization_id = $1 AND environment = $2 AND session_id = $3");
    FIND_ANYWHERE = concat!("SELECT ", columns_of!(sessions), " FROM sessions WHERE organization_id = $1 AND session_id = $2");
    REDACT = "UPDATE sessions SET retention_status = 'redacted', updated_at = $4, row_version = row_version + 1, \
        last_sequence = last_sequence + 1, metadata_sealed = NULL, prefill_sealed = NULL, \
        applicant_email_sealed = NULL, applicant_name_sealed = NULL, email_display_name_sealed = NULL, \
        support_url_sealed = NULL, redirect_url_sealed = NULL WHERE organization_id = $1 AND environment = $2 \
        AND session_id = $3 AND retention_status <> 'redacted' RETURNING last_sequence";
    NEWEST = "SELECT MAX(created_at) AS created_at FROM sessions WHERE organization_id = $1 AND environment = $2";
}

pub(super) static INSERTS: LazyLock<RowTexts> = LazyLock::new(|| RowTexts::of(INSERT));

/// Adds sessions, with few statements.
pub(super) async fn insert_all(
    conn: &mut AnyConnection,
    rows: &[&SessionRow],
) -> Result<(), StoreError> {
    for query in INSERTS.queries(Engine::of(conn), rows, |places, row| bind(places, row)) {
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

pub(super) fn bind<'q>(places: Places<'q>, row: &'q SessionRow) -> Places<'q> {
    places
        .bind(row.organization.to_string())
        .bind(row.id.to_string())
        .bind(row.environment.as_str())
        .bind(row.status.as_str())
        .bind(row.external_ref.as_deref())
        .bind(row.country.as_deref())
        .bind(row.checks.as_deref().map(write_list))
        .bind(row.workflow.map(|id| id.to_string()))
        .bind(i64::from(row.send_email))
        .bind(write_list(&row.tags))
        .bind(row.created_by.as_str())
        .bind(row.created_at)
        .bind(row.updated_at)
        .bind(row.expires_at)
        .bind(row.row_version)
        .bind(row.last_sequence)
        .bind(row.invitations_sent)
        .bind(row.processing_attempts)
        .bind(row.retention_status.as_str())
        .bind(row.sealed.metadata.as_deref())
        .bind(row.sealed.prefill.as_deref())
        .bind(row.sealed.applicant_email.as_deref())
        .bind(row.sealed.applicant_name.as_deref())
        .bind(row.sealed.email_display_name.as_deref())
        .bind(row.sealed.support_url.as_deref())
        .bind(row.sealed.redirect_url.as_deref())
}

/// The session of this id in this environment.
///
/// # Errors
/// Those of the database.
pub async fn find(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    environment: Environment,
    id: SessionId,
) -> Result<Option<SessionRow>, StoreError> {
    let row = sqlx::query(FIND)
        .bind(organization.to_string())
        .bind(environment.as_str())
        .bind(id.to_string())
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The session of this id in either environment, for who comes by a link or a delivery instead of a key.
///
/// # Errors
/// Those of the database.
pub async fn find_anywhere(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    id: SessionId,
) -> Result<Option<SessionRow>, StoreError> {
    let row = sqlx::query(FIND_ANYWHERE)
        .bind(organization.to_string())
        .bind(id.to_string())
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Takes everything sealed out of a session and says so in it; the number of the event that tells it. None if there was
/// nothing to do.
///
/// # Errors
/// Those of the database.
pub(super) async fn redact(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    environment: Environment,
    id: SessionId,
    now: i64,
) -> Result<Option<i64>, StoreError> {
    let row = sqlx::query(REDACT)
        .bind(organization.to_string())
        .bind(environment.as_str())
        .bind(id.to_string())
        .bind(now)
        .fetch_optional(conn)
        .await?;
    row.map(|row| row.plain("last_sequence")).transpose()
}

/// When the newest session was created, Unix milliseconds.
///
/// # Errors
/// Those of the database.
pub async fn newest_at(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    environment: Environment,
) -> Result<Option<i64>, StoreError> {
    sqlx::query(NEWEST)
        .bind(organization.to_string())
        .bind(environment.as_str())
        .fetch_one(conn)
        .await?
        .plain("created_at")
}

pub(super) fn read(row: &AnyRow) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        organization: row.parsed("organization_id", OrganizationId::parse)?,
        id: row.parsed("session_id", SessionId::parse)?,
        environment: row.parsed("environment", Environment::parse)?,
        status: row.parsed("status", SessionStatus::parse)?,
        external_ref: row.plain("external_ref")?,
        country: row.plain("country")?,
        checks: row.parsed_option("checks", read_list)?,
        workflow: row.parsed_option("workflow_id", WorkflowId::parse)?,
        send_email: row.flag("send_email")?,
        tags: row.list("tags")?,
        created_by: row.plain("created_by")?,
        created_at: row.plain("created_at")?,
        updated_at: row.plain("updated_at")?,
        expires_at: row.plain("expires_at")?,
        row_version: row.plain("row_version")?,
        last_sequence: row.plain("last_sequence")?,
        invitations_sent: row.plain("invitations_sent")?,
        processing_attempts: row.plain("processing_attempts")?,
        retention_status: row.parsed("retention_status", RetentionStatus::parse)?,
        sealed: SealedFields::read(row)?,
    })
}
