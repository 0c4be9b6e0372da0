#![expect(clippy::float_cmp, reason = "whole numbers, which floats hold exactly")]

use std::collections::{HashMap, HashSet};

use axum::body::Body;
use http::{Method, Request, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::page;
use crate::outbox;
use crate::test_bed::Bed;

const SESSIONS: &str = "/api/v1/sessions";

/// What no metric may show.
const PLANTED: [&str; 6] = [
    "canary.jane@example.com",
    "Canaria",
    "canary-ref",
    "canary-key",
    "canary-path",
    "CANARY",
];

const INVITED: &str = r#"{"send_email": true, "applicant_email": "canary.jane@example.com",
    "applicant_name": "Canaria", "external_ref": "canary-ref"}"#;

/// Creates with an idempotency key, and tells how it was answered.
async fn create(bed: &Bed, body: &str) -> StatusCode {
    let request = Request::post(SESSIONS)
        .header("x-api-key", &bed.key)
        .header("idempotency-key", "canary-key");
    let request = request.body(Body::from(body.to_owned())).unwrap();
    bed.send(request).await.status
}

/// The value of each series, by its whole name.
async fn series(bed: &Bed) -> HashMap<String, f64> {
    read(&page::text(&bed.state).await.unwrap())
}

/// Reads the text strictly: every sample belongs to the family that was described last, no series comes twice, buckets
/// grow, and nothing follows the end.
fn read(text: &str) -> HashMap<String, f64> {
    let body = text.strip_suffix("# EOF\n").expect("it ends with # EOF");
    let mut families = HashSet::new();
    let mut found = HashMap::new();
    let (mut family, mut kind) = (String::new(), String::new());
    let mut bucket = (String::new(), 0.0);
    let (mut totals, mut counts) = (HashMap::new(), HashMap::new());
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let mut words = rest.splitn(3, ' ');
            let (what, name, says) = (words.next(), words.next().unwrap(), words.next().unwrap());
            match what.unwrap() {
                "HELP" => {
                    assert!(
                        families.insert(name.to_owned()),
                        "{name} is described twice"
                    );
                    name.clone_into(&mut family);
                    assert!(says.ends_with('.'), "{line}");
                }
                "TYPE" => says.clone_into(&mut kind),
                "UNIT" => assert!(name.ends_with(&format!("_{says}")), "{line}"),
                other => panic!("{other}"),
            }
            assert_eq!(name, family, "{line}");
            continue;
        }
        let (whole, value) = line.rsplit_once(' ').expect(line);
        let value: f64 = value.parse().expect(line);
        let (name, labels) = whole.split_once('{').unwrap_or((whole, "}"));
        let suffix = name.strip_prefix(family.as_str()).expect(line);
        let allowed: &[&str] = match kind.as_str() {
            "counter" => &["_total"],
            "gauge" => &[""],
            "info" => &["_info"],
            "histogram" => &["_bucket", "_sum", "_count"],
            other => panic!("{other}"),
        };
        assert!(allowed.contains(&suffix), "{line}");
        assert!(
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
            "{line}"
        );
        let labels = labels.strip_suffix('}').expect(line);
        for label in labels.split("\",").filter(|label| !label.is_empty()) {
            let (_, text) = label.split_once("=\"").expect(line);
            assert!(!text.trim_end_matches('"').contains(['"', '\n']), "{line}");
        }
        if suffix == "_bucket" {
            let (bound, rest) = labels
                .strip_prefix("le=\"")
                .expect(line)
                .split_once('"')
                .expect(line);
            let of = format!("{family} {rest}");
            assert!(bucket.0 != of || bucket.1 <= value, "{line}");
            if bound == "+Inf" {
                totals.insert(of.clone(), value);
            }
            bucket = (of, value);
        }
        if suffix == "_count" {
            let rest = if labels.is_empty() {
                String::new()
            } else {
                format!(",{labels}")
            };
            counts.insert(format!("{family} {rest}"), value);
        }
        assert!(
            found.insert(whole.to_owned(), value).is_none(),
            "{line} twice"
        );
    }
    assert_eq!(
        totals, counts,
        "the last bucket of a histogram has all of it"
    );
    found
}

#[tokio::test]
async fn what_happens_is_counted() {
    let bed = Bed::waiting().await;
    assert_eq!(create(&bed, INVITED).await, StatusCode::CREATED);
    assert_eq!(create(&bed, INVITED).await, StatusCode::CREATED);
    assert_eq!(create(&bed, "{}").await, StatusCode::UNPROCESSABLE_ENTITY);
    bed.clock.advance(90_500);
    let found = series(&bed).await;
    let created =
        r#"vouchkey_http_requests_total{method="POST",route="/api/v1/sessions",status="2xx"}"#;
    let waiting = r#"vouchkey_outbox_deliveries{kind="invitation",state="pending"}"#;
    let age = r#"vouchkey_outbox_oldest_pending_age_seconds{kind="invitation"}"#;
    for (name, value) in [
        (created, 2.0),
        (
            r#"vouchkey_http_request_duration_seconds_count{method="POST",route="/api/v1/sessions"}"#,
            3.0,
        ),
        (
            r#"vouchkey_http_refusals_total{error="idempotency_mismatch"}"#,
            1.0,
        ),
        ("vouchkey_idempotent_replays_total", 1.0),
        ("vouchkey_http_requests_in_flight", 0.0),
        (waiting, 1.0),
        (
            r#"vouchkey_outbox_deliveries{kind="invitation",state="dead"}"#,
            0.0,
        ),
        (age, 90.0),
        ("vouchkey_store_up", 1.0),
        ("vouchkey_store_waiting_writes", 0.0),
        (
            concat!(
                "vouchkey_build_info{version=\"",
                env!("CARGO_PKG_VERSION"),
                "\"}"
            ),
            1.0,
        ),
    ] {
        assert_eq!(found.get(name), Some(&value), "{name}");
    }
    let commits = found["vouchkey_store_commit_duration_seconds_count"];
    assert!(commits >= 2.0, "{commits}");
    assert!(found["vouchkey_store_commit_changes_sum"] >= commits);
    assert!(found["vouchkey_store_write_duration_seconds_count"] >= commits);
    assert!(found["vouchkey_store_reader_wait_duration_seconds_count"] >= 1.0);
    assert!(found["vouchkey_store_readers"] >= 1.0);

    outbox::keep_due(&bed.state).await;
    let sent = r#"vouchkey_outbox_attempts_total{kind="invitation",outcome="sent",reason=""}"#;
    let found = series(&bed).await;
    assert_eq!((found[sent], found[waiting], found[age]), (1.0, 0.0, 0.0));

    bed.execute("UPDATE outbox SET state = 'dead', last_error = 'message_refused'")
        .await;
    let dead = r#"vouchkey_outbox_deliveries{kind="invitation",state="dead"}"#;
    assert_eq!(series(&bed).await[dead], 1.0);
}

