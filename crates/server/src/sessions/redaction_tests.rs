//! A session whose data was erased, through every door that leads to it.

use axum::body::Body;
use http::Request;
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{OrganizationId, SessionId};
use vouchkey_types::json::Json;

use crate::outbox::keep_due;
use crate::store::fixtures::apply;
use crate::store::outbox::{self, Ended, Lease};
use crate::store::redact_session::{RedactSession, Redacted};
use crate::store::{Engine, data_keys, sessions};
use crate::test_bed::{Bed, Reply};
use crate::upkeep::expire_sessions;

const BODY: &str = r#"{"send_email": true, "applicant_email": "jane@example.com", "applicant_name": "Jane Doe",
    "email_display_name": "Jane's bank", "support_url": "https://help.example.com/jane", "external_ref": "user_42",
    "redirect_url": "https://shop.example.com/jane", "metadata": {"note": "Jane"}, "fields": {"name_first": "Jane"}}"#;

async fn post(bed: &Bed, body: &str) -> Reply {
    let request = Request::post("/api/v1/sessions")
        .header("x-api-key", &bed.key)
        .header("idempotency-key", "order-1");
    bed.send(request.body(Body::from(body.to_owned())).unwrap())
        .await
}

async fn get(bed: &Bed, path: &str) -> Reply {
    let request = Request::get(path).header("x-api-key", &bed.key);
    bed.send(request.body(Body::empty()).unwrap()).await
}

async fn by_cookie(bed: &Bed, cookie: &str, path: &str) -> Reply {
    let request = Request::get(path)
        .header("cookie", cookie)
        .header("vouchkey-environment", "sandbox");
    bed.send(request.body(Body::empty()).unwrap()).await
}

/// A session with everything; its id and its token.
async fn create(bed: &Bed) -> (SessionId, String) {
    let reply = post(bed, BODY).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let json = reply.json();
    let text = |name| json.get(name).and_then(Json::as_str).unwrap();
    let token = text("capture_url").rsplit('/').next().unwrap();
    (SessionId::parse(text("id")).unwrap(), token.to_owned())
}

fn erasure(bed: &Bed, session: SessionId) -> RedactSession {
    RedactSession {
        organization: bed.organization,
        environment: Environment::Sandbox,
        session,
        actor: "system".to_owned(),
        event: bed.clock.id(),
        note: bed.clock.id(),
        now: bed.clock.now_ms(),
    }
}

async fn erase(bed: &Bed, session: SessionId) -> Redacted {
    bed.clock.advance(1);
    bed.state.store.write(erasure(bed, session)).await.unwrap()
}

fn member<'a>(json: &'a Json, path: &[&str]) -> Option<&'a Json> {
    path.iter().try_fold(json, |json, name| json.get(name))
}

