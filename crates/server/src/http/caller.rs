//! Who is calling: from headers to the one [`Caller`] (decision 10).
//!
//! It is settled in two steps, since the rate limit comes between them: [`identify`] finds out who
//! it is, [`Identity::settle`] what the request speaks. After that no header is read again.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderName, Method};
use vouchkey_types::api_key::{ApiKey, Environment, KeyKind};
use vouchkey_types::id::{KeyId, OrganizationId, UserId};
use vouchkey_types::inflection::Inflection;
use vouchkey_types::problem::ErrorCode;
use vouchkey_types::scope::{Scope, ScopeSet};
use vouchkey_types::version::ApiVersion;

use super::address::{self, Peer};
use super::error::ApiError;
use super::{casing, credentials, version};
use crate::admin;
use crate::app::AppState;
use crate::store::api_keys::ApiKeyRow;

const ENVIRONMENT: HeaderName = HeaderName::from_static("vouchkey-environment");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Who acts: as it is written into events and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A program, by its API key.
    Key(KeyId),
    /// A signed-in user of the dashboard.
    User(UserId),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => write!(f, "key:{id}"),
            Self::User(id) => write!(f, "user:{id}"),
        }
    }
}

/// An authenticated caller. To have one is the only proof of authentication.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Whose data it may see.
    pub organization: OrganizationId,
    /// In which environment.
    pub environment: Environment,
    /// Who it is.
    pub actor: Actor,
    /// What it may do.
    pub scopes: ScopeSet,
    /// The version that this request speaks.
    pub version: ApiVersion,
    /// The casing of this request's answer.
    pub inflection: Inflection,
}

impl Caller {
    /// Checks that the caller holds one of these scopes.
    ///
    /// # Errors
    ///
    /// 403 `insufficient_scope`, which names them.
    pub fn require(&self, any_of: &[Scope]) -> Result<(), ApiError> {
        if self.scopes.contains_any(any_of) {
            return Ok(());
        }
        let names: Vec<&str> = any_of.iter().map(|scope| scope.as_str()).collect();
        Err(ApiError::new(
            ErrorCode::InsufficientScope,
            format!("This needs the scope {}.", names.join(" or ")),
        ))
    }
}

/// Who it is, before version, casing and environment are settled.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Whose data it may see.
    pub organization: OrganizationId,
    /// Who it is.
    pub actor: Actor,
    scopes: ScopeSet,
    /// A key's environment; a user names one in each request.
    environment: Option<Environment>,
    version: ApiVersion,
    inflection: Inflection,
}

/// Finds out who is calling. A key always wins over a cookie.
///
/// # Errors
///
/// The one 401; 403 `forbidden` for an address that the key does not allow, and for a write by
/// cookie that does not come from the dashboard's own pages.
pub async fn identify(state: &AppState, parts: &Parts) -> Result<Identity, ApiError> {
    match credentials::api_key(&parts.headers)? {
        Some(key) => by_key(state, parts, &key).await,
        None => by_cookie(state, parts).await,
    }
}

async fn by_key(state: &AppState, parts: &Parts, key: &ApiKey) -> Result<Identity, ApiError> {
    let now = state.clock.now_ms();
    let row = known_key(state, key, now).await?;
    let is_live =
        row.revoked_at.is_none() && row.expires_at.is_none_or(|expires_at| now < expires_at);
    // Publishable keys need rules of their own, which are not part of this version.
    if !is_live || row.kind == KeyKind::Publishable {
        return Err(ApiError::unauthorized());
    }
    let address = parts
        .extensions
        .get::<Peer>()
        .map(|peer| address::client(*peer, &parts.headers, &state.config.http.trusted_proxies));
    if !allows(&row, address) {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            "This API key may not be used from this address.",
        ));
    }
    state.last_used.note(row.organization, row.id, now);
    Ok(Identity {
        organization: row.organization,
        actor: Actor::Key(row.id),
        scopes: row.scopes,
        environment: Some(row.environment),
        version: row.api_version,
        inflection: row.inflection,
    })
}

async fn known_key(state: &AppState, key: &ApiKey, now: i64) -> Result<Arc<ApiKeyRow>, ApiError> {
    let hash = state.secrets.api_key_hash(key);
    if let Some(row) = state.directory.keys.get(&hash, now) {
        return Ok(row);
    }
    let row = state
        .store
        .read(async |conn| crate::store::api_keys::find(conn, &hash).await)
        .await?;
    let row = row.ok_or_else(ApiError::unauthorized)?;
    Ok(state.directory.keys.put(hash, row, now))
}

/// Whether a key may be used from an address. Without a list it may from everywhere; with one, an
/// address that is not known is refused.
fn allows(key: &ApiKeyRow, address: Option<IpAddr>) -> bool {
    key.allowed_ips.is_empty()
        || address.is_some_and(|address| key.allowed_ips.iter().any(|net| net.contains(&address)))
}

async fn by_cookie(state: &AppState, parts: &Parts) -> Result<Identity, ApiError> {
    let user = admin::signed_in(state, &parts.headers)
        .await?
        .ok_or_else(ApiError::unauthorized)?;
    let is_read = matches!(parts.method, Method::GET | Method::HEAD);
    let is_own_page = parts
        .headers
        .get(FETCH_SITE)
        .is_some_and(|site| site == "same-origin");
    if !is_read && !is_own_page {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            "A signed-in user may change things from the dashboard only.",
        ));
    }
    Ok(Identity {
        organization: user.organization,
        actor: Actor::User(user.user),
        scopes: user.role.scopes(),
        environment: None,
        version: ApiVersion::LATEST,
        inflection: Inflection::default(),
    })
}

impl Identity {
    /// What the request speaks, and in which environment.
    ///
    /// # Errors
    ///
    /// 400 for a version, a casing or an environment that does not exist.
    pub fn settle(self, parts: &Parts) -> Result<Caller, ApiError> {
        let inflection = casing::sent(&parts.headers)?.unwrap_or(self.inflection);
        let version = version::sent(&parts.headers)?.unwrap_or(self.version);
        let environment = match self.environment {
            Some(environment) => environment,
            None => named_environment(parts)?,
        };
        Ok(Caller {
            organization: self.organization,
            environment,
            actor: self.actor,
            scopes: self.scopes,
            version,
            inflection,
        })
    }
}

/// The environment that a signed-in user works in.
///
/// # Errors
///
/// 400 `invalid_header`.
pub fn named_environment(parts: &Parts) -> Result<Environment, ApiError> {
    let named = parts
        .headers
        .get(ENVIRONMENT)
        .and_then(|value| value.to_str().ok())
        .and_then(Environment::parse);
    named.ok_or_else(|| {
        ApiError::new(
            ErrorCode::InvalidHeader,
            "Vouchkey-Environment must be live or sandbox.",
        )
    })
}
