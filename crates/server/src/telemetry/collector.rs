//! The way to the collector: one request a connection, on the server's own runtime. Spans are sent every few seconds, so
//! that a connection that is kept would gain nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{HOST, HeaderValue};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use opentelemetry_http::{HttpClient, HttpError};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::timeout;

/// Time for one batch of spans.
const PATIENCE: Duration = Duration::from_secs(5);
/// What is read of an answer, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// Sends batches of spans.
#[derive(Debug)]
pub(super) struct Collector {
    /// The exporter has a thread of its own, which knows no runtime.
    runtime: Handle,
    /// Whether the last batch was refused or lost: said once, not every few seconds.
    is_away: AtomicBool,
}

impl Collector {
    /// Within a runtime.
    pub(super) fn new() -> Self {
        Self {
            runtime: Handle::current(),
            is_away: AtomicBool::new(false),
        }
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        // Within the runtime: the exporter's thread knows no timers either.
        let sending = async move { timeout(PATIENCE, send(request)).await };
        let sent = match self.runtime.spawn(sending).await {
            Ok(Ok(sent)) => sent,
            Ok(Err(late)) => Err(late.into()),
            Err(ended) => Err(ended.into()),
        };
        let is_away = !sent
            .as_ref()
            .is_ok_and(|answer| answer.status().is_success());
        match (self.is_away.swap(is_away, Ordering::Relaxed), is_away) {
            (false, true) => tracing::warn!("the collector does not take spans; they are dropped"),
            (true, false) => tracing::info!("the collector takes spans again"),
            _ => {}
        }
        sent
    }
}

async fn send(request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let (mut parts, body) = request.into_parts();
    let host = parts.uri.host().unwrap_or_default();
    let port = parts.uri.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    let authority = parts.uri.authority().map_or("", |name| name.as_str());
    parts
        .headers
        .insert(HOST, HeaderValue::from_str(authority)?);
    let path = parts.uri.path_and_query().cloned();
    parts.uri = path.map_or_else(Uri::default, Uri::from);
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let answer = sender
        .send_request(Request::from_parts(parts, Full::new(body)))
        .await?;
    let (parts, body) = answer.into_parts();
    let body = Limited::new(body, MAX_ANSWER).collect().await?.to_bytes();
    connection.abort();
    Ok(Response::from_parts(parts, body))
}
