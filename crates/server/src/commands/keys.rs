//! API keys: making, listing and ending them.

use sqlx::AnyConnection;
use vouchkey_types::api_key::{ApiKey, KeyKind};
use vouchkey_types::date::format_utc;
use vouchkey_types::id::{KeyId, OrganizationId};
use vouchkey_types::json::{Json, Object};
use vouchkey_types::object;
use vouchkey_types::scope::{Scope, ScopeSet};

use super::arguments::{KeyCreateArguments, KeyExpireArguments, KeyListArguments};
use super::installation::Installation;
use super::{CommandError, complain};
use crate::store::api_keys::{self, ApiKeyRow};
use crate::store::{Change, Engine, StoreError};

pub(super) async fn create(
    installation: &Installation,
    arguments: &KeyCreateArguments,
) -> Result<String, CommandError> {
    check_kind(arguments).map_err(|message| CommandError::Usage(message.to_owned()))?;
    let organization = installation
        .organization(arguments.organization.org)
        .await?;
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
            .unwrap_or_else(|| usual_scopes(arguments.kind)),
        api_version: arguments.api_version,
        inflection: arguments.inflection,
        origins: origins(arguments),
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

/// Whether what was asked for goes with the kind of key.
fn check_kind(arguments: &KeyCreateArguments) -> Result<(), &'static str> {
    let has_origins = !arguments.origins.is_empty();
    match arguments.kind {
        KeyKind::Publishable if !has_origins => Err(
            "a publishable key needs --origins: the pages that may use it, such as --origins https://shop.example",
        ),
        KeyKind::Publishable if arguments.scopes.is_some() => {
            Err("a publishable key may only create sessions; leave --scopes out")
        }
        KeyKind::Secret if has_origins => {
            Err("--origins are for publishable keys; a secret key must not reach a browser at all")
        }
        KeyKind::Publishable | KeyKind::Secret => Ok(()),
    }
}

fn usual_scopes(kind: KeyKind) -> ScopeSet {
    match kind {
        KeyKind::Secret => Scope::DEFAULT.into_iter().collect(),
        KeyKind::Publishable => [Scope::SessionsCreate].into_iter().collect(),
    }
}

/// In the order given, each once.
fn origins(arguments: &KeyCreateArguments) -> Vec<String> {
    let mut origins: Vec<String> = Vec::new();
    for origin in &arguments.origins {
        if !origins.iter().any(|known| known == origin.as_str()) {
            origins.push(origin.to_string());
        }
    }
    origins
}

pub(super) async fn list(
    installation: &Installation,
    arguments: &KeyListArguments,
) -> Result<String, CommandError> {
    let organization = installation
        .organization(arguments.organization.org)
        .await?
        .id;
    let keys = installation
        .store
        .read(async |conn| api_keys::list(conn, organization).await)
        .await?;
    if arguments.json {
        let data = keys.iter().map(|key| Json::from(describe(key))).collect();
        return Ok(Json::from(object! { "data": Json::Array(data) }).to_text());
    }
    Ok(table(&keys, installation.clock.now_ms()))
}

/// A line for each key, what varies in length last. Times make a line long, so their columns are as wide as the keys
/// need.
pub(super) fn table(keys: &[ApiKeyRow], now: i64) -> String {
    let times: Vec<[String; 2]> = keys
        .iter()
        .map(|key| [state(key, now), use_of(key)])
        .collect();
    let [states, uses] = [0, 1].map(|column| {
        let texts = times.iter().map(|texts| texts[column].len());
        texts.max().unwrap_or_default()
    });
    let lines = keys.iter().zip(&times).map(|(key, [state, used])| {
        let origins = key.origins.iter().map(|origin| format!("  {origin}"));
        format!(
            "{}  {:<7}  {:<11}  …{}  {state:<states$}  {used:<uses$}  {}  {}{}",
            key.id,
            key.environment.as_str(),
            key.kind.as_str(),
            key.hint,
            key.scopes,
            key.label,
            origins.collect::<String>()
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn state(key: &ApiKeyRow, now: i64) -> String {
    let end = key.revoked_at.or(key.expires_at);
    match end {
        Some(end) if end <= now => format!("ended {}", format_utc(end)),
        Some(end) => format!("active until {}", format_utc(end)),
        None => "active".to_owned(),
    }
}

fn use_of(key: &ApiKeyRow) -> String {
    key.last_used_at.map_or_else(
        || "never used".to_owned(),
        |at| format!("used {}", format_utc(at)),
    )
}

pub(super) async fn expire(
    installation: &Installation,
    arguments: &KeyExpireArguments,
) -> Result<String, CommandError> {
    let organization = installation
        .organization(arguments.organization.org)
        .await?
        .id;
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
        "origins": key.origins.clone(),
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
