//! Verification sessions: the use cases of the API, a file an endpoint.

pub mod capture_url;
pub mod create;
pub mod decide;
pub mod dry_run;
pub mod get;
pub mod invitation;
pub mod list;
#[cfg(test)]
mod redaction_tests;
pub mod sealed;
pub mod view;

use axum::Router;
use axum::routing::{get, post};

use crate::app::AppState;
use crate::http::endpoint::handle;

/// The routes of this module.
pub fn router() -> Router<AppState> {
    Router::new()
        .route(
            "/api/v1/sessions",
            post(handle::<create::CreateSessionEndpoint>).get(handle::<list::ListSessions>),
        )
        .route("/api/v1/sessions/{id}", get(handle::<get::GetSession>))
}
