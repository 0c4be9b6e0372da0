//! Workflows: what a session walks through.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{OrganizationId, WorkflowId};

use super::StoreError;
use super::columns::{Columns, columns_of, statements};

/// A workflow of one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowRow {
    /// Whose it is.
    pub organization: OrganizationId,
    /// Which it is.
    pub id: WorkflowId,
    /// Where it can be used.
    pub environment: Environment,
    /// Its name.
    pub name: String,
    /// Whether sessions that name none take it.
    pub is_default: bool,
    /// Whether new sessions may take it.
    pub is_active: bool,
    /// Unix milliseconds.
    pub created_at: i64,
}

statements! {
    INSERT = "INSERT INTO workflows (organization_id, workflow_id, environment, name, is_default, is_active, \
        created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    LIST_ACTIVE = concat!("SELECT ", columns_of!(workflows), " FROM workflows WHERE organization_id = $1 AND environment = $2 AND is_active = 1 \
        ORDER BY is_default DESC, created_at, workflow_id");
}

/// Adds a workflow.
///
/// # Errors
/// [`StoreError::UniqueViolation`] if it is a second default.
pub async fn insert(conn: &mut AnyConnection, row: &WorkflowRow) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(row.organization.to_string())
        .bind(row.id.to_string())
        .bind(row.environment.as_str())
        .bind(row.name.as_str())
        .bind(i64::from(row.is_default))
        .bind(i64::from(row.is_active))
        .bind(row.created_at)
        .execute(conn)
        .await?;
    Ok(())
}

/// The active workflows of an environment, the default first, then the oldest.
///
/// # Errors
/// Those of the database.
pub async fn list_active(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    environment: Environment,
) -> Result<Vec<WorkflowRow>, StoreError> {
    sqlx::query(LIST_ACTIVE)
        .bind(organization.to_string())
        .bind(environment.as_str())
        .fetch_all(conn)
        .await?
        .iter()
        .map(read)
        .collect()
}

fn read(row: &AnyRow) -> Result<WorkflowRow, StoreError> {
    Ok(WorkflowRow {
        organization: row.parsed("organization_id", OrganizationId::parse)?,
        id: row.parsed("workflow_id", WorkflowId::parse)?,
        environment: row.parsed("environment", Environment::parse)?,
        name: row.plain("name")?,
        is_default: row.flag("is_default")?,
        is_active: row.flag("is_active")?,
        created_at: row.plain("created_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::store::fixtures::{NOW, apply, store};

    #[tokio::test]
    async fn an_environment_has_one_default_which_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let (store, organization) = store(folder.path()).await;
        let row = |environment, is_default, is_active, created_at| WorkflowRow {
            organization,
            id: Clock::fixed(created_at).id(),
            environment,
            name: "Identity".to_owned(),
            is_default,
            is_active,
            created_at,
        };
        let rows = [
            row(Environment::Live, false, true, NOW),
            row(Environment::Live, true, true, NOW + 1),
            row(Environment::Live, false, false, NOW + 2),
            row(Environment::Sandbox, true, true, NOW + 3),
        ];
        for row in rows.clone() {
            store
                .write(apply(move |conn| {
                    Box::pin(async move { insert(conn, &row).await })
                }))
                .await
                .unwrap();
        }
        let second = row(Environment::Live, true, true, NOW + 4);
        let refused = store
            .write(apply(move |conn| {
                Box::pin(async move { insert(conn, &second).await })
            }))
            .await;
        assert_eq!(refused, Err(StoreError::UniqueViolation));
        let live = store
            .read(async |conn| list_active(conn, organization, Environment::Live).await)
            .await;
        assert_eq!(live, Ok(vec![rows[1].clone(), rows[0].clone()]));
    }
}
