//! Requests and connections.

use std::time::Duration;

use axum::extract::MatchedPath;
use axum::response::Response;
use http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::{DURATIONS, register_seconds};
use crate::http::answer::Document;
use crate::http::idempotency;

/// What is measured of requests.
#[derive(Debug, Clone)]
pub struct HttpMetrics {
    /// The connections that carry them.
    pub connections: ConnectionMetrics,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    refusals: Family<RefusalLabels, Counter>,
    replays: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: &'static str,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    error: &'static str,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        Self {
            connections: ConnectionMetrics::default(),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(DURATIONS)),
            in_flight: Gauge::default(),
            refusals: Family::default(),
            replays: Counter::default(),
        }
    }
}

impl HttpMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "http_requests",
            "Requests that were answered, by the class of the status",
            self.requests.clone(),
        );
        register_seconds(
            registry,
            "http_request_duration",
            "Time from a request's headers to its answer",
            self.durations.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests that are being answered",
            self.in_flight.clone(),
        );
        registry.register(
            "http_refusals",
            "Answers in the error shape, by their code",
            self.refusals.clone(),
        );
        registry.register(
            "idempotent_replays",
            "Requests that were answered with the stored answer of an earlier one",
            self.replays.clone(),
        );
        registry.register(
            "http_connections",
            "Connections that are open",
            self.connections.open.clone(),
        );
        registry.register(
            "http_connections_refused",
            "Connections that were refused because too many were open",
            self.connections.refused.clone(),
        );
    }

    /// A request begins; it ends when this is dropped, answered or not.
    #[must_use]
    pub fn begin(&self) -> Open {
        Open::new(&self.in_flight)
    }

    /// Counts an answer whose document is not yet written.
    pub fn answered(
        &self,
        method: &Method,
        route: Option<&MatchedPath>,
        response: &Response,
        took: Duration,
    ) {
        let method = known_method(method);
        // Anything else that was asked for is one route: paths hold tokens, and there is no end of them.
        let route = route.map_or("none", MatchedPath::as_str);
        self.requests
            .get_or_create(&RequestLabels {
                method,
                route: route.to_owned(),
                status: class(response.status()),
            })
            .inc();
        self.durations
            .get_or_create(&RouteLabels {
                method,
                route: route.to_owned(),
            })
            .observe(took.as_secs_f64());
        if let Some(Document::Problem(problem)) = response.extensions().get() {
            let error = problem.error.as_str();
            self.refusals.get_or_create(&RefusalLabels { error }).inc();
        }
        if response.headers().contains_key(idempotency::REPLAYED) {
            self.replays.inc();
        }
    }
}

/// What is measured of connections.
#[derive(Debug, Clone, Default)]
pub struct ConnectionMetrics {
    open: Gauge,
    refused: Counter,
}

impl ConnectionMetrics {
    /// A connection begins; it ends when this is dropped.
    #[must_use]
    pub fn begin(&self) -> Open {
        Open::new(&self.open)
    }

    /// Counts a connection that was refused.
    pub fn refused(&self) {
        self.refused.inc();
    }
}

/// Something that is counted while it lasts.
#[derive(Debug)]
pub struct Open(Gauge);

impl Open {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A method, of which a caller may invent any number; those that are not known have one name.
pub fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
        _ => "1xx",
    }
}