#[tokio::test]
async fn reading_shows_it_without_what_was_sealed() {
    let bed = Bed::new().await;
    let cookie = bed.sign_in(bed.organization).await;
    let (session, _) = create(&bed).await;
    let (other, _) = bed.create(r#"{"metadata": {"note": "John"}}"#).await;
    assert_eq!(erase(&bed, session).await, Redacted::Now);

    let shown = get(&bed, &format!("/api/v1/sessions/{session}")).await;
    assert_eq!(shown.status, 200);
    let json = shown.json();
    for (name, value) in [
        ("retention_status", r#""redacted""#),
        ("external_ref", r#""user_42""#),
        ("metadata", "{}"),
        ("capture_url", "null"),
        ("status", r#""pending""#),
    ] {
        assert_eq!(json.get(name).unwrap().to_text(), value, "{name}");
    }
    let listed = get(&bed, "/api/v1/sessions").await;
    assert!(listed.text.contains(r#""note":"John""#), "{}", listed.text);
    let detail = by_cookie(&bed, &cookie, &format!("/admin/v1/sessions/{session}")).await;
    assert_eq!(detail.status, 200);
    for reply in [&shown, &listed, &detail] {
        for trace in ["Jane", "jane@", "/jane"] {
            assert!(!reply.text.contains(trace), "{}", reply.text);
        }
    }
    let detail = detail.json();
    for path in [
        &["applicant", "email"][..],
        &["applicant", "name"],
        &["redirect_url"],
    ] {
        assert_eq!(member(&detail, path), Some(&Json::Null), "{path:?}");
    }
    let whole = get(&bed, &format!("/api/v1/sessions/{other}")).await;
    assert!(whole.text.contains(r#""note":"John""#), "{}", whole.text);
}

#[tokio::test]
async fn its_link_no_longer_works() {
    let bed = Bed::new().await;
    let (session, token) = create(&bed).await;
    let (_, other) = bed.create("{}").await;
    erase(&bed, session).await;
    let start = Request::post(format!("/verify/{token}/start")).body(Body::empty());
    for reply in [
        bed.get(&format!("/verify/{token}")).await,
        bed.send(start.unwrap()).await,
    ] {
        assert_eq!(reply.status, 410);
        assert!(reply.text.contains("<h1>This link no longer works"));
        // The organization's own, not the session's.
        assert!(reply.text.contains(r#"href="https://example.com/support""#));
        assert!(!reply.text.contains("Jane") && !reply.text.contains("/jane"));
    }
    assert_eq!(bed.get(&format!("/verify/{other}")).await.status, 200);
}

#[tokio::test]
async fn a_link_that_a_browser_is_bound_to_ends_too_and_a_finished_session_stays_done() {
    for (state, status, title) in [
        (
            "UPDATE capture_links SET consumed_at = 1",
            410,
            "This link no longer works",
        ),
        (
            "UPDATE sessions SET status = 'completed'",
            200,
            "You are done",
        ),
    ] {
        let bed = Bed::new().await;
        let (session, token) = create(&bed).await;
        bed.execute(state).await;
        erase(&bed, session).await;
        let page = bed.get(&format!("/verify/{token}")).await;
        assert_eq!(page.status.as_u16(), status, "{state}");
        assert!(page.text.contains(&format!("<h1>{title}")), "{}", page.text);
        assert!(!page.text.contains("Jane"), "{}", page.text);
    }
}

#[tokio::test]
async fn a_replay_of_its_creation_is_told_that_it_was_erased() {
    let bed = Bed::new().await;
    let (session, _) = create(&bed).await;
    assert_eq!(post(&bed, BODY).await.status, 201);
    erase(&bed, session).await;
    let replay = post(&bed, BODY).await;
    let error = replay.json();
    assert_eq!(replay.status, 410);
    assert_eq!(error.get("error").and_then(Json::as_str), Some("erased"));
    assert_eq!(post(&bed, "{}").await.status, 422, "other parameters");
    // The key is new again when its record has expired.
    bed.clock.advance(86_400_000);
    assert_eq!(post(&bed, BODY).await.status, 201);
}

#[tokio::test]
async fn mail_that_waits_is_cancelled_and_mail_that_was_kept_is_gone() {
    let bed = Bed::waiting().await;
    let cookie = bed.sign_in(bed.organization).await;
    let (session, _) = create(&bed).await;
    erase(&bed, session).await;
    keep_due(&bed.state).await;
    let organization = bed.organization;
    let newest = bed
        .state
        .store
        .read(async |conn| outbox::newest(conn, organization, session).await);
    let newest = newest.await.unwrap().unwrap();
    assert_eq!(
        (newest.state.as_str(), newest.last_error.as_deref()),
        ("cancelled", Some("erased"))
    );
    assert_eq!(
        bed.timeline(session).await,
        [
            "session.created",
            "invitation.queued",
            "session.redacted",
            "invitation.cancelled"
        ]
    );

    let (sent, _) = bed
        .create(r#"{"send_email": true, "applicant_email": "john@example.com"}"#)
        .await;
    keep_due(&bed.state).await;
    let mailbox = by_cookie(&bed, &cookie, "/admin/v1/mailbox").await;
    assert!(mailbox.text.contains("john@"), "{}", mailbox.text);
    erase(&bed, sent).await;
    let mailbox = by_cookie(&bed, &cookie, "/admin/v1/mailbox").await;
    assert!(mailbox.text.contains(r#""data":[]"#), "{}", mailbox.text);
}

#[tokio::test]
async fn an_attempt_that_was_under_way_writes_nothing_any_more() {
    let bed = Bed::waiting().await;
    let (session, _) = create(&bed).await;
    let now = bed.clock.now_ms();
    let lease = Lease {
        now,
        until: now + 60_000,
        token: bed.clock.id(),
        limit: 1,
    };
    let leased = bed.state.store.write(lease).await.unwrap().pop().unwrap();
    erase(&bed, session).await;
    let end = apply(move |conn| {
        Box::pin(async move { outbox::end(conn, &leased, Ended::Sent, now).await })
    });
    assert_eq!(bed.state.store.write(end).await, Ok(false));
}

#[tokio::test]
async fn it_is_erased_once_and_by_its_owner_only() {
    let bed = Bed::new().await;
    let (session, _) = create(&bed).await;
    let (other, _) = bed.add_organization().await;
    for (organization, environment) in [
        (other, Environment::Sandbox),
        (bed.organization, Environment::Live),
    ] {
        let foreign = RedactSession {
            organization,
            environment,
            ..erasure(&bed, session)
        };
        let outcome = bed.state.store.write(foreign).await;
        assert_eq!(outcome, Ok(Redacted::NotFound));
    }
    assert_eq!(post(&bed, BODY).await.status, 201, "nothing happened");
    let both = [erasure(&bed, session), erasure(&bed, session)];
    let [one, two] = both.map(|erasure| bed.state.store.write(erasure));
    let (one, two) = tokio::join!(one, two);
    assert_eq!(
        (one, two),
        (Ok(Redacted::Now), Ok(Redacted::Before)),
        "writes go one after another"
    );
    // It goes on as a session: it lapses, and its events have no gap.
    bed.clock.advance(7 * 86_400_000);
    expire_sessions(&bed.state).await.unwrap();
    let events = numbered(&bed, bed.organization, session).await;
    assert_eq!(
        events,
        ["session.created", "session.redacted", "session.expired"]
    );
}

/// The events of the wire, which are numbered without gaps.
async fn numbered(bed: &Bed, organization: OrganizationId, session: SessionId) -> Vec<String> {
    let mut rows = bed
        .state
        .store
        .read(async |conn| {
            crate::store::session_events::list(conn, organization, session, 99).await
        })
        .await
        .unwrap();
    rows.retain(|row| row.sequence.is_some());
    rows.sort_by_key(|row| row.sequence);
    let numbers: Vec<_> = rows.iter().filter_map(|row| row.sequence).collect();
    assert_eq!(
        numbers,
        (1..).take(rows.len()).collect::<Vec<i64>>(),
        "no gaps"
    );
    rows.into_iter().map(|row| row.event).collect()
}

/// On SQLite, which overwrites what it deletes.
#[tokio::test]
async fn neither_the_key_nor_what_it_sealed_is_left_in_the_files() {
    let bed = Bed::new().await;
    if bed.state.store.engine() == Engine::Postgres {
        return;
    }
    let organization = bed.organization;
    let (session, _) = create(&bed).await;
    let (kept, _) = bed.create(r#"{"metadata": {"note": "John"}}"#).await;
    let of = async |session| {
        let read = bed.state.store.read(async |conn| {
            let key = data_keys::find(conn, organization, session).await?;
            let session = sessions::find_anywhere(conn, organization, session).await?;
            let sealed = session.unwrap().sealed;
            let key = key.unwrap().key_wrapped;
            Ok([key, sealed.metadata, sealed.prefill, sealed.applicant_email])
        });
        read.await.unwrap()
    };
    let (gone, there) = (of(session).await, of(kept).await);
    assert!(gone.iter().all(Option::is_some));
    erase(&bed, session).await;
    assert_eq!(of(session).await, [None, None, None, None]);
    bed.state.store.close().await;
    let mut files = Vec::new();
    for entry in std::fs::read_dir(bed.folder.path()).unwrap() {
        files.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let is_left =
        |bytes: &Vec<u8>| -> bool { files.windows(bytes.len()).any(|window| window == bytes) };
    assert!(there.iter().flatten().all(is_left), "the others stay");
    assert!(!gone.iter().flatten().any(is_left));
}
