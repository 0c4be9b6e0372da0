//! The hosted pages behind a capture URL.
//!
//! Opening a link changes nothing but the timeline, and *Start* may be pressed any number of times: mail scanners and
//! previews open links, and some press buttons (decision 12).

pub mod accent;
mod look_up;
mod page;
#[cfg(test)]
mod tests;
mod visits;

use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{Method, Uri};
use axum::response::Response;
use axum::routing::{any, get, post};
use axum::{Extension, Router};

use crate::app::AppState;
use look_up::look_up;
use page::Standing;
use visits::{Seen, Visits};

/// The routes. None of them is logged by more than its template.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/verify/{token}", get(open).fallback(wrong_method))
        .route(
            "/verify/{token}/start",
            post(start).get(back).fallback(wrong_method),
        )
        .route(
            "/verify/{token}/brand.css",
            get(brand_css).fallback(wrong_method),
        )
        .route("/verify", any(nowhere))
        .route("/verify/", any(nowhere))
        .route("/verify/{token}/", any(nowhere))
        .route("/verify/{token}/{*rest}", any(nowhere))
        .route("/verify//", any(nowhere))
        .route("/verify//{*rest}", any(nowhere))
        .layer(Extension(Visits::default()))
}

/// The token in the address. What is not even text is as unknown as any other that we did not make.
struct Token(String);

impl<S: Send + Sync> FromRequestParts<S> for Token {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(token)) => Ok(Self(token)),
            Err(_) => Err(page::unknown()),
        }
    }
}

async fn open(
    State(state): State<AppState>,
    Extension(visits): Extension<Visits>,
    method: Method,
    Token(token): Token,
) -> Response {
    match look_up(&state, &token).await {
        Ok(Some(found)) => {
            if method == Method::GET {
                visits.note(&state, &found, Seen::Visit);
            }
            page::known(&token, &found.asker, found.standing, state.clock.now_ms())
        }
        Ok(None) => page::unknown(),
        Err(trouble) => page::trouble(trouble),
    }
}

async fn start(
    State(state): State<AppState>,
    Extension(visits): Extension<Visits>,
    Token(token): Token,
) -> Response {
    match look_up(&state, &token).await {
        Ok(Some(found)) => {
            let standing = match found.standing {
                Standing::Pending { expires_at } => {
                    visits.note(&state, &found, Seen::Start);
                    Standing::Started { expires_at }
                }
                other => other,
            };
            page::known(&token, &found.asker, standing, state.clock.now_ms())
        }
        Ok(None) => page::unknown(),
        Err(trouble) => page::trouble(trouble),
    }
}

/// A tab that the browser restores, and an address that was copied after *Start*, begin at the link itself.
async fn back(uri: Uri) -> Response {
    // As it was sent, so that it is a path below /verify and sound in a header.
    let path = uri.path();
    page::to_link(path.strip_suffix("/start").unwrap_or(path))
}

/// A page for programs too: the address may hold a token that lives, and no answer may give it away.
async fn nowhere() -> Response {
    page::unknown()
}

/// `Allow` is added to it.
async fn wrong_method() -> Response {
    page::wrong_method()
}

async fn brand_css(State(state): State<AppState>, Token(token): Token) -> Response {
    match look_up(&state, &token).await {
        Ok(Some(found)) => page::brand_css(&found.asker),
        Ok(None) => page::unknown(),
        Err(trouble) => page::trouble(trouble),
    }
}
