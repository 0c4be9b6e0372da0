//! Signing in and out (decision 27).

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode, header};
use secrecy::SecretString;
use sqlx::AnyConnection;
use vouchkey_types::object;
use vouchkey_types::problem::ErrorCode;

use super::throttle::{Begin, Begun, FORGOTTEN_MS};
use super::{body, cookie, password, signed_in};
use crate::app::AppState;
use crate::http::{Answer, ApiError};
use crate::store::sign_ins::{self, SignInRow};
use crate::store::users::{self, UserRow, normal_email};
use crate::store::{Change, Engine, StoreError};

/// How long a session lives at most, in seconds: 12 hours.
const LIFE_S: i64 = 12 * 60 * 60;

/// `POST /admin/v1/sign-in`.
pub(super) async fn by_password(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Answer, ApiError> {
    let name = cookie_name(&state)?;
    let [email, given] = body::texts(&body::read(&headers, body).await?, ["email", "password"])?;
    let given = SecretString::from(given);
    let account_hash = account_hash(&state, &email);
    let begin = Begin {
        account_hash,
        now: state.clock.now_ms(),
    };
    if let Begun::Wait(seconds) = state.store.write(begin).await? {
        let detail = format!("Too many attempts. Try again in {seconds} seconds.");
        return Err(ApiError::new(ErrorCode::RateLimited, detail).retry_after(seconds));
    }
    let user = state
        .store
        .read(async |conn| users::find_by_email(conn, &email).await)
        .await?;
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let is_right = password::is_right(hash, given).await?;
    let user = user.filter(|_| is_right).ok_or_else(|| {
        ApiError::new(
            ErrorCode::Unauthorized,
            "The e-mail address or the password is wrong.",
        )
    })?;
    enter(&state, name, user, account_hash, None).await
}

/// `POST /admin/v1/password`: sets a password by a one-time link, and signs in.
pub(super) async fn by_link(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Answer, ApiError> {
    let name = cookie_name(&state)?;
    let [token, new] = body::texts(&body::read(&headers, body).await?, ["token", "password"])?;
    let link_hash = state.secrets.sign_in_hash(&[b"link", token.as_bytes()]);
    let now = state.clock.now_ms();
    let user = state
        .store
        .read(
            async |conn| match sign_ins::find_link(conn, link_hash, now).await? {
                Some((organization, user)) => sign_ins::find_user(conn, organization, user).await,
                None => Ok(None),
            },
        )
        .await?
        .ok_or_else(used_up)?;
    // Before the link is used up: it stays good for a better password.
    if let Some(mistake) = password::mistake(&new) {
        return Err(ApiError::validation(vec![mistake]));
    }
    let password_hash = password::hash(SecretString::from(new)).await?;
    let account_hash = account_hash(&state, &user.email);
    enter(
        &state,
        name,
        user,
        account_hash,
        Some(NewPassword {
            link_hash,
            password_hash,
        }),
    )
    .await
}

/// `POST /admin/v1/sign-out`. Without a session it does nothing, and says the same.
pub(super) async fn out(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if let Some(user) = signed_in(&state, &headers).await? {
        let end = End {
            token_hash: user.token_hash,
            now: state.clock.now_ms(),
        };
        state.store.write(end).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(name) = cookie::name(&state.public_url) {
        response
            .headers_mut()
            .insert(header::SET_COOKIE, cookie::clear(name));
    }
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        http::HeaderValue::from_static("no-store"),
    );
    Ok(response)
}

async fn enter(
    state: &AppState,
    name: &str,
    user: UserRow,
    account_hash: [u8; 32],
    password: Option<NewPassword>,
) -> Result<Answer, ApiError> {
    let token = URL_SAFE_NO_PAD.encode(state.clock.random::<32>());
    let now = state.clock.now_ms();
    let change = Enter {
        row: SignInRow {
            token_hash: signed_in::token_hash(state, &token),
            user: user.id,
            organization: user.organization,
            created_at: now,
            last_seen_at: now,
            expires_at: now + LIFE_S * 1_000,
            revoked_at: None,
        },
        account_hash,
        password,
    };
    if !state.store.write(change).await? {
        return Err(used_up());
    }
    let document = object! {
        "user": object! { "id": user.id.to_string(), "email": user.email, "role": user.role.as_str() },
    };
    Ok(Answer::ok(document).with(header::SET_COOKIE, cookie::set(name, &token, LIFE_S)))
}

fn cookie_name(state: &AppState) -> Result<&'static str, ApiError> {
    cookie::name(&state.public_url).ok_or_else(|| {
        ApiError::new(
            ErrorCode::Forbidden,
            "Signing in needs https: over plain http anyone on the way could read the password. Set the public URL to \
             an https address, or use the dashboard on the server's own machine.",
        )
    })
}

fn account_hash(state: &AppState, email: &str) -> [u8; 32] {
    state
        .secrets
        .sign_in_hash(&[b"account", normal_email(email).as_bytes()])
}

fn used_up() -> ApiError {
    ApiError::new(
        ErrorCode::Unauthorized,
        "This link has expired or was used already. Ask for a new one.",
    )
}

struct NewPassword {
    link_hash: [u8; 32],
    password_hash: String,
}

/// Lets a user in: the link used up and the password set, if so, the failures forgotten and the session there, or
/// nothing of it.
struct Enter {
    row: SignInRow,
    account_hash: [u8; 32],
    password: Option<NewPassword>,
}

impl Change for Enter {
    /// Whether the link was still good.
    type Outcome = bool;

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<bool, StoreError> {
        let Self {
            row,
            account_hash,
            password,
        } = self;
        let now = row.created_at;
        if let Some(new) = password {
            if !sign_ins::use_link(conn, new.link_hash, now).await? {
                return Ok(false);
            }
            sign_ins::set_password(conn, row.organization, row.user, &new.password_hash, now)
                .await?;
        }
        sign_ins::forget_failures(conn, account_hash, now - FORGOTTEN_MS).await?;
        sign_ins::insert(conn, &row).await?;
        Ok(true)
    }
}

struct End {
    token_hash: [u8; 32],
    now: i64,
}

impl Change for End {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        sign_ins::revoke(conn, self.token_hash, self.now).await
    }
}
