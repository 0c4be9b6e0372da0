use std::time::Duration;

use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, DuplexStream, duplex};
use tokio::sync::oneshot;
use vouchkey_types::json;

use super::*;

const LONG: Duration = Duration::from_hours(1);
const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";

/// A server on a free port, and what stops it.
struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    ended: tokio::task::JoinHandle<()>,
}

impl Running {
    async fn start(router: Router, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let ended = tokio::spawn(async move {
            let metrics = ConnectionMetrics::default();
            serve(listener, router, limits, metrics, &Lanes::here(), stopped).await;
        });
        Self {
            address,
            stop,
            ended,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

fn router() -> Router {
    Router::new().route("/", get(async || "hello"))
}

fn limits() -> Limits {
    Limits {
        connections: 8,
        first: LONG,
        headers: LONG,
        idle: LONG,
        writes: LONG,
    }
}

/// Reads until the other side closes.
async fn rest(mut stream: impl AsyncRead + Unpin) -> String {
    let mut bytes = Vec::new();
    // A connection that is reset has ended, too.
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads one answer, whose body ends in `end`.
async fn answer(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        let mut bytes = [0; 1024];
        let read = stream.read(&mut bytes).await.unwrap();
        assert_ne!(read, 0, "closed after: {text}");
        text.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    text
}

#[test]
fn a_refusal_is_an_error_like_any_other() {
    let text = refusal(&RequestId::new(&Clock::fixed(0)));
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains(&format!("content-length: {}", body.len())),
        "{head}"
    );
    let body = json::read(body.as_bytes()).unwrap();
    let member = |name| match &body {
        Json::Object(object) => object.get(name).cloned(),
        _ => None,
    };
    let Some(Json::String(id)) = member("request_id") else {
        panic!("{text}");
    };
    assert!(head.contains(&format!("x-request-id: {id}\r\n")), "{head}");
    assert_eq!(member("status_code"), Some(Json::from(503_i64)));
}

#[tokio::test]
async fn headers_that_come_too_slowly_are_closed_without_an_answer() {
    let limits = Limits {
        headers: Duration::from_millis(20),
        ..limits()
    };
    let server = Running::start(router(), limits).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhos").await.unwrap();
    assert_eq!(rest(stream).await, "");
}

#[tokio::test]
async fn a_new_connection_that_says_nothing_is_closed() {
    let limits = Limits {
        first: Duration::from_millis(20),
        ..limits()
    };
    let server = Running::start(router(), limits).await;
    assert_eq!(rest(server.connect().await).await, "");
    // Who has spoken once may be silent for longer.
    let mut stream = server.connect().await;
    for _ in 0..2 {
        stream.write_all(GET).await.unwrap();
        answer(&mut stream, "hello").await;
        // As long as another one takes to be closed.
        assert_eq!(rest(server.connect().await).await, "");
    }
}

#[tokio::test]
async fn an_idle_connection_outlives_the_time_for_headers() {
    let limits = Limits {
        headers: Duration::from_millis(200),
        idle: Duration::from_millis(800),
        ..limits()
    };
    let server = Running::start(router(), limits).await;
    let mut stream = server.connect().await;
    let began = std::time::Instant::now();
    stream.write_all(GET).await.unwrap();
    assert!(
        answer(&mut stream, "hello")
            .await
            .starts_with("HTTP/1.1 200")
    );
    // Nothing comes until the idle time ends it.
    assert_eq!(rest(stream).await, "");
    assert!(began.elapsed() >= Duration::from_millis(800));
}

#[tokio::test]
async fn who_takes_nothing_of_the_answer_makes_room_for_others() {
    let router = router().route("/large", get(async || vec![0_u8; 64 * 1024 * 1024]));
    let limits = Limits {
        writes: Duration::from_millis(20),
        connections: 1,
        ..limits()
    };
    let server = Running::start(router, limits).await;
    let mut silent = server.connect().await;
    silent
        .write_all(b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    loop {
        let mut stream = server.connect().await;
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        if rest(stream).await.ends_with("hello") {
            break;
        }
    }
    drop(silent);
}

#[tokio::test]
async fn a_connection_takes_one_request_after_another() {
    let server = Running::start(router(), limits()).await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        stream.write_all(GET).await.unwrap();
        assert!(
            answer(&mut stream, "hello")
                .await
                .starts_with("HTTP/1.1 200")
        );
    }
}

#[tokio::test]
async fn one_connection_too_many_is_told_503_and_closed() {
    let server = Running::start(
        router(),
        Limits {
            connections: 1,
            ..limits()
        },
    )
    .await;
    let mut first = server.connect().await;
    first.write_all(GET).await.unwrap();
    answer(&mut first, "hello").await;
    let mut second = server.connect().await;
    second.shutdown().await.unwrap();
    let refused = rest(second).await;
    assert!(
        refused.starts_with("HTTP/1.1 503") && refused.contains(r#""error":"unavailable""#),
        "{refused}"
    );
}

#[tokio::test]
async fn a_graceful_stop_waits_for_the_request_that_runs() {
    let (begun_sender, begun) = oneshot::channel();
    let (finish, finish_receiver) = oneshot::channel::<()>();
    let waits = std::sync::Mutex::new(Some((begun_sender, finish_receiver)));
    let waits = Arc::new(waits);
    let slow = get(move || {
        let waits = waits.lock().unwrap().take();
        async move {
            let (begun, finish) = waits.unwrap();
            begun.send(()).unwrap();
            finish.await.unwrap();
            "done"
        }
    });
    let server = Running::start(Router::new().route("/", slow), limits()).await;
    let mut stream = server.connect().await;
    stream.write_all(GET).await.unwrap();
    begun.await.unwrap();
    server.stop.cancel();
    tokio::task::yield_now().await;
    assert!(!server.ended.is_finished());
    finish.send(()).unwrap();
    let text = rest(stream).await;
    assert!(text.ends_with("done"), "{text}");
    server.ended.await.unwrap();
}

#[tokio::test]
async fn a_graceful_stop_closes_idle_connections() {
    let server = Running::start(router(), limits()).await;
    let mut stream = server.connect().await;
    stream.write_all(GET).await.unwrap();
    answer(&mut stream, "hello").await;
    server.stop.cancel();
    assert_eq!(rest(stream).await, "");
    server.ended.await.unwrap();
}

#[tokio::test]
async fn who_still_sends_a_refused_body_sees_the_answer() {
    let refuse = post(async || (http::StatusCode::PAYLOAD_TOO_LARGE, "too large"));
    let routes = Router::new().route("/", refuse);
    let routes = routes.layer(axum::middleware::map_request(
        async |request: Request<Body>| request.map(crate::http::body::Drained::watch),
    ));
    let server = Running::start(routes, limits()).await;
    let mut stream = server.connect().await;
    let size = 8 * 1024 * 1024;
    let head = format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {size}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b' '; size]).await.unwrap();
    assert!(
        answer(&mut stream, "too large")
            .await
            .starts_with("HTTP/1.1 413")
    );
    stream.write_all(GET).await.unwrap();
    assert!(
        answer(&mut stream, "\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 405")
    );
}

#[tokio::test]
async fn a_request_knows_its_peer() {
    let routes = Router::new().route(
        "/",
        get(async |request: Request<Body>| {
            request.extensions().get::<Peer>().unwrap().0.to_string()
        }),
    );
    let (mut client, server) = duplex(1024);
    let places = Arc::new(Semaphore::new(1));
    let place = Place(Arc::new(places.try_acquire_owned().unwrap()));
    let peer = "192.0.2.7:1".parse().unwrap();
    tokio::spawn(serve_connection::<DuplexStream>(
        server,
        peer,
        routes,
        limits(),
        place,
        CancellationToken::new(),
    ));
    client
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    assert!(rest(client).await.ends_with("192.0.2.7"));
}
