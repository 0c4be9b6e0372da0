//! Whether the server lives (`/healthz`), and whether it can work (`/readyz`).

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use vouchkey_types::object;

use crate::app::AppState;
use crate::http::{Answer, ApiError};
use crate::store::organizations;

/// The routes of this module.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
}

async fn healthz() -> Answer {
    Answer::ok(object! { "status": "ok" })
}

async fn readyz(State(state): State<AppState>) -> Result<Answer, ApiError> {
    state
        .store
        .read(async |conn| organizations::oldest(conn, 1).await)
        .await?;
    Ok(Answer::ok(object! { "status": "ready" }))
}
