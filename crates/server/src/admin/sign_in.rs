//! Signing in and out (decision 27).

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode, header};
use secrecy::SecretString;
use sqlx::AnyConnection;
use tracing::Instrument as _;
use vouchkey_types::object;
use vouchkey_types::problem::ErrorCode;

use super::throttle::{Begin, Begun};
use super::turn::{Client, Turn};
use super::{body, cookie, password, signed_in};
use crate::app::AppState;
use crate::http::address::{self, Peer};
use crate::http::listen::Place;
use crate::http::{Answer, ApiError};
use crate::store::sign_ins::{self, SignInRow};
use crate::store::users::{self, UserRow, normal_email};
use crate::store::{Change, Engine, Reshown, StoreError};

/// How long a session lives at most, in seconds: 12 hours.
const LIFE_S: i64 = 12 * 60 * 60;

/// `POST /admin/v1/sign-in`.
pub(super) async fn by_password(
    State(state): State<AppState>,
    place: Option<Extension<Place>>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Answer, ApiError> {
    let name = cookie_name(&state)?;
    let client = client(&state, peer, &headers);
    let [email, given] = body::texts(&body::read(&headers, body).await?, ["email", "password"])?;
    let tasks = state.tasks.clone();
    // A task of its own, which keeps the connection's place: who hangs up ends no attempt and makes no room for another.
    let attempt = async move {
        let outcome = attempt(&state, client, name, email, SecretString::from(given)).await;
        drop(place);
        outcome
    };
    tasks
        .spawn(attempt.in_current_span())
        .await
        .map_err(|_| ApiError::internal(&"the task of a sign-in panicked"))?
}

async fn attempt(
    state: &AppState,
    client: Client,
    name: &str,
    email: String,
    given: SecretString,
) -> Result<Answer, ApiError> {
    let account_hash = account_hash(state, &email);
    // Before the attempt is counted: one that has to give up waiting has not failed.
    let turn = Turn::wait(client).await?;
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
    let is_right = turn.finds_right(hash.clone(), given).await?;
    let proof = hash.filter(|_| is_right).map(Proof::Password);
    let (user, proof) = user.zip(proof).ok_or_else(wrong)?;
    enter(state, name, user, account_hash, proof).await
}

/// `POST /admin/v1/password`: sets a password by a one-time link, and signs in.
pub(super) async fn by_link(
    State(state): State<AppState>,
    peer: Option<Extension<Peer>>,
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
    let turn = Turn::wait(client(&state, peer, &headers)).await?;
    let password_hash = turn.hash(SecretString::from(new)).await?;
    let account_hash = account_hash(&state, &user.email);
    let proof = Proof::Link {
        link_hash,
        password_hash,
    };
    enter(&state, name, user, account_hash, proof).await
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
    proof: Proof,
) -> Result<Answer, ApiError> {
    let refused = match proof {
        Proof::Password(_) => wrong(),
        Proof::Link { .. } => used_up(),
    };
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
        proof,
    };
    if !state.store.write(change).await? {
        return Err(refused);
    }
    let document = object! {
        "user": object! { "id": user.id.to_string(), "email": user.email, "role": user.role.as_str() },
    };
    Ok(Answer::ok(document).with(header::SET_COOKIE, cookie::set(name, &token, LIFE_S)))
}

fn client(state: &AppState, peer: Option<Extension<Peer>>, headers: &HeaderMap) -> Client {
    let Extension(peer) = peer?;
    Some(address::client(
        peer,
        headers,
        &state.config.http.trusted_proxies,
    ))
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

fn wrong() -> ApiError {
    ApiError::new(
        ErrorCode::Unauthorized,
        "The e-mail address or the password is wrong.",
    )
}

/// Why somebody is let in.
pub(super) enum Proof {
    /// The password of this hash was given.
    Password(String),
    /// By a link a password of this hash is set.
    Link {
        /// The link's.
        link_hash: [u8; 32],
        /// The new password's.
        password_hash: String,
    },
}

/// Lets a user in: the link used up and the password set, if so, the failures forgotten and the session there, or
/// nothing of it.
pub(super) struct Enter {
    pub(super) row: SignInRow,
    pub(super) account_hash: [u8; 32],
    pub(super) proof: Proof,
}

impl Change for Enter {
    /// Whether the proof still held: it was found good some time before this.
    type Outcome = bool;

    fn reshows(&self) -> Reshown {
        Reshown::None
    }

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<bool, StoreError> {
        let Self {
            row,
            account_hash,
            proof,
        } = self;
        let (organization, user, now) = (row.organization, row.user, row.created_at);
        match proof {
            Proof::Password(hash) => {
                if !sign_ins::keeps_password(conn, organization, user, &hash).await? {
                    return Ok(false);
                }
            }
            Proof::Link {
                link_hash,
                password_hash,
            } => {
                if !sign_ins::use_link(conn, link_hash, now).await? {
                    return Ok(false);
                }
                sign_ins::set_password(conn, organization, user, Some(&password_hash), now).await?;
            }
        }
        sign_ins::forget_failures(conn, account_hash).await?;
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

    fn reshows(&self) -> Reshown {
        Reshown::None
    }

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        sign_ins::revoke(conn, self.token_hash, self.now).await
    }
}
