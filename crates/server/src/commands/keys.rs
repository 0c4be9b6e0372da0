//! API keys: making, listing and ending them.

use sqlx::AnyConnection;
use vouchkey_types::api_key::{ApiKey, KeyKind};
use vouchkey_types::date::format_utc;
use vouchkey_types::id::{KeyId, OrganizationId};
use vouchkey_types::json::{Json, Object};
use vouchkey_types::object;
use vouchkey_types::scope::Scope;

use super::arguments::{KeyCreateArguments, KeyExpireArguments, KeyListArguments};
use super::installation::Installation;
use super::{CommandError, complain};
use crate::store::api_keys::{self, ApiKeyRow};
use crate::store::{Change, Engine, StoreError};

pub(super) async fn create(
    installation: &Installation,
    arguments: &KeyCreateArguments,
) -> Result<String, CommandError> {
    if arguments.kind == KeyKind::Publishable {
        return Err(CommandError::Usage(
            "publishable keys are not part of this version yet; make a secret key and keep it on your server".to_owned(),
        ));
    }
    let organization = installation.organization(arguments.org).await?;
    let clock = &installation.clock;
    let now = clock.now_ms();
    if arguments
        .expires_at
        .is_some_and(|expires_at| expires_at <= now)
    {
        return Err(CommandError::Usage(
            "--expires-at is in the past".to_owned(),
        ));
    }
    let key = ApiKey::from_random(arguments.environment, arguments.kind, clock.random());
    let row = ApiKeyRow {
        key_hash: installation.secrets.api_key_hash(&key),
        id: clock.id(),
        organization: organization.id,
        environment: arguments.environment,
        kind: arguments.kind,
        label: arguments.label.clone(),
        scopes: arguments
            .scopes
            .unwrap_or_else(|| Scope::DEFAULT.into_iter().collect()),
        api_version: arguments.api_version,
        inflection: arguments.inflection,
        origins: Vec::new(),
        allowed_ips: arguments.allowed_ips.clone(),
        hint: key.hint().to_owned(),
        created_by: None,
        created_at: now,
        expires_at: arguments.expires_at,
        revoked_at: None,
        last_used_at: None,
    };
    let mut answer = object! { "id": row.id, "secret": key.expose() };
    for (name, value) in describe(&row) {
        if name != "id" {
            answer.push(name, value);
        }
    }
    installation.store.write(AddKey(row)).await?;
    if arguments.json {
        return Ok(Json::from(answer).to_text());
    }
    complain("note: this is the only time that the key is shown");
    Ok(key.expose().to_owned())
}

pub(super) async fn list(
    installation: &Installation,
    arguments: &KeyListArguments,
) -> Result<String, CommandError> {
    let organization = installation.organization(arguments.org).await?.id;
    let keys = installation
        .store
        .read(async |conn| api_keys::list(conn, organization).await)
        .await?;
    if arguments.json {
        let data = keys.iter().map(|key| Json::from(describe(key))).collect();
        return Ok(Json::from(object! { "data": Json::Array(data) }).to_text());
    }
    let now = installation.clock.now_ms();
    let lines = keys.iter().map(|key| {
        let ended = key.revoked_at.or(key.expires_at).filter(|end| *end <= now);
        let state = ended.map_or_else(
            || "active".to_owned(),
            |end| format!("ended {}", format_utc(end)),
        );
        format!(
            "{}  {:<7}  …{}  {state}  {}  {}",
            key.id,
            key.environment.as_str(),
            key.hint,
            key.scopes,
            key.label
        )
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

pub(super) async fn expire(
    installation: &Installation,
    arguments: &KeyExpireArguments,
) -> Result<String, CommandError> {
    let organization = installation.organization(arguments.org).await?.id;
    let change = RevokeKey {
        organization,
        id: arguments.id,
        now: installation.clock.now_ms(),
    };
    if installation.store.write(change).await? {
        Ok(format!("{} has ended.", arguments.id))
    } else {
        Err(CommandError::Failed(format!(
            "there is no key {}",
            arguments.id
        )))
    }
}

fn describe(key: &ApiKeyRow) -> Object {
    let time = |ms: Option<i64>| ms.map(format_utc);
    object! {
        "id": key.id,
        "environment": key.environment.as_str(),
        "kind": key.kind.as_str(),
        "label": key.label.as_str(),
        "hint": key.hint.as_str(),
        "scopes": key.scopes.iter().map(Scope::as_str).collect::<Vec<_>>(),
        "api_version": key.api_version.as_str(),
        "inflection": key.inflection.as_str(),
        "allowed_ips": key.allowed_ips.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "created_at": format_utc(key.created_at),
        "expires_at": time(key.expires_at),
        "revoked_at": time(key.revoked_at),
        "last_used_at": time(key.last_used_at),
    }
}

struct AddKey(ApiKeyRow);

impl Change for AddKey {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        api_keys::insert(conn, &self.0).await
    }
}

struct RevokeKey {
    organization: OrganizationId,
    id: KeyId,
    now: i64,
}

impl Change for RevokeKey {
    type Outcome = bool;

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<bool, StoreError> {
        api_keys::revoke(conn, self.organization, self.id, self.now).await
    }
}
