//! What the server tells of its own work as it happens: the log, and traces where a collector is configured.
//!
//! Spans are `trace_span!`s of the target [`SPANS`]. Without a collector nobody asks for that target, and a span costs
//! a look at a number. Their attributes come from closed lists of this program, as the labels of metrics do.

mod collector;
mod endpoint;
mod json;
mod lines;
pub mod panics;

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::HeaderMap;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{SpanContext, TraceContextExt as _, TraceState, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::field::Empty;
use tracing::{Level, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use collector::Collector;
pub use endpoint::OtlpEndpoint;
pub use lines::end as end_log;

use crate::config;
use crate::store::outbox::{Ended, Leased};

/// The target of spans.
pub const SPANS: &str = "vouchkey_spans";

/// How long a stop waits until the collector has the last spans.
const LAST_SPANS: Duration = Duration::from_secs(3);

/// Whether what the server says to its operator goes into the log, since programs read that.
static TAKES_WORDS: AtomicBool = AtomicBool::new(false);

/// What has to be ended with the server.
#[derive(Debug, Default)]
pub struct Telemetry(Option<SdkTracerProvider>);

/// Begins to log to standard error, and to send spans to a collector if there is one.
///
/// # Errors
/// The exporter cannot be made.
pub fn start(endpoint: Option<&OtlpEndpoint>) -> Result<Telemetry, String> {
    lines::gather();
    TAKES_WORDS.store(!std::io::stderr().is_terminal(), Ordering::Relaxed);
    let Some(endpoint) = endpoint else {
        start_log();
        return Ok(Telemetry::default());
    };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Collector::new())
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint.traces())
        .build()
        .map_err(|error| error.to_string())?;
    let resource = Resource::builder()
        .with_service_name("vouchkey")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build();
    let spans = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("vouchkey"))
        // Where a span stands in the source, and on which thread it runs, is nothing to a collector.
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(Targets::new().with_target(SPANS, LevelFilter::TRACE));
    Registry::default().with(log()).with(spans).init();
    Ok(Telemetry(Some(provider)))
}

/// Begins to log to standard error.
pub fn start_log() {
    Registry::default().with(log()).init();
}

/// Says something to the operator of the server in a line of the log; its first word tells how grave it is. False where
/// people read: there it is to be said in plain words.
pub fn say(text: &str) -> bool {
    if !TAKES_WORDS.load(Ordering::Relaxed) {
        return false;
    }
    if text.starts_with("error:") {
        // Why a server ends is said whatever else is not to be.
        if !tracing::enabled!(Level::ERROR) {
            return false;
        }
        tracing::error!("{text}");
    } else if text.starts_with("warning:") {
        tracing::warn!("{text}");
    } else {
        tracing::info!("{text}");
    }
    true
}

/// For people where a terminal is, else a JSON object a line. `RUST_LOG` says what is logged.
fn log<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
    let filter = config::log_filter().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt::layer().with_writer(lines::Log);
    if std::io::stderr().is_terminal() {
        log.with_filter(filter).boxed()
    } else {
        log.event_format(json::JsonLines)
            .with_filter(filter)
            .boxed()
    }
}

impl Telemetry {
    /// Sends what has not been sent, for a few seconds at most.
    pub async fn stop(self) {
        let Some(provider) = self.0 else { return };
        // It waits by blocking its thread, while the exporter needs this runtime.
        let stopping = tokio::task::spawn_blocking(move || {
            if provider.shutdown_with_timeout(LAST_SPANS).is_err() {
                tracing::warn!("the last spans were not sent");
            }
        });
        let _ = stopping.await;
    }
}

/// The span of a request, a part of the caller's trace if it says which (W3C Trace Context).
pub fn request(method: &'static str, route: &str, headers: &HeaderMap) -> Span {
    let span = tracing::trace_span!(
        target: SPANS,
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
    );
    if !span.is_disabled()
        && let Some(caller) = caller(headers)
    {
        // It only fails where nobody collects spans.
        let _ = span.set_parent(caller);
    }
    span
}

/// The span from which a request comes, if it says so. Its `tracestate` is left out: it is text of the caller's, and
/// would go to the collector.
fn caller(headers: &HeaderMap) -> Option<Context> {
    let named = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
    let span = named.span();
    let named = span.span_context();
    named.is_valid().then(|| {
        Context::new().with_remote_span_context(SpanContext::new(
            named.trace_id(),
            named.span_id(),
            named.trace_flags(),
            true,
            TraceState::NONE,
        ))
    })
}

/// Notes how a request was answered.
pub fn answered(span: &Span, status: u16) {
    span.record("http.response.status_code", status);
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// The span of a step of this one.
pub fn step_of(whole: &Span, name: &'static str) -> Span {
    tracing::trace_span!(target: SPANS, parent: whole, "step", otel.name = name)
}

/// The span of an attempt at delivery; it begins a trace, since the request that queued it has ended.
pub fn delivery(lease: &Leased) -> Span {
    tracing::trace_span!(
        target: SPANS,
        parent: None,
        "delivery",
        otel.name = "deliver invitation",
        otel.kind = "producer",
        otel.status_code = Empty,
        vouchkey.attempt = lease.attempts,
        vouchkey.outcome = Empty,
        vouchkey.reason = Empty,
    )
}

/// Notes how the attempt of the current span ended.
pub fn delivered(ended: Ended) {
    let span = Span::current();
    if span.is_disabled() {
        return;
    }
    let (outcome, reason) = ended.words();
    span.record("vouchkey.outcome", outcome);
    if !reason.is_empty() {
        span.record("vouchkey.reason", reason);
    }
    if outcome == "dead" {
        span.record("otel.status_code", "ERROR");
    }
}

/// The span of a step of the current one.
pub fn step(name: &'static str) -> Span {
    tracing::trace_span!(target: SPANS, "step", otel.name = name)
}
