//! Builds the parts once, wires the router, starts the workers, and shuts down in order.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config::{Config, PublicUrl};
use crate::http::directory::Directory;
use crate::http::last_used::LastUsed;
use crate::http::listen::{self, Lanes, Limits};
use crate::http::rate_limit::Buckets;
use crate::http::{self, idempotency};
use crate::metrics::{self, Metrics};
use crate::store::Store;
use crate::vault::{ServerSecrets, Vault};
use crate::{admin, capture, dashboard, health, outbox, sessions, upkeep};

/// How long a graceful stop waits for connections and for work.
const STOP_TIME: Duration = Duration::from_secs(30);

/// The parts of the server, shared by all handlers and workers.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

/// What [`AppState`] shares.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// What seals personal data.
    pub vault: Vault,
    /// The server's other secrets.
    pub secrets: ServerSecrets,
    /// Time and randomness.
    pub clock: Clock,
    /// All settings.
    pub config: Config,
    /// What every link is built from.
    pub public_url: PublicUrl,
    /// Keys, organizations and origins, remembered for a second.
    pub directory: Directory,
    /// The rate limits of requests and creations.
    pub rate_limits: RateLimits,
    /// When keys were last used.
    pub last_used: LastUsed,
    /// The keyed requests that are running.
    pub running: idempotency::Running,
    /// The work of requests; a graceful stop waits for it.
    pub tasks: TaskTracker,
    /// Tells the outbox that something is due.
    pub outbox_wake: tokio::sync::Notify,
    /// What is measured.
    pub metrics: Metrics,
    /// Whether the database takes writes.
    pub readiness: health::Readiness,
}

/// The buckets of all callers.
#[derive(Debug)]
pub struct RateLimits {
    /// Requests, taken at the edge.
    pub requests: Buckets,
    /// Creations, taken just before the write.
    pub creations: Buckets,
    /// Creations by publishable keys.
    pub publishable_creations: Buckets,
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl std::fmt::Debug for AppState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppState")
    }
}

/// The server, ready to run.
#[derive(Debug)]
pub struct App {
    /// Its parts.
    pub state: AppState,
}

/// What the server is built from.
pub struct Foundation {
    /// All settings.
    pub config: Config,
    /// What every link is built from: configured, or the address that was bound.
    pub public_url: PublicUrl,
    /// The database, open and migrated.
    pub store: Store,
    /// What seals personal data.
    pub vault: Vault,
    /// The server's other secrets.
    pub secrets: ServerSecrets,
    /// Time and randomness.
    pub clock: Clock,
}

/// Builds the server.
pub fn build(foundation: Foundation) -> App {
    let Foundation {
        config,
        public_url,
        store,
        vault,
        secrets,
        clock,
    } = foundation;
    let rate_limits = RateLimits {
        requests: Buckets::new(config.limits.requests_per_minute),
        creations: Buckets::new(config.limits.creates_per_minute),
        publishable_creations: Buckets::new(config.limits.publishable_creates_per_minute),
    };
    let parts = Parts {
        metrics: Metrics::new(store.metrics()),
        store,
        vault,
        secrets,
        clock,
        config,
        public_url,
        directory: Directory::default(),
        rate_limits,
        last_used: LastUsed::default(),
        running: idempotency::Running::new(idempotency::WAIT),
        tasks: TaskTracker::new(),
        outbox_wake: tokio::sync::Notify::new(),
        readiness: health::Readiness::default(),
    };
    App {
        state: AppState(Arc::new(parts)),
    }
}

impl App {
    /// All routes of the server.
    pub fn router(&self) -> Router {
        let routes = Router::new()
            .merge(sessions::router())
            .merge(capture::router())
            .merge(admin::router())
            .merge(dashboard::router())
            .merge(health::router());
        http::layer(routes, &self.state)
    }

    /// Serves until told to stop, then finishes in order: no new connections, the requests that are
    /// running, their work, the workers, the metrics on their own listener, the database.
    pub async fn run(
        self,
        listener: TcpListener,
        metrics: Option<TcpListener>,
        lanes: Lanes,
        stop: CancellationToken,
    ) {
        let workers = TaskTracker::new();
        let stop_workers = CancellationToken::new();
        workers.spawn(upkeep::run(self.state.clone(), stop_workers.clone()));
        workers.spawn(outbox::run(self.state.clone(), stop_workers.clone()));
        if let Some(listener) = metrics {
            let stop = stop_workers.clone();
            workers.spawn(metrics::page::serve(listener, self.state.clone(), stop));
        }
        workers.close();
        let router = self.router();
        let connections = self.state.metrics.http.connections.clone();
        let stopping = async {
            stop.cancelled().await;
            tokio::time::sleep(STOP_TIME).await;
        };
        tokio::select! {
            () = listen::serve(listener, router, Limits::default(), connections, &lanes, stop.clone()) => {}
            () = stopping => tracing::warn!("connections that did not end in time are closed"),
        }
        self.state.tasks.close();
        if tokio::time::timeout(STOP_TIME, self.state.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("work that did not end in time is given up");
        }
        stop_workers.cancel();
        if tokio::time::timeout(STOP_TIME, workers.wait())
            .await
            .is_err()
        {
            tracing::warn!("a worker did not end in time");
        }
        if tokio::time::timeout(STOP_TIME, self.state.store.close())
            .await
            .is_err()
        {
            tracing::warn!("the database did not close in time");
        }
        // The last: work that requests left behind runs on them.
        drop(lanes);
    }
}
