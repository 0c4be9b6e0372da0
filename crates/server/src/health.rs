//! Whether the server lives (`/healthz`), and whether it can work (`/readyz`).

use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use tokio::sync::Mutex;
use vouchkey_types::object;
use vouchkey_types::problem::ErrorCode;

use crate::app::AppState;
use crate::http::{Answer, ApiError};
use crate::room::{self, Room};
use crate::store::upkeep::Probe;
use crate::store::{Store, StoreError, organizations};

/// How long an answer counts. Anybody may ask for it, and a write waits for the disk.
const COUNTS: Duration = Duration::from_secs(1);

/// Where it is asked for.
pub const ROUTES: [&str; 2] = ["/healthz", "/readyz"];

/// The routes of this module.
pub fn router() -> Router<AppState> {
    let [lives, is_ready] = ROUTES;
    Router::new()
        .route(lives, get(healthz))
        .route(is_ready, get(readyz))
}

async fn healthz() -> Answer {
    Answer::ok(object! { "status": "ok" })
}

async fn readyz(State(state): State<AppState>) -> Result<Answer, ApiError> {
    state.readiness.ask(&state.store).await?;
    Ok(Answer::ok(object! { "status": "ready" }))
}

/// What was found last, and when.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<Option<(Instant, Result<(), NotReady>)>>);

/// Why the server cannot work.
#[derive(Debug, Clone)]
enum NotReady {
    Store(StoreError),
    /// The disk of SQLite's file is nearly full.
    LittleRoom,
}

impl From<NotReady> for ApiError {
    fn from(reason: NotReady) -> Self {
        match reason {
            NotReady::Store(error) => error.into(),
            NotReady::LittleRoom => Self::new(
                ErrorCode::Unavailable,
                format!(
                    "Less than {} MB are free on the disk of the database.",
                    room::LEAST >> 20
                ),
            )
            .retry_after(1),
        }
    }
}

impl Readiness {
    /// Whether the database can be read and takes a write, and has room for more, within the last second. Those who ask
    /// at the same time wait for one answer.
    async fn ask(&self, store: &Store) -> Result<(), NotReady> {
        let mut last = self.0.lock().await;
        if let Some((at, answer)) = &*last
            && at.elapsed() < COUNTS
        {
            return answer.clone();
        }
        let answer = match probe(store).await {
            Ok(()) => has_room(store).await,
            Err(error) => Err(NotReady::Store(error)),
        };
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

async fn has_room(store: &Store) -> Result<(), NotReady> {
    let Some(file) = store.file().map(Path::to_owned) else {
        return Ok(());
    };
    let looked = tokio::task::spawn_blocking(move || Room::at(&file)).await;
    match looked.unwrap_or_else(|_| Err(std::io::Error::other("nobody looked"))) {
        Ok(room) if room.is_short() => Err(NotReady::LittleRoom),
        Ok(_) => Ok(()),
        Err(error) => Err(NotReady::Store(StoreError::Unavailable(error.to_string()))),
    }
}