#[tokio::test]
async fn an_invitation_that_is_kept_with_its_session_is_counted_too() {
    let bed = Bed::new().await;
    assert_eq!(create(&bed, INVITED).await, StatusCode::CREATED);
    assert_eq!(create(&bed, INVITED).await, StatusCode::CREATED, "a replay");
    let found = series(&bed).await;
    let sent = r#"vouchkey_outbox_attempts_total{kind="invitation",outcome="sent",reason=""}"#;
    let waiting = r#"vouchkey_outbox_deliveries{kind="invitation",state="pending"}"#;
    assert_eq!((found[sent], found[waiting]), (1.0, 0.0));
}

#[tokio::test]
async fn whether_the_server_lives_is_told_beside_the_metrics() {
    let bed = Bed::new().await;
    let router = page::router(&bed.state);
    for (path, expected) in [
        ("/metrics", 200),
        ("/healthz", 200),
        ("/readyz", 200),
        ("/api/v1/sessions", 404),
    ] {
        let request = Request::get(path).header("host", "a");
        let request = request.body(Body::empty()).unwrap();
        let Ok(answer) = router.clone().oneshot(request).await;
        assert_eq!(answer.status(), expected, "{path}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_process_is_measured() {
    let found = series(&Bed::new().await).await;
    let between = |name: &str, least: f64, most: f64| {
        assert!(
            found[name] >= least && found[name] <= most,
            "{name} {}",
            found[name]
        );
    };
    between("process_cpu_seconds_total", 0.0, 1e6);
    between("process_start_time_seconds", 1.76e9, 1e11);
    between("process_resident_memory_bytes", 1e6, 1e11);
    between(
        "process_virtual_memory_bytes",
        found["process_resident_memory_bytes"],
        1e15,
    );
    between("process_open_fds", 3.0, found["process_max_fds"]);
    between("process_threads", 1.0, 1e4);
}

#[tokio::test]
async fn nothing_that_a_caller_sent_is_shown() {
    let bed = Bed::new().await;
    create(&bed, INVITED).await;
    create(
        &bed,
        r#"{"applicant_name": "Canaria", "country": "CANARY"}"#,
    )
    .await;
    let (session, token) = bed.create(INVITED).await;
    let session = session.to_string();
    for path in [
        format!("/verify/{token}"),
        "/verify/canary-path".to_owned(),
        "/canary-path?canary-key=1".to_owned(),
        format!("{SESSIONS}/{session}?q=canary-path"),
        "/dashboard/canary-path.js".to_owned(),
    ] {
        bed.get(&path).await;
    }
    let method = Method::from_bytes(b"CANARY").unwrap();
    let request = Request::builder().method(method).uri("/canary-path");
    bed.send(request.body(Body::empty()).unwrap()).await;
    bed.finish_tasks().await;
    let text = page::text(&bed.state).await.unwrap();
    read(&text);
    assert!(
        text.contains(r#"method="other",route="none",status="4xx""#),
        "{text}"
    );
    assert!(
        text.contains(r#"method="GET",route="/verify/{token}""#),
        "{text}"
    );
    let (organization, key) = (bed.organization.to_string(), bed.key.as_str());
    for planted in PLANTED
        .into_iter()
        .chain([key, &token, &session, &organization])
    {
        assert!(!text.contains(planted), "{planted}");
    }
}

#[tokio::test]
async fn they_have_a_listener_of_their_own() {
    let bed = Bed::new().await;
    assert_eq!(bed.get("/metrics").await.status, StatusCode::NOT_FOUND);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(page::serve(listener, bed.state.clone(), stop.clone()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(
        head.contains("content-type: application/openmetrics-text; version=1.0.0"),
        "{head}"
    );
    assert_eq!(read(body)["vouchkey_store_up"], 1.0);
    stop.cancel();
    serving.await.unwrap();
}

#[tokio::test]
async fn without_a_database_they_say_so_and_show_no_old_figures() {
    let bed = Bed::new().await;
    assert_eq!(series(&bed).await["vouchkey_store_up"], 1.0);
    bed.state.store.close().await;
    let found = series(&bed).await;
    assert_eq!(found["vouchkey_store_up"], 0.0);
    assert!(
        !found
            .keys()
            .any(|name| name.starts_with("vouchkey_outbox_deliveries"))
    );
}
