//! `vouchkey users list`.

use vouchkey_types::date::format_utc;
use vouchkey_types::json::{Json, Object};
use vouchkey_types::object;

use crate::admin::IDLE_MS;
use crate::commands::CommandError;
use crate::commands::arguments::UserListArguments;
use crate::commands::installation::Installation;
use crate::store::organizations;
use crate::store::users::{self, ListedUser, OpenSignIn};

/// The users of one organization, or of all.
pub(in crate::commands) async fn list(
    installation: &Installation,
    arguments: &UserListArguments,
) -> Result<String, CommandError> {
    let named = match arguments.org {
        Some(id) => vec![installation.organization(Some(id)).await?],
        None => Vec::new(),
    };
    let now = installation.clock.now_ms();
    let open = OpenSignIn {
        now,
        seen_since: now - IDLE_MS,
    };
    let listed = installation
        .store
        .read(async |conn| {
            let organizations = if named.is_empty() {
                organizations::all(conn).await?
            } else {
                named
            };
            let mut listed = Vec::new();
            for organization in organizations {
                listed.extend(users::list(conn, organization.id, open).await?);
            }
            Ok(listed)
        })
        .await?;
    if arguments.json {
        let data = listed.iter().map(|user| Json::from(describe(user)));
        return Ok(Json::from(object! { "data": Json::Array(data.collect()) }).to_text());
    }
    Ok(listed.iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// The address last, since it may be long.
fn line(listed: &ListedUser) -> String {
    let user = &listed.user;
    let password = if user.password_hash.is_some() {
        "password set"
    } else {
        "no password"
    };
    let state = if listed.is_signed_in {
        "signed in"
    } else {
        "signed out"
    };
    format!(
        "{}  {:<8}  {password:<12}  {state:<10}  {}  {}",
        user.organization,
        user.role.as_str(),
        format_utc(user.created_at),
        user.email
    )
}

fn describe(listed: &ListedUser) -> Object {
    let user = &listed.user;
    object! {
        "id": user.id,
        "organization_id": user.organization,
        "email": user.email.as_str(),
        "role": user.role.as_str(),
        "has_password": user.password_hash.is_some(),
        "is_signed_in": listed.is_signed_in,
        "created_at": format_utc(user.created_at),
    }
}
