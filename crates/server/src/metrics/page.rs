//! `/metrics`, on a listener of its own: what is counted as it happens, and what is looked up at each look. Whether the
//! server lives is told there too, where a crowd at the other listener is in nobody's way.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{ConnectionMetrics, register_seconds};
use crate::app::AppState;
use crate::health;
use crate::http::answering;
use crate::http::listen::{self, Lanes, Limits};
use crate::store::outbox::{self, Waiting};

/// Those who look at the metrics are few.
const CONNECTIONS: usize = 16;

/// What is set at each look.
#[derive(Debug, Default)]
pub(super) struct Gauges {
    is_up: Gauge,
    waiting_writes: Gauge,
    readers: Gauge,
    idle_readers: Gauge,
    outbox: Family<OutboxLabels, Gauge>,
    outbox_age: Family<KindLabels, Gauge>,
    /// One look at a time: another would read what this one has half set.
    looking: Mutex<()>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutboxLabels {
    kind: String,
    state: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: String,
}

impl Gauges {
    pub(super) fn register(&self, registry: &mut Registry) {
        let plain = [
            (
                "store_up",
                "Whether the database could be read at this look",
                &self.is_up,
            ),
            (
                "store_waiting_writes",
                "Writes that wait for the writer; from 1,024 on they are refused",
                &self.waiting_writes,
            ),
            ("store_readers", "Connections for reading", &self.readers),
            (
                "store_idle_readers",
                "Connections for reading that nobody uses",
                &self.idle_readers,
            ),
        ];
        for (name, help, gauge) in plain {
            registry.register(name, help, gauge.clone());
        }
        registry.register(
            "outbox_deliveries",
            "Deliveries in the database that wait (pending, leased) or were given up (dead)",
            self.outbox.clone(),
        );
        register_seconds(
            registry,
            "outbox_oldest_pending_age",
            "Age of the oldest delivery that waits, 0 if none does",
            self.outbox_age.clone(),
        );
    }

    fn set(&self, waiting: &[Waiting], now: i64) {
        self.outbox.clear();
        self.outbox_age.clear();
        for kind in outbox::KINDS {
            let mut oldest = now;
            for state in outbox::OPEN_STATES {
                let found = waiting
                    .iter()
                    .find(|found| found.kind == kind && found.state == state);
                if state != "dead" {
                    oldest = found.map_or(oldest, |found| oldest.min(found.oldest_at));
                }
                let labels = OutboxLabels {
                    kind: kind.to_owned(),
                    state: state.to_owned(),
                };
                self.outbox
                    .get_or_create(&labels)
                    .set(found.map_or(0, |found| found.count));
            }
            let labels = KindLabels {
                kind: kind.to_owned(),
            };
            self.outbox_age
                .get_or_create(&labels)
                .set((now - oldest) / 1_000);
        }
    }
}

/// Shows the metrics until told to stop.
pub async fn serve(listener: TcpListener, state: AppState, stop: CancellationToken) {
    let router = router(&state);
    let limits = Limits {
        connections: CONNECTIONS,
        ..Limits::default()
    };
    let metrics = ConnectionMetrics::default();
    listen::serve(listener, router, limits, metrics, &Lanes::here(), stop).await;
}

/// What is at the listener.
pub(super) fn router(state: &AppState) -> Router {
    Router::new()
        .route("/metrics", get(page))
        .with_state(state.clone())
        .merge(answering(health::router(), state))
}

async fn page(State(state): State<AppState>) -> Response {
    match text(&state).await {
        Ok(text) => {
            let form = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, form)], text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// All metrics as they are now, in the text form of `OpenMetrics`.
///
/// # Errors
/// None is known: writing to a string cannot fail.
pub async fn text(state: &AppState) -> Result<String, std::fmt::Error> {
    let gauges = &state.metrics.gauges;
    let _alone = gauges.looking.lock().await;
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    gauges
        .waiting_writes
        .set(count(state.store.waiting_writes()));
    let (open, idle) = state.store.reader_connections();
    gauges.readers.set(i64::from(open));
    gauges.idle_readers.set(count(idle));
    match state.store.read(outbox::waiting).await {
        Ok(waiting) => {
            gauges.is_up.set(1);
            gauges.set(&waiting, state.clock.now_ms());
        }
        Err(error) => {
            tracing::warn!(%error, "the metrics of the outbox could not be read");
            gauges.is_up.set(0);
            // Old figures would look like new ones.
            gauges.outbox.clear();
            gauges.outbox_age.clear();
        }
    }
    let mut text = String::new();
    encode(&mut text, &state.metrics.registry)?;
    Ok(text)
}
