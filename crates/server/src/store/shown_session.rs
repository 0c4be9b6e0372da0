//! A session with its live link and its data key, in one query: what showing it needs.

use sqlx::AnyConnection;
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{LinkId, OrganizationId, SessionId};

use super::StoreError;
use super::capture_links::{CaptureLinkRow, LinkKind};
use super::columns::{Columns, statements};
use super::data_keys::DataKeyRow;
use super::sessions::{self, SessionRow};

statements! {
    FIND = "SELECT s.organization_id, s.session_id, s.environment, s.status, s.external_ref, s.country, s.checks, \
        s.workflow_id, s.send_email, s.tags, s.created_by, s.created_at, s.updated_at, s.expires_at, s.row_version, \
        s.last_sequence, s.invitations_sent, s.processing_attempts, s.retention_status, s.metadata_sealed, \
        s.prefill_sealed, s.applicant_email_sealed, s.applicant_name_sealed, s.email_display_name_sealed, \
        s.support_url_sealed, s.redirect_url_sealed, l.link_id, l.kind, l.capture_key_id, \
        l.created_at AS link_created_at, l.expires_at AS link_expires_at, l.bound_hash, k.root_key_id, k.key_wrapped, \
        k.created_at AS key_created_at FROM sessions s \
        LEFT JOIN data_keys k ON k.organization_id = s.organization_id AND k.data_key_id = s.session_id \
        LEFT JOIN capture_links l ON l.organization_id = s.organization_id AND l.session_id = s.session_id \
            AND l.revoked_at IS NULL AND l.consumed_at IS NULL \
        WHERE s.organization_id = $1 AND s.environment = $2 AND s.session_id = $3";
}

/// The session of this id in this environment, its live link and its data key.
///
/// # Errors
/// Those of the database.
pub async fn find(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    environment: Environment,
    id: SessionId,
) -> Result<Option<(SessionRow, Option<CaptureLinkRow>, Option<DataKeyRow>)>, StoreError> {
    let row = sqlx::query(FIND)
        .bind(organization.to_string())
        .bind(environment.as_str())
        .bind(id.to_string())
        .fetch_optional(conn)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let link = match row.parsed_option("link_id", LinkId::parse)? {
        Some(link) => Some(CaptureLinkRow {
            id: link,
            organization,
            session: id,
            kind: row.parsed("kind", LinkKind::parse)?,
            capture_key_id: u8::try_from(row.plain::<i64>("capture_key_id")?)
                .map_err(|_| StoreError::Corrupt("capture_key_id"))?,
            created_at: row.plain("link_created_at")?,
            expires_at: row.plain("link_expires_at")?,
            revoked_at: None,
            consumed_at: None,
            bound_hash: row.plain("bound_hash")?,
        }),
        None => None,
    };
    let key = match row.plain::<Option<String>>("root_key_id")? {
        Some(root_key_id) => Some(DataKeyRow {
            organization,
            session: id,
            root_key_id,
            key_wrapped: row.plain("key_wrapped")?,
            created_at: row.plain("key_created_at")?,
        }),
        None => None,
    };
    Ok(Some((sessions::read(&row)?, link, key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixtures::{NOW, creation, store};

    #[tokio::test]
    async fn a_session_comes_with_its_link_and_key_and_to_its_organization_only() {
        let folder = tempfile::tempdir().unwrap();
        let (store, organization) = store(folder.path()).await;
        let creation = creation(organization, NOW);
        let id = creation.session.id;
        let written = (
            creation.session.clone(),
            Some(creation.link.clone()),
            Some(creation.data_key.clone()),
        );
        store.write(creation).await.unwrap();
        let other = crate::store::fixtures::organization(&store).await;
        for (organization, environment, expected) in [
            (organization, Environment::Live, Some(written)),
            (organization, Environment::Sandbox, None),
            (other, Environment::Live, None),
        ] {
            let found = store.read(async |conn| find(conn, organization, environment, id).await);
            assert_eq!(found.await, Ok(expected));
        }
    }
}
