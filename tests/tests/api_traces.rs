//! Traces: a real collector, which reads what the server sends.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode as SpanStatus;
use prost::Message as _;
use serde_json::json;
use vouchkey_tests::admin::happened;
use vouchkey_tests::api::{SESSIONS, invitation_to};
use vouchkey_tests::program::Installation;
use vouchkey_tests::smtp::Smtp;
use vouchkey_tests::wait;

/// Takes spans, or answers that it does not.
struct Collector {
    address: String,
    taken: Arc<Mutex<Vec<Bytes>>>,
    answer: Arc<Mutex<StatusCode>>,
}

type Shared = (Arc<Mutex<Vec<Bytes>>>, Arc<Mutex<StatusCode>>);

impl Collector {
    async fn start() -> Self {
        let taken = Arc::<Mutex<Vec<Bytes>>>::default();
        let answer = Arc::new(Mutex::new(StatusCode::OK));
        let router = Router::new()
            .route("/otlp/v1/traces", post(take))
            .with_state((Arc::clone(&taken), Arc::clone(&answer)));
        let Ok(listener) = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await else {
            panic!("there should be a free port");
        };
        let address = listener.local_addr().map(|address| address.to_string());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            address: address.unwrap_or_default(),
            taken,
            answer,
        }
    }

    /// An installation that sends its spans here as they end, so that none has to wait for the end of its server, which
    /// waits for few.
    fn feeds(&self, installation: Installation) -> Installation {
        installation
            .with("VOUCHKEY_OTLP_ENDPOINT", self.endpoint())
            // How often spans are sent, as the OpenTelemetry specification names it, in milliseconds.
            .with("OTEL_BSP_SCHEDULE_DELAY", "50")
    }

    /// Waits until so many spans of these names have come.
    async fn has(&self, count: usize, name: &str) {
        wait::until(&format!("{count} of {name}"), async || {
            (named(&self.spans().0, name).len() >= count).then_some(())
        })
        .await;
    }

    fn endpoint(&self) -> String {
        format!("http://{}/otlp", self.address)
    }

    fn bodies(&self) -> Vec<Bytes> {
        held(&self.taken).clone()
    }

    /// All spans so far, and the attributes of the program that sent them.
    fn spans(&self) -> (Vec<Span>, Vec<KeyValue>) {
        let (mut spans, mut resource) = (Vec::new(), Vec::new());
        for body in self.bodies() {
            let Ok(request) = ExportTraceServiceRequest::decode(body) else {
                panic!("a body should be OTLP");
            };
            for part in request.resource_spans {
                resource.extend(part.resource.into_iter().flat_map(|from| from.attributes));
                spans.extend(part.scope_spans.into_iter().flat_map(|scope| scope.spans));
            }
        }
        (spans, resource)
    }
}

async fn take(State((taken, answer)): State<Shared>, body: Bytes) -> StatusCode {
    let answer = *held(&answer);
    if answer.is_success() {
        held(&taken).push(body);
    }
    answer
}

