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
use super::endpoint::Endpoint;
use super::error::ApiError;
use super::{casing, credentials, origin, version};
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
    /// The publishable key by which it calls, if it is one: known to every visitor of a page, so
    /// that most is closed to it.
    pub publishable: Option<KeyId>,
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

    /// The namespace of its idempotency keys: each publishable key has one of its own, so that
    /// whoever reads it on a page cannot ask for what others were answered.
    pub fn idempotency_namespace(&self) -> String {
        self.publishable
            .map_or_else(String::new, |id| id.to_string())
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
    /// The key, if it is a publishable one.
    pub publishable: Option<KeyId>,
    /// A key's environment; a user names one in each request.
    environment: Option<Environment>,
    version: ApiVersion,
    inflection: Inflection,
}

/// Finds out who is calling. A key always wins over a cookie.
///
/// A publishable key is held to its origins where it may be used at all; elsewhere it is told that
/// it may not, whatever its page.
///
/// # Errors
///
/// The one 401; 403 `forbidden` for an address or an origin that the key does not allow, and for a
/// write by cookie that does not come from the dashboard's own pages.
pub async fn identify<E: Endpoint>(state: &AppState, parts: &Parts) -> Result<Identity, ApiError> {
    match credentials::api_key(&parts.headers)? {
        Some(key) => by_key::<E>(state, parts, &key).await,
        None => by_cookie(state, parts).await,
    }
}

async fn by_key<E: Endpoint>(
    state: &AppState,
    parts: &Parts,
    key: &ApiKey,
) -> Result<Identity, ApiError> {
    let now = state.clock.now_ms();
    let row = known_key(state, key, now).await?;
    let is_live =
        row.revoked_at.is_none() && row.expires_at.is_none_or(|expires_at| now < expires_at);
    if !is_live {
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
    let is_publishable = row.kind == KeyKind::Publishable;
    if is_publishable && E::TAKES_PUBLISHABLE && !lists(&row, origin::sent(&parts.headers)) {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            "This publishable key may be used on pages of its own origins only.",
        ));
    }
    state.last_used.note(row.organization, row.id, now);
    Ok(Identity {
        organization: row.organization,
        actor: Actor::Key(row.id),
        scopes: if is_publishable {
            [Scope::SessionsCreate].into_iter().collect()
        } else {
            row.scopes
        },
        publishable: is_publishable.then_some(row.id),
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

/// Whether a publishable key may be used from an origin, which must be spelled as browsers do.
fn lists(key: &ApiKeyRow, origin: Option<&str>) -> bool {
    origin.is_some_and(|origin| key.origins.iter().any(|listed| listed == origin))
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
        publishable: None,
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
        let version = version::sent(&parts.headers)?.unwrap_or(self.version);
        let inflection = casing::sent(&parts.headers)?.unwrap_or(self.inflection);
        let environment = match self.environment {
            Some(environment) => environment,
            None => named_environment(parts)?,
        };
        Ok(Caller {
            organization: self.organization,
            environment,
            actor: self.actor,
            scopes: self.scopes,
            publishable: self.publishable,
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
