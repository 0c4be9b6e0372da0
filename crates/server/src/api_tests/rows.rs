//! Rows that the tests begin with.

use sqlx::AnyConnection;
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{OrganizationId, WorkflowId};

use crate::store::api_keys::{self, ApiKeyRow};
use crate::store::fixtures::NOW;
use crate::store::organizations::{self, OrganizationRow};
use crate::store::workflows::{self, WorkflowRow};
use crate::store::{Change, Engine, StoreError};

/// An organization with a default workflow in each environment, the live one first.
pub(super) struct AddOrganization(
    pub(super) OrganizationId,
    pub(super) WorkflowId,
    pub(super) WorkflowId,
);

impl Change for AddOrganization {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        let row = OrganizationRow {
            email_display_name: Some("Example ID".to_owned()),
            support_url: Some("https://example.com/help".to_owned()),
            allowed_redirect_schemes: vec!["exampleapp".to_owned()],
            ..OrganizationRow::new(self.0, "Example".to_owned(), NOW)
        };
        organizations::insert(conn, &row).await?;
        for (id, environment) in [(self.1, Environment::Live), (self.2, Environment::Sandbox)] {
            let row = WorkflowRow {
                organization: self.0,
                id,
                environment,
                name: "Default".to_owned(),
                is_default: true,
                is_active: true,
                created_at: NOW,
            };
            workflows::insert(conn, &row).await?;
        }
        Ok(())
    }
}

/// An API key.
pub(super) struct AddKey(pub(super) ApiKeyRow);

impl Change for AddKey {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        api_keys::insert(conn, &self.0).await
    }
}

/// A statement with one value.
pub(super) struct Execute(pub(super) &'static str, pub(super) String);

impl Change for Execute {
    type Outcome = u64;

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<u64, StoreError> {
        Ok(sqlx::query(self.0)
            .bind(self.1)
            .execute(conn)
            .await?
            .rows_affected())
    }
}
