//! What the dashboard alone needs, by cookie: signing in, who is signed in, and what the API does not show.
//!
//! A request that changes something must come from the dashboard's own pages (tower-http's `csrf` layer) and carry
//! JSON; reading changes nothing.

mod body;
mod cookie;
mod mailbox;
mod me;
mod password;
mod session;
mod sign_in;
mod signed_in;
#[cfg(test)]
mod tests;
mod throttle;
mod turn;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use tower_http::csrf::{CsrfLayer, ProtectionError};
use vouchkey_types::problem::ErrorCode;

use crate::app::AppState;
use crate::http::ApiError;

pub use signed_in::{IDLE_MS, SignedIn, signed_in};
pub use throttle::FORGOTTEN_MS;

/// The routes under `/admin/v1`.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/admin/v1/sign-in", post(sign_in::by_password))
        .route("/admin/v1/password", post(sign_in::by_link))
        .route("/admin/v1/sign-out", post(sign_in::out))
        .route("/admin/v1/me", get(me::show))
        .route("/admin/v1/sessions/{id}", get(session::show))
        .route("/admin/v1/mailbox", get(mailbox::list))
        .route("/admin/v1/mailbox/{id}", get(mailbox::show))
        .route("/admin/v1/mailbox/{id}/html", get(mailbox::html))
        .layer(
            CsrfLayer::new().with_rejection_response(|_: ProtectionError| {
                ApiError::new(
                    ErrorCode::Forbidden,
                    "This is taken from the dashboard's own pages only.",
                )
                .into_response()
            }),
        )
}