fn attribute(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match &found.value {
        Some(AnyValue {
            value: Some(Value::StringValue(text)),
        }) => Some(text.clone()),
        Some(AnyValue {
            value: Some(Value::IntValue(number)),
        }) => Some(number.to_string()),
        other => panic!("{name} is {other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn held<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

#[tokio::test]
async fn a_creation_is_a_part_of_its_callers_trace_and_shows_each_step() {
    let collector = Collector::start().await;
    let smtp = Smtp::start();
    let installation = collector.feeds(Installation::mailing_through(&smtp.url()).await);
    let key = installation.key("sandbox", &[]).await;
    let server = installation.serve().await;
    server.owner(&installation).await;
    let api = server.api(&key);
    let session = api
        .creation(&invitation_to("canary-applicant@example.com"))
        .once("canary-key")
        .header("traceparent", &format!("00-{TRACE}-{CALLER}-01"))
        .header("tracestate", "vendor=canary-state")
        .send()
        .await
        .expect_status(201)
        .json();
    happened(&server, &session["id"], "invitation.sent").await;
    collector.has(1, "POST /api/v1/sessions").await;
    collector.has(1, "deliver invitation").await;
    assert_eq!(server.stop().await, Some(0));

    let (spans, resource) = collector.spans();
    assert_eq!(
        attribute(&resource, "service.name").as_deref(),
        Some("vouchkey")
    );
    let [request] = named(&spans, "POST /api/v1/sessions")[..] else {
        panic!("{spans:#?}");
    };
    assert_eq!(
        (hex(&request.trace_id), hex(&request.parent_span_id)),
        (TRACE.to_owned(), CALLER.to_owned())
    );
    assert_eq!(request.kind(), SpanKind::Server);
    for (name, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/api/v1/sessions"),
        ("http.response.status_code", "201"),
    ] {
        assert_eq!(
            attribute(&request.attributes, name).as_deref(),
            Some(value),
            "{name}"
        );
    }
    for step in [
        "read", "parse", "decide", "write", "queue", "apply", "commit", "answer",
    ] {
        let found = named(&spans, step)
            .into_iter()
            .find(|span| span.trace_id == request.trace_id);
        let step = found.unwrap_or_else(|| panic!("no step {step}: {spans:#?}"));
        assert!(
            request.start_time_unix_nano <= step.start_time_unix_nano
                && step.end_time_unix_nano <= request.end_time_unix_nano,
            "{step:?} of {request:?}"
        );
        let is_within = spans
            .iter()
            .any(|span| span.span_id == step.parent_span_id && span.trace_id == step.trace_id);
        assert!(is_within, "{step:?}");
    }
    let [delivery] = named(&spans, "deliver invitation")[..] else {
        panic!("{spans:#?}");
    };
    assert_ne!(delivery.trace_id, request.trace_id);
    assert!(delivery.parent_span_id.is_empty());
    assert_eq!(
        attribute(&delivery.attributes, "vouchkey.outcome").as_deref(),
        Some("sent")
    );
    assert_eq!(
        attribute(&delivery.attributes, "vouchkey.attempt").as_deref(),
        Some("1")
    );
}

/// Every name that an attribute may have: whatever else there is comes from no closed list.
const ATTRIBUTES: [&str; 9] = [
    "busy_ns",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "idle_ns",
    "level",
    "vouchkey.attempt",
    "vouchkey.outcome",
    "vouchkey.reason",
];

#[tokio::test]
async fn nothing_of_a_caller_goes_to_the_collector() {
    let collector = Collector::start().await;
    let smtp = Smtp::start();
    smtp.answer_recipient(
        "canary-refused@example.com",
        "550 canary-refused@example.com unknown",
    );
    let installation = collector
        .feeds(Installation::mailing_through(&smtp.url()).await)
        // Not even if the log says everything.
        .with("RUST_LOG", "trace");
    let key = installation.key("sandbox", &[]).await;
    let server = installation.serve().await;
    server.owner(&installation).await;
    let api = server.api(&key);
    let mut body = invitation_to("canary-refused@example.com");
    body["metadata"] = json!({"canarykey": "canary-metadata"});
    body["external_ref"] = json!("canary-ref");
    body["applicant_name"] = json!("Canary Applicantname");
    let session = api
        .creation(&body)
        .once("canary-key")
        .header("traceparent", &format!("00-{TRACE}-{CALLER}-01"))
        .header("tracestate", "vendor=canary-state")
        .header("baggage", "user=canary-baggage")
        .header("user-agent", "canary-agent")
        .header("x-request-id", "canary-request")
        .send()
        .await
        .expect_status(201)
        .json();
    happened(&server, &session["id"], "invitation.failed").await;
    let capture = session["capture_url"].as_str().unwrap();
    let token = capture.rsplit('/').next().unwrap();
    let nobody = server.stranger();
    nobody
        .get(&format!("/verify/{token}"))
        .await
        .expect_status(200);
    nobody.get("/canary-path?canary-query=1").await;
    api.call("CANARYVERB", SESSIONS).send().await;
    api.create(&json!({"country": "canary-country"}))
        .await
        .expect_status(422);
    // What is no trace begins a new one.
    api.call("GET", SESSIONS)
        .header("traceparent", "canary-traceparent")
        .send()
        .await
        .expect_status(200);
    collector.has(1, "deliver invitation").await;
    // The last that was asked for.
    collector.has(1, "GET /api/v1/sessions").await;
    assert_eq!(server.stop().await, Some(0));

    let (spans, _) = collector.spans();
    let names: BTreeSet<&str> = spans
        .iter()
        .flat_map(|span| &span.attributes)
        .map(|attribute| attribute.key.as_str())
        .collect();
    for name in &names {
        assert!(ATTRIBUTES.contains(name), "{name} in {names:?}");
    }
    let [delivery] = named(&spans, "deliver invitation")[..] else {
        panic!("{spans:#?}");
    };
    assert_eq!(
        attribute(&delivery.attributes, "vouchkey.reason").as_deref(),
        Some("recipient_refused")
    );
    assert_eq!(delivery.status.as_ref().unwrap().code(), SpanStatus::Error);
    let [listing] = named(&spans, "GET /api/v1/sessions")[..] else {
        let names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
        panic!("{names:?}");
    };
    assert!(listing.parent_span_id.is_empty() && hex(&listing.trace_id) != TRACE);
    let sent = collector.bodies().concat();
    let sent = String::from_utf8_lossy(&sent).to_lowercase();
    let id = session["id"].as_str().unwrap();
    for word in [
        "canary",
        token,
        id,
        key.secret.as_str(),
        key.id.as_str(),
        "127.0.0.1",
    ] {
        assert!(!sent.contains(&word.to_lowercase()), "{word} was sent");
    }
}

#[tokio::test]
async fn a_collector_that_is_away_hinders_nobody_and_is_told_once() {
    let collector = Collector::start().await;
    *held(&collector.answer) = StatusCode::SERVICE_UNAVAILABLE;
    let installation = collector.feeds(Installation::new().await);
    let key = installation.key("sandbox", &[]).await;
    let server = installation.serve().await;
    let api = server.api(&key);
    let told =
        |server: &vouchkey_tests::program::Server, text: &str| server.logs().matches(text).count();
    let (dropped, again) = ("does not take spans", "takes spans again");
    wait::until("the trouble to be told", async || {
        api.get(SESSIONS).await.expect_status(200);
        (told(&server, dropped) == 1).then_some(())
    })
    .await;
    *held(&collector.answer) = StatusCode::OK;
    wait::until("its end to be told", async || {
        api.get(SESSIONS).await.expect_status(200);
        (told(&server, again) == 1).then_some(())
    })
    .await;
    assert_eq!(told(&server, dropped), 1);
    assert!(!collector.bodies().is_empty());
    assert_eq!(server.stop().await, Some(0));

    // Nobody listens there at all.
    let nobody = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let installation = installation.with("VOUCHKEY_OTLP_ENDPOINT", format!("http://{address}"));
    let server = installation.serve().await;
    server.api(&key).get(SESSIONS).await.expect_status(200);
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test]
async fn the_callers_or_the_operators_sampling_is_kept() {
    let collector = Collector::start().await;
    let mut installation = collector.feeds(Installation::new().await);
    let key = installation.key("sandbox", &[]).await;
    for (sampler, parent, spans) in [
        ("parentbased_always_on", None, 1),
        ("parentbased_always_on", Some("01"), 1),
        ("parentbased_always_on", Some("00"), 0),
        ("parentbased_always_off", None, 0),
    ] {
        // The last of them counts.
        installation = installation.with("OTEL_TRACES_SAMPLER", sampler);
        let server = installation.serve().await;
        let call = server.api(&key).call("GET", SESSIONS);
        let call = match parent {
            Some(flags) => call.header("traceparent", &format!("00-{TRACE}-{CALLER}-{flags}")),
            None => call,
        };
        call.send().await.expect_status(200);
        collector.has(spans, "GET /api/v1/sessions").await;
        assert_eq!(server.stop().await, Some(0));
        let found = named(&collector.spans().0, "GET /api/v1/sessions").len();
        assert_eq!(found, spans, "{sampler}, {parent:?}");
        held(&collector.taken).clear();
    }
}
