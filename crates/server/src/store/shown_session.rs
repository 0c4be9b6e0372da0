//! What showing a session needs: what it shows of itself, its live link and its data key, in one query.

use std::ops::Range;
use std::sync::LazyLock;

use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{LinkId, OrganizationId, SessionId, WorkflowId};
use vouchkey_types::session::status::SessionStatus;

use super::capture_links::CaptureLinkRow;
use super::columns::{Columns, read_list, statements};
use super::data_keys::DataKeyRow;
use super::rows::RowTexts;
use super::sessions::{RetentionStatus, SessionRow};
use super::{Engine, StoreError};

/// A session as far as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownSession {
    /// Whose it is.
    pub organization: OrganizationId,
    /// Which it is.
    pub id: SessionId,
    /// Where it lives.
    pub environment: Environment,
    /// As last written: [`ShownSession::status_at`] is what counts.
    pub status: SessionStatus,
    /// The caller's own name for it.
    pub external_ref: Option<String>,
    /// The country of the documents.
    pub country: Option<String>,
    /// The checks, if it names some.
    pub checks: Option<Vec<String>>,
    /// The workflow.
    pub workflow: Option<WorkflowId>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds.
    pub updated_at: i64,
    /// Unix milliseconds.
    pub expires_at: i64,
    /// How often it was processed.
    pub processing_attempts: i64,
    /// How much of it is left.
    pub retention_status: RetentionStatus,
    /// The metadata under its data key, as JSON.
    pub metadata: Option<Vec<u8>>,
    /// Its live link, if it has one, and when that ends, Unix milliseconds.
    pub link: Option<(LinkId, i64)>,
    /// Its data key.
    pub key: Option<DataKeyRow>,
}

impl ShownSession {
    /// From the rows that were read one by one.
    pub fn of(session: SessionRow, link: Option<&CaptureLinkRow>, key: Option<DataKeyRow>) -> Self {
        Self {
            organization: session.organization,
            id: session.id,
            environment: session.environment,
            status: session.status,
            external_ref: session.external_ref,
            country: session.country,
            checks: session.checks,
            workflow: session.workflow,
            tags: session.tags,
            created_at: session.created_at,
            updated_at: session.updated_at,
            expires_at: session.expires_at,
            processing_attempts: session.processing_attempts,
            retention_status: session.retention_status,
            metadata: session.sealed.metadata,
            link: link.map(|link| (link.id, link.expires_at)),
            key,
        }
    }

    /// The status as the clock sees it (decision 13).
    pub const fn status_at(&self, now: i64) -> SessionStatus {
        self.status.at(self.expires_at, now)
    }

    /// How long what is shown of it at this time is the same, as far as the clock is concerned.
    pub fn steady_at(&self, now: i64) -> Range<i64> {
        let ends = [Some(self.expires_at), self.link.map(|(_, ends)| ends)];
        let ends = || ends.iter().flatten().copied();
        let last = ends().filter(|end| *end <= now).max();
        let next = ends().filter(|end| *end > now).min();
        last.unwrap_or(i64::MIN)..next.unwrap_or(i64::MAX)
    }
}

/// Which session is asked for: of this organization, in this environment.
pub type Which = (OrganizationId, Environment, SessionId);

statements! {
    FIND = "SELECT asked.column1 AS place, s.status, s.external_ref, s.country, s.checks, s.workflow_id, s.tags, \
        s.created_at, s.updated_at, s.expires_at, s.processing_attempts, s.retention_status, s.metadata_sealed, \
        l.link_id, l.expires_at AS link_expires_at, k.root_key_id, k.key_wrapped, k.created_at AS key_created_at \
        FROM (VALUES ($1, $2, $3, $4)) AS asked CROSS JOIN sessions s \
        LEFT JOIN data_keys k ON k.organization_id = s.organization_id AND k.data_key_id = s.session_id \
        LEFT JOIN capture_links l ON l.organization_id = s.organization_id AND l.session_id = s.session_id \
            AND l.revoked_at IS NULL AND l.consumed_at IS NULL \
        WHERE s.organization_id = asked.column2 AND s.environment = asked.column3 AND s.session_id = asked.column4";
}

pub(super) static FINDS: LazyLock<RowTexts> = LazyLock::new(|| RowTexts::of(FIND));

/// The rows of these sessions by one query, each in its place; none where there is no such session in that organization
/// and environment. At most as many as [`RowTexts::filled`] takes.
///
/// # Errors
/// Those of the database.
pub(super) async fn rows_of(
    conn: &mut AnyConnection,
    sessions: &[Which],
) -> Result<Vec<Option<AnyRow>>, StoreError> {
    let (sql, listed) = FINDS.filled(Engine::of(conn), sessions);
    let mut query = sqlx::query(sql);
    for ((organization, environment, session), place) in listed.zip(0_i64..) {
        // What only fills the text asks for nothing.
        let is_asked = usize::try_from(place).is_ok_and(|place| place < sessions.len());
        let organization = is_asked.then(|| organization.to_string());
        query = query
            .bind(place)
            .bind(organization.unwrap_or_default())
            .bind(environment.as_str())
            .bind(session.to_string());
    }
    let mut found: Vec<Option<AnyRow>> = sessions.iter().map(|_| None).collect();
    for row in query.fetch_all(conn).await? {
        let place = usize::try_from(row.plain::<i64>("place")?).ok();
        let found = place.and_then(|place| found.get_mut(place));
        *found.ok_or(StoreError::Corrupt("place"))? = Some(row);
    }
    Ok(found)
}

/// Reads the row of a session that was asked for.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub(super) fn read(
    (organization, environment, id): Which,
    row: &AnyRow,
) -> Result<ShownSession, StoreError> {
    let link = match row.parsed_option("link_id", LinkId::parse)? {
        Some(link) => Some((link, row.plain("link_expires_at")?)),
        None => None,
    };
    Ok(ShownSession {
        organization,
        id,
        environment,
        status: row.parsed("status", SessionStatus::parse)?,
        external_ref: row.plain("external_ref")?,
        country: row.plain("country")?,
        checks: row.parsed_option("checks", read_list)?,
        workflow: row.parsed_option("workflow_id", WorkflowId::parse)?,
        tags: row.list("tags")?,
        created_at: row.plain("created_at")?,
        updated_at: row.plain("updated_at")?,
        expires_at: row.plain("expires_at")?,
        processing_attempts: row.plain("processing_attempts")?,
        retention_status: row.parsed("retention_status", RetentionStatus::parse)?,
        metadata: row.plain("metadata_sealed")?,
        link,
        key: DataKeyRow::joined(row, organization, id)?,
    })
}
