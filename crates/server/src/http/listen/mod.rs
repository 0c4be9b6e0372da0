//! The accept loop: connections, their limits, and the graceful stop (decision 26).
//!
//! axum's own `serve` knows no time limit for headers and no bound on connections.

mod first_bytes;
mod lanes;
mod timed_writes;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use vouchkey_types::json::Json;
use vouchkey_types::object;
use vouchkey_types::problem::ErrorCode;

use crate::clock::Clock;
use crate::http::address::Peer;
use crate::http::request_id::RequestId;
use crate::metrics::ConnectionMetrics;
use first_bytes::{Exchange, Exchanges, FirstBytes};
use timed_writes::TimedWrites;

pub use lanes::Lanes;

/// Header fields that hyper reads; more than 100 are then refused in the error shape.
const MAX_FIELDS_READ: usize = 256;

/// How many surplus connections are answered at the same time; beyond that they are just closed.
const MAX_REFUSALS: usize = 64;

/// How long a surplus connection is given to take its refusal.
const REFUSAL_TIME: Duration = Duration::from_secs(1);

/// How often it is said in the log, at most, that connections are refused.
const BETWEEN_WARNINGS: Duration = Duration::from_mins(1);

/// The bounds of connections.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at the same time.
    pub connections: usize,
    /// Time in which a new connection sends its first byte.
    pub first: Duration,
    /// Time for a request's headers, from their first byte.
    pub headers: Duration,
    /// Time that a connection may wait for its next request.
    pub idle: Duration,
    /// Time in which the other side must take something of what it is sent.
    pub writes: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            first: Duration::from_secs(15),
            headers: Duration::from_secs(5),
            idle: Duration::from_secs(75),
            writes: Duration::from_secs(30),
        }
    }
}

/// A connection's place among those that are allowed.
///
/// Work that a request leaves behind holds it, too: a client that hangs up does not make room for
/// more while its request still runs.
#[derive(Debug, Clone)]
pub struct Place(#[expect(dead_code, reason = "held for its drop")] Arc<OwnedSemaphorePermit>);

/// Accepts connections until told to stop, then waits until those that are open have answered what
/// they were asked.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    metrics: ConnectionMetrics,
    lanes: &Lanes,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let refusals = Arc::new(Semaphore::new(MAX_REFUSALS));
    let clock = Clock::system();
    let mut warned: Option<Instant> = None;
    loop {
        let (stream, peer) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, say: waiting is all that helps.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            metrics.refused();
            if warned.is_none_or(|at| at.elapsed() >= BETWEEN_WARNINGS) {
                warned = Some(Instant::now());
                tracing::warn!(
                    connections = limits.connections,
                    "all places for connections are taken, and others are refused"
                );
            }
            if let Ok(permit) = Arc::clone(&refusals).try_acquire_owned() {
                tokio::spawn(refuse(stream, RequestId::new(&clock), permit));
            }
            continue;
        };
        // Answers are written at once: waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        let place = Place(Arc::new(place));
        let open = metrics.begin();
        let (router, stop) = (router.clone(), stop.clone());
        let given = lanes.spawn(stream, async move |stream| {
            serve_connection(stream, peer, router, limits, place, stop).await;
            drop(open);
        });
        if let Err(error) = given {
            tracing::warn!(%error, "a connection could not be given to its thread");
        }
    }
    drop(listener);
    lanes.wait().await;
}

/// What a surplus connection is told. Its request is not read: the name is ours, whatever it sent.
fn refusal(id: &RequestId) -> String {
    let body = object! {
        "error": ErrorCode::Unavailable.as_str(),
        "detail": "The server has too many connections. Try again.",
        "status_code": i64::from(ErrorCode::Unavailable.status()),
        "request_id": id.as_str(),
    };
    let body = format!("{}\n", Json::from(body).to_text());
    format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nx-request-id: {}\r\nretry-after: 1\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        id.as_str(),
        body.len()
    )
}

async fn refuse(mut stream: TcpStream, id: RequestId, _permit: OwnedSemaphorePermit) {
    let _ = tokio::time::timeout(REFUSAL_TIME, async {
        stream.write_all(refusal(&id).as_bytes()).await?;
        stream.shutdown().await?;
        // Closing with bytes unread would reset the connection and lose the answer.
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    })
    .await;
}

async fn serve_connection<T>(
    stream: T,
    peer: SocketAddr,
    router: Router,
    limits: Limits,
    place: Place,
    stop: CancellationToken,
) where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let exchanges = Exchanges::default();
    let stream = TimedWrites::new(stream, limits.writes);
    let stream = TokioIo::new(FirstBytes::new(
        stream,
        limits.first,
        limits.headers,
        exchanges.clone(),
    ));
    let service = service_fn(move |request: Request<Incoming>| {
        let exchange = Arc::new(exchanges.begin());
        let answer = router
            .clone()
            .oneshot(prepare(request, peer, &place, &exchange));
        async move {
            let Ok(response) = answer.await;
            Ok::<_, Infallible>(until_written(response, exchange))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle)
        .max_headers(MAX_FIELDS_READ)
        .serve_connection(stream, service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// A request as the router wants it: it knows its peer, its place, and that it is not over before
/// its body is.
fn prepare(
    request: Request<Incoming>,
    peer: SocketAddr,
    place: &Place,
    exchange: &Arc<Exchange>,
) -> Request<Body> {
    let exchange = Arc::clone(exchange);
    let mut request = request.map(|body| {
        Body::new(body.map_frame(move |frame| {
            let _held = &exchange;
            frame
        }))
    });
    request.extensions_mut().insert(Peer(peer.ip()));
    request.extensions_mut().insert(place.clone());
    request
}

/// The exchange lasts until hyper has taken the whole answer.
fn until_written(response: Response, exchange: Arc<Exchange>) -> Response {
    response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            let _held = &exchange;
            frame
        }))
    })
}

#[cfg(test)]
mod tests;
