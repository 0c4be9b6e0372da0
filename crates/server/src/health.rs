//! Whether the server lives (`/healthz`), and whether it can work (`/readyz`).

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use tokio::sync::Mutex;
use vouchkey_types::object;

use crate::app::AppState;
use crate::http::{Answer, ApiError};
use crate::store::upkeep::Probe;
use crate::store::{Store, StoreError, organizations};

/// How long an answer of the database counts. Anybody may ask for it, and a write waits for the disk.
const COUNTS: Duration = Duration::from_secs(1);

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
    state.readiness.ask(&state.store).await?;
    Ok(Answer::ok(object! { "status": "ready" }))
}

/// What the database answered last, and when.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<Option<(Instant, Result<(), StoreError>)>>);

impl Readiness {
    /// Whether the database can be read and takes a write, within the last second. Those who ask at the same time wait
    /// for one answer.
    ///
    /// # Errors
    /// Those of the database.
    async fn ask(&self, store: &Store) -> Result<(), StoreError> {
        let mut last = self.0.lock().await;
        if let Some((at, answer)) = &*last
            && at.elapsed() < COUNTS
        {
            return answer.clone();
        }
        let answer = probe(store).await;
        *last = Some((Instant::now(), answer.clone()));
        answer
    }
}

async fn probe(store: &Store) -> Result<(), StoreError> {
    store
        .read(async |conn| organizations::oldest(conn, 1).await)
        .await?;
    store.write(Probe).await
}
