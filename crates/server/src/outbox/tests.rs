//! The worker over a real database, with a clock that stands still and a mail server that does as it is told.

mod attempts;
mod leases;
mod mailbox;

use tokio::task::JoinSet;
use vouchkey_types::email::EmailAddress;
use vouchkey_types::id::SessionId;

use super::lease::{LEASE_MS, extend};
use super::worker::Worker;
use super::*;
use crate::config::MailConfig;
use crate::invitations::scripted_smtp::{DROP, Script, ScriptedSmtp};
use crate::store::outbox::{self, Delivery, Ended, Lease};
use crate::store::{Change, Engine, StoreError};
use crate::test_bed::Bed;

pub(super) const INVITED: &str =
    r#"{"send_email": true, "applicant_email": "jane@example.com", "applicant_name": "Jane Doe"}"#;
pub(super) const MINUTE: i64 = 60_000;
pub(super) const HOUR: i64 = 60 * MINUTE;

pub(super) async fn by_smtp(server: &ScriptedSmtp) -> (Bed, Worker) {
    let from = EmailAddress::parse("no-reply@example.com").unwrap();
    let bed = Bed::with_mail(MailConfig::Smtp {
        server: server.smtp(),
        from,
    })
    .await;
    let worker = worker(&bed);
    (bed, worker)
}

pub(super) fn mailbox_worker(bed: &Bed) -> Worker {
    Worker::new(bed.state.clone(), Post::of(&MailConfig::mailbox(None)))
}

pub(super) fn worker(bed: &Bed) -> Worker {
    Worker::new(bed.state.clone(), Post::of(&bed.state.config.mail))
}

/// Delivers until nothing is due.
pub(super) async fn work(worker: &mut Worker) {
    let mut running = JoinSet::new();
    loop {
        let wait = worker.step(&mut running).await;
        match running.join_next().await {
            Some(done) => worker.hear(done).await,
            None if wait.is_zero() => {}
            None => return,
        }
    }
}

async fn delivery(bed: &Bed, session: SessionId) -> Delivery {
    let organization = bed.organization;
    let found = bed
        .state
        .store
        .read(async |conn| outbox::newest(conn, organization, session).await);
    found.await.unwrap().unwrap()
}

pub(super) async fn state(bed: &Bed, session: SessionId) -> (String, i64, Option<String>) {
    let delivery = delivery(bed, session).await;
    (delivery.state, delivery.attempts, delivery.last_error)
}

pub(super) fn is(state: &str, attempts: i64, error: Option<&str>) -> (String, i64, Option<String>) {
    (state.to_owned(), attempts, error.map(str::to_owned))
}

pub(super) struct End(pub(super) outbox::Leased, pub(super) Ended, pub(super) i64);

impl Change for End {
    type Outcome = bool;

    async fn apply(self, conn: &mut sqlx::AnyConnection, _: Engine) -> Result<bool, StoreError> {
        outbox::end(conn, &self.0, self.1, self.2).await
    }
}

#[tokio::test]
async fn a_session_without_send_email_sends_nothing() {
    let server = ScriptedSmtp::start(Script::ACCEPT).await;
    let (bed, mut worker) = by_smtp(&server).await;
    bed.create(r#"{"applicant_email": "jane@example.com"}"#)
        .await;
    work(&mut worker).await;
    assert_eq!(server.heard("EHLO"), 0);
}

#[tokio::test]
async fn an_invitation_is_handed_over_once() {
    let server = ScriptedSmtp::start(Script::ACCEPT).await;
    let (bed, mut worker) = by_smtp(&server).await;
    let (session, _) = bed.create(INVITED).await;
    work(&mut worker).await;
    bed.clock.advance(24 * HOUR - 1);
    work(&mut worker).await;
    assert_eq!(server.messages().len(), 1);
    assert_eq!(state(&bed, session).await, is("sent", 1, None));
}

#[tokio::test]
async fn an_invitation_is_never_sent_after_its_session_has_ended() {
    let ends: [(&'static str, &str); 4] = [
        ("UPDATE sessions SET status = 'completed'", "ended"),
        ("UPDATE sessions SET status = 'expired'", "expired"),
        ("UPDATE capture_links SET revoked_at = 1", "ended"),
        (
            "UPDATE data_keys SET key_wrapped = NULL, destroyed_at = 1",
            "erased",
        ),
    ];
    for (end, why) in ends {
        let server = ScriptedSmtp::start(Script::ACCEPT).await;
        let (bed, mut worker) = by_smtp(&server).await;
        let (session, _) = bed.create(INVITED).await;
        bed.execute(end).await;
        work(&mut worker).await;
        assert_eq!(
            state(&bed, session).await,
            is("cancelled", 1, Some(why)),
            "{end}"
        );
        assert_eq!(server.heard("EHLO"), 0, "{end}");
    }
}

#[tokio::test]
async fn an_invitation_that_waited_too_long_is_cancelled_at_the_minute_of_expiry() {
    let server = ScriptedSmtp::start(Script::ACCEPT.but("RCPT", "450 later")).await;
    let (bed, mut worker) = by_smtp(&server).await;
    let body =
        r#"{"send_email": true, "applicant_email": "jane@example.com", "expires_in_minutes": 10}"#;
    let (session, _) = bed.create(body).await;
    work(&mut worker).await;
    bed.clock.advance(10 * MINUTE);
    work(&mut worker).await;
    assert_eq!(
        state(&bed, session).await,
        is("cancelled", 2, Some("expired"))
    );
    assert_eq!(server.heard("RCPT"), 1);
    assert!(
        bed.timeline(session)
            .await
            .contains(&"invitation.cancelled".to_owned())
    );
}

#[tokio::test]
async fn a_message_that_cannot_be_put_together_stops_nobody_else() {
    let server = ScriptedSmtp::start(Script::ACCEPT).await;
    let (bed, mut worker) = by_smtp(&server).await;
    let (bad, _) = bed.create(INVITED).await;
    // Bytes that are no sealed value.
    bed.execute(
        "UPDATE sessions SET applicant_email_sealed = (SELECT key_wrapped FROM data_keys \
         WHERE data_key_id = session_id)",
    )
    .await;
    let (good, _) = bed.create(INVITED).await;
    work(&mut worker).await;
    assert_eq!(state(&bed, bad).await, is("dead", 1, Some("unreadable")));
    assert_eq!(state(&bed, good).await, is("sent", 1, None));
}

#[tokio::test]
async fn a_panic_is_one_failed_attempt_and_five_are_the_end() {
    let bed = Bed::waiting().await;
    let (session, _) = bed.create(INVITED).await;
    let mut worker = Worker::new(bed.state.clone(), Post::Panics);
    for attempt in 1..5 {
        work(&mut worker).await;
        assert_eq!(
            state(&bed, session).await,
            is("pending", attempt, Some("panicked"))
        );
        bed.clock.advance(HOUR);
    }
    work(&mut worker).await;
    assert_eq!(state(&bed, session).await, is("dead", 5, Some("panicked")));
}

#[tokio::test]
async fn a_commit_wakes_the_worker_and_a_stop_ends_it() {
    let server = ScriptedSmtp::start(Script::ACCEPT).await;
    let (bed, _) = by_smtp(&server).await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(run(bed.state.clone(), stop.clone()));
    let (session, _) = bed.create(INVITED).await;
    while delivery(&bed, session).await.state != "sent" {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    running.await.unwrap();
}
