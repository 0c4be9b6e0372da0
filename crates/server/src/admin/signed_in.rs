//! Who a cookie belongs to.

use http::HeaderMap;
use vouchkey_types::id::{OrganizationId, UserId};
use vouchkey_types::problem::ErrorCode;
use vouchkey_types::scope::Scope;

use super::cookie;
use crate::app::AppState;
use crate::http::ApiError;
use crate::store::users::Role;
use crate::store::{Change, Engine, Reshown, StoreError, sign_ins};

/// How long a session lives without being used, in milliseconds: 2 hours.
pub const IDLE_MS: i64 = 2 * 60 * 60 * 1_000;
/// A use is written at most so often.
const TOUCH_MS: i64 = 60_000;

/// A user of the dashboard, found by the cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Where the user belongs.
    pub organization: OrganizationId,
    /// Who it is.
    pub user: UserId,
    /// What the user may do.
    pub role: Role,
    /// The user's address.
    pub email: String,
    pub(super) token_hash: [u8; 32],
}

impl SignedIn {
    /// Checks that the user's role has a scope.
    ///
    /// # Errors
    /// 403 `insufficient_scope`.
    pub(super) fn require(&self, scope: Scope) -> Result<(), ApiError> {
        if self.role.scopes().contains(scope) {
            return Ok(());
        }
        Err(ApiError::new(
            ErrorCode::InsufficientScope,
            "Your role does not allow this.",
        ))
    }
}

/// The hash under which a cookie's token is kept.
pub(super) fn token_hash(state: &AppState, token: &str) -> [u8; 32] {
    state.secrets.sign_in_hash(&[b"session", token.as_bytes()])
}

/// The user whose cookie a request shows; none without one, or with one that has ended.
///
/// # Errors
/// 503 or 500 if the database cannot say.
pub async fn signed_in(
    state: &AppState,
    headers: &HeaderMap,
) -> Result<Option<SignedIn>, ApiError> {
    let token = cookie::name(&state.public_url).and_then(|name| cookie::token(name, headers));
    let Some(token) = token else { return Ok(None) };
    let token_hash = token_hash(state, token);
    let now = state.clock.now_ms();
    let found = state
        .store
        .read(async |conn| {
            let Some(row) = sign_ins::find(conn, token_hash).await? else {
                return Ok(None);
            };
            let user = sign_ins::find_user(conn, row.organization, row.user).await?;
            Ok(user.map(|user| (row, user)))
        })
        .await?;
    let Some((row, user)) = found else {
        return Ok(None);
    };
    if row.revoked_at.is_some() || now >= row.expires_at || now - row.last_seen_at >= IDLE_MS {
        return Ok(None);
    }
    if now - row.last_seen_at >= TOUCH_MS {
        let store = state.store.clone();
        // Off the request's path; a use that is not written shortens the session and nothing else.
        state.tasks.spawn(async move {
            if let Err(error) = store.write(Touch { token_hash, now }).await {
                tracing::warn!(%error, "the use of a sign-in could not be noted");
            }
        });
    }
    Ok(Some(SignedIn {
        organization: user.organization,
        user: user.id,
        role: user.role,
        email: user.email,
        token_hash,
    }))
}

/// As [`signed_in`], for what only a signed-in user may see.
///
/// # Errors
/// 401 besides.
pub(super) async fn require(state: &AppState, headers: &HeaderMap) -> Result<SignedIn, ApiError> {
    signed_in(state, headers).await?.ok_or_else(|| {
        ApiError::new(
            ErrorCode::Unauthorized,
            "You are signed out. Sign in to go on.",
        )
    })
}

struct Touch {
    token_hash: [u8; 32],
    now: i64,
}

impl Change for Touch {
    type Outcome = ();

    fn reshows(&self) -> Reshown {
        Reshown::None
    }

    async fn apply(self, conn: &mut sqlx::AnyConnection, _: Engine) -> Result<(), StoreError> {
        sign_ins::touch(conn, self.token_hash, self.now).await
    }
}
