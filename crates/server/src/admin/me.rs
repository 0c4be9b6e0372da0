//! `GET /admin/v1/me`: who is signed in, and what the dashboard needs to know of the installation.

use axum::extract::State;
use http::HeaderMap;
use vouchkey_types::api_key::Environment;
use vouchkey_types::json::{Json, Object};
use vouchkey_types::object;

use super::signed_in;
use crate::app::AppState;
use crate::config::MailConfig;
use crate::http::{Answer, ApiError};
use crate::store::organizations::{self, OrganizationRow};
use crate::store::workflows::{self, WorkflowRow};

pub(super) async fn show(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Answer, ApiError> {
    let user = signed_in::require(&state, &headers).await?;
    let (organization, live, sandbox) = state
        .store
        .read(async |conn| {
            Ok((
                organizations::find(conn, user.organization).await?,
                workflows::list_active(conn, user.organization, Environment::Live).await?,
                workflows::list_active(conn, user.organization, Environment::Sandbox).await?,
            ))
        })
        .await?;
    let organization =
        organization.ok_or_else(|| ApiError::internal(&"a user's organization does not exist"))?;
    let mail = match state.config.mail {
        MailConfig::Mailbox { .. } => "mailbox",
        MailConfig::Smtp { .. } => "smtp",
    };
    let scopes: Vec<Json> = user
        .role
        .scopes()
        .iter()
        .map(|scope| scope.as_str().into())
        .collect();
    Ok(Answer::ok(object! {
        "user": object! { "id": user.user.to_string(), "email": user.email, "role": user.role.as_str() },
        "organization": organization_object(organization),
        "workflows": object! { "live": workflow_list(live), "sandbox": workflow_list(sandbox) },
        "mail": mail,
        "public_url": state.public_url.as_str(),
        "scopes": scopes,
        "version": env!("CARGO_PKG_VERSION"),
    }))
}

fn organization_object(row: OrganizationRow) -> Object {
    let list = |items: Vec<String>| items.into_iter().map(Json::from).collect::<Vec<_>>();
    object! {
        "id": row.id.to_string(),
        "name": row.name,
        "email_display_name": row.email_display_name,
        "support_url": row.support_url,
        "redirect_hosts": list(row.redirect_hosts),
        "allowed_redirect_schemes": list(row.allowed_redirect_schemes),
        "accent_colour": row.accent_colour,
    }
}

fn workflow_list(rows: Vec<WorkflowRow>) -> Vec<Json> {
    rows.into_iter()
        .map(|row| {
            object! { "id": row.id.to_string(), "name": row.name, "is_default": row.is_default }
                .into()
        })
        .collect()
}
