//! What the server measures of itself, for Prometheus.
//!
//! Each part counts what it does in values of its own ([`HttpMetrics`], [`StoreMetrics`], [`OutboxMetrics`]); here they
//! are named, and [`page`] shows them on a listener of their own. Labels come from closed lists of this program (routes
//! as templates, methods, codes), never from what a caller sent.

mod http;
mod outbox;
pub mod page;
#[cfg(target_os = "linux")]
mod process;
mod store;
#[cfg(test)]
mod tests;

use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

pub use http::{ConnectionMetrics, HttpMetrics, known_method};
pub use outbox::OutboxMetrics;
pub use store::StoreMetrics;

/// Bounds of durations, in seconds: from what a cached answer takes to what nobody waits for.
const DURATIONS: [f64; 14] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

/// All that is measured, named.
#[derive(Debug)]
pub struct Metrics {
    /// Requests and connections.
    pub http: HttpMetrics,
    /// Deliveries.
    pub outbox: OutboxMetrics,
    gauges: page::Gauges,
    registry: Registry,
}

impl Metrics {
    /// Names what this server measures. The store measures from its opening on.
    pub fn new(of_store: &StoreMetrics) -> Self {
        let mut registry = Registry::default();
        #[cfg(target_os = "linux")]
        registry.register_collector(Box::new(process::Process {
            started_at: crate::clock::Clock::system().now_ms(),
        }));
        let ours = registry.sub_registry_with_prefix("vouchkey");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        ours.register("build", "The program that runs", build);
        let (http, outbox) = (HttpMetrics::default(), OutboxMetrics::default());
        let gauges = page::Gauges::default();
        http.register(ours);
        of_store.register(ours);
        outbox.register(ours);
        gauges.register(ours);
        Self {
            http,
            outbox,
            gauges,
            registry,
        }
    }
}

/// Registers a duration in seconds.
fn register_seconds(
    registry: &mut Registry,
    name: &str,
    help: &str,
    metric: impl prometheus_client::registry::Metric,
) {
    registry.register_with_unit(name, help, Unit::Seconds, metric);
}
