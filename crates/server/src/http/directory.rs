//! Who may call, and what is known of their organization: rows that every request needs.

use std::sync::Arc;

use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{OrganizationId, WorkflowId};

use super::caller::Caller;
use super::error::ApiError;
use super::listed_origins::ListedOrigins;
use super::remembered::Remembered;
use crate::app::AppState;
use crate::store::api_keys::ApiKeyRow;
use crate::store::organizations::{self, OrganizationRow};
use crate::store::workflows::{self, WorkflowRow};

/// Keys, organizations and origins, each remembered for one second.
#[derive(Debug, Default)]
pub struct Directory {
    /// API keys by their keyed hash. Unknown ones are not remembered: there is no end of them.
    pub keys: Remembered<[u8; 32], ApiKeyRow>,
    /// The origins of publishable keys.
    pub origins: ListedOrigins,
    tenants: Remembered<(OrganizationId, Environment), Tenant>,
}

/// An organization in one environment.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// The organization and its settings.
    pub organization: OrganizationRow,
    /// The active workflows of the environment.
    pub workflows: Vec<WorkflowRow>,
}

impl Tenant {
    /// Whether there is an active workflow of this id.
    pub fn has_workflow(&self, id: &WorkflowId) -> bool {
        self.workflows.iter().any(|workflow| workflow.id == *id)
    }

    /// The workflow of sessions that name none.
    pub fn default_workflow(&self) -> Option<WorkflowId> {
        self.workflows
            .iter()
            .find(|workflow| workflow.is_default)
            .map(|workflow| workflow.id)
    }
}

impl Directory {
    /// The organization of a caller, in the caller's environment.
    ///
    /// # Errors
    /// 503 or 500 if it cannot be read.
    pub async fn tenant(&self, state: &AppState, caller: &Caller) -> Result<Arc<Tenant>, ApiError> {
        let (id, environment) = (caller.organization, caller.environment);
        let now = state.clock.now_ms();
        if let Some(tenant) = self.tenants.get(&(id, environment), now) {
            return Ok(tenant);
        }
        let tenant = state
            .store
            .read(async |conn| {
                let organization = organizations::find(conn, id).await?;
                let workflows = workflows::list_active(conn, id, environment).await?;
                Ok(organization.map(|organization| Tenant {
                    organization,
                    workflows,
                }))
            })
            .await?
            .ok_or_else(|| ApiError::internal(&"a caller's organization does not exist"))?;
        Ok(self.tenants.put((id, environment), tenant, now))
    }
}
