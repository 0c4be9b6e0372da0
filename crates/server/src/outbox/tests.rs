//! The worker over a real database, with a clock that stands still and a mail server that does as it is told.

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
        address: server.address(),
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

fn message_id(message: &str) -> &str {
    message
        .lines()
        .find_map(|line| line.strip_prefix("Message-ID: "))
        .unwrap()
}

#[tokio::test]
async fn without_a_server_an_invitation_lands_sealed_in_the_mailbox() {
    let bed = Bed::new().await;
    let (session, _) = bed.create(INVITED).await;
    assert_eq!(state(&bed, session).await, is("sent", 1, None));
    assert_eq!(kept(&bed, session).await, 1);
    assert_eq!(
        bed.timeline(session).await,
        ["session.created", "invitation.sent"]
    );
    work(&mut worker(&bed)).await;
    assert_eq!(kept(&bed, session).await, 1);
    bed.state.store.close().await;
    for entry in std::fs::read_dir(bed.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for secret in ["jane@example.com", "Jane Doe"] {
            assert!(
                !bytes
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes()),
                "{secret}"
            );
        }
    }
}

#[tokio::test]
async fn without_a_server_too_what_none_could_carry_is_given_up() {
    let bed = Bed::new().await;
    // The API takes it by the HTML standard's rule; RFC 5321 knows no local part of more than 64 octets.
    let (session, _) = bed
        .create(&INVITED.replace("jane@", &format!("{}@", "j".repeat(65))))
        .await;
    assert_eq!(state(&bed, session).await, is("pending", 0, None));
    work(&mut worker(&bed)).await;
    assert_eq!(
        state(&bed, session).await,
        is("dead", 1, Some("not_deliverable"))
    );
    assert_eq!(kept(&bed, session).await, 0);
}

#[tokio::test]
async fn what_waited_for_a_server_goes_into_the_mailbox_once_there_is_none() {
    let bed = Bed::waiting().await;
    let mut sessions = Vec::new();
    for reference in ["good", "ended", "broken"].into_iter().cycle().take(12) {
        let body = INVITED.replacen('{', &format!(r#"{{"external_ref": "{reference}", "#), 1);
        sessions.push((reference, bed.create(&body).await.0));
    }
    bed.execute("UPDATE sessions SET status = 'completed' WHERE external_ref = 'ended'")
        .await;
    // Bytes that are no sealed value.
    bed.execute(
        "UPDATE sessions SET applicant_email_sealed = (SELECT key_wrapped FROM data_keys \
         WHERE data_key_id = session_id) WHERE external_ref = 'broken'",
    )
    .await;
    bed.clock.advance(1);
    work(&mut mailbox_worker(&bed)).await;
    for (reference, session) in sessions {
        let (expected, note) = match reference {
            "good" => (is("sent", 1, None), "invitation.sent"),
            "ended" => (is("cancelled", 1, Some("ended")), "invitation.cancelled"),
            _ => (is("dead", 1, Some("unreadable")), "invitation.failed"),
        };
        assert_eq!(state(&bed, session).await, expected);
        let timeline = bed.timeline(session).await;
        assert_eq!(timeline[2..], [note.to_owned()]);
        assert_eq!(kept(&bed, session).await, i64::from(reference == "good"));
    }
}

/// How many messages to a session's applicant the mailbox holds.
async fn kept(bed: &Bed, session: SessionId) -> i64 {
    use sqlx::Row as _;
    let count = bed.state.store.read(async |conn| {
        let row = sqlx::query("SELECT COUNT(*) FROM mailbox_messages WHERE session_id = $1")
            .bind(session.to_string())
            .fetch_one(conn)
            .await?;
        Ok(row.get(0))
    });
    count.await.unwrap()
}

#[tokio::test]
async fn a_row_that_cannot_be_read_keeps_nobody_from_the_mailbox() {
    let bed = Bed::waiting().await;
    let (bad, _) = bed
        .create(&INVITED.replacen('{', r#"{"external_ref": "bad", "#, 1))
        .await;
    let (good, _) = bed.create(INVITED).await;
    bed.execute(
        "UPDATE capture_links SET link_id = 'x' WHERE session_id IN \
         (SELECT session_id FROM sessions WHERE external_ref = 'bad')",
    )
    .await;
    work(&mut mailbox_worker(&bed)).await;
    assert_eq!(state(&bed, good).await, is("sent", 1, None));
    assert_eq!(state(&bed, bad).await, is("pending", 1, Some("hindered")));
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
async fn a_refusal_is_final_for_the_message_and_passing_for_the_rest() {
    let accept = Script::ACCEPT;
    for (script, expected) in [
        (
            accept.but("RCPT", "550 unknown"),
            ("dead", "recipient_refused"),
        ),
        (accept.but("message", "554 no"), ("dead", "message_refused")),
        (accept.but("MAIL", "550 no"), ("dead", "message_refused")),
        (
            accept.but("RCPT", "450 later"),
            ("pending", "recipient_deferred"),
        ),
        (
            accept.but("message", "451 later"),
            ("pending", "message_deferred"),
        ),
        (accept.but("message", DROP), ("pending", "connection_lost")),
        (accept.but("greeting", DROP), ("pending", "unreachable")),
        (accept.but("AUTH", "535 no"), ("pending", "server_refused")),
    ] {
        let server = ScriptedSmtp::start(script).await;
        let (bed, mut worker) = by_smtp(&server).await;
        let (session, _) = bed.create(INVITED).await;
        work(&mut worker).await;
        assert_eq!(
            state(&bed, session).await,
            is(expected.0, 1, Some(expected.1))
        );
        let gave_up = bed
            .timeline(session)
            .await
            .contains(&"invitation.failed".to_owned());
        assert_eq!(gave_up, expected.0 == "dead", "{expected:?}");
        // Whatever it was, the next invitation finds its way once the server takes mail.
        server.follow(accept);
        bed.clock.advance(HOUR + HOUR / 10);
        let (next, _) = bed.create(INVITED).await;
        work(&mut worker).await;
        assert_eq!(delivery(&bed, next).await.state, "sent", "{expected:?}");
        let first = delivery(&bed, session).await.state;
        assert_eq!(first, if gave_up { "dead" } else { "sent" }, "{expected:?}");
    }
}

#[tokio::test]
async fn attempts_come_at_once_and_then_on_schedule_with_one_message_id() {
    let server = ScriptedSmtp::start(Script::ACCEPT.but("message", "451 later")).await;
    let (bed, mut worker) = by_smtp(&server).await;
    let (session, _) = bed.create(r#"{"send_email": true, "applicant_email": "a@example.com", "expires_in_minutes": 4320}"#).await;
    work(&mut worker).await;
    for (attempt, seconds) in (2..).zip([15, 60, 300, 900, 1_800, 3_600, 3_600]) {
        bed.clock.advance(seconds * 1_000 - 1);
        work(&mut worker).await;
        assert_eq!(
            delivery(&bed, session).await.attempts,
            attempt - 1,
            "before {seconds} s"
        );
        bed.clock.advance(seconds * 100 + 1);
        work(&mut worker).await;
        assert_eq!(
            delivery(&bed, session).await.attempts,
            attempt,
            "after {seconds} s"
        );
    }
    let messages = server.messages();
    assert_eq!(messages.len(), 8);
    assert!(
        messages
            .iter()
            .all(|message| message_id(message) == message_id(&messages[0]))
    );
}

#[tokio::test]
async fn a_lost_reply_is_tried_again_with_the_same_message_id() {
    let server = ScriptedSmtp::start(Script::ACCEPT.but("message", DROP)).await;
    let (bed, mut worker) = by_smtp(&server).await;
    let (session, _) = bed.create(INVITED).await;
    work(&mut worker).await;
    server.follow(Script::ACCEPT);
    bed.clock.advance(17_000);
    work(&mut worker).await;
    let messages = server.messages();
    assert_eq!(messages.len(), 2);
    assert_eq!(message_id(&messages[0]), message_id(&messages[1]));
    assert_eq!(state(&bed, session).await, is("sent", 2, None));
}

#[tokio::test]
async fn while_the_server_is_away_nothing_is_tried_and_then_all_goes_out_at_once() {
    for away in [
        Script::ACCEPT.but("greeting", "421 later"),
        Script::ACCEPT.but("AUTH", "535 no"),
    ] {
        let server = ScriptedSmtp::start(away).await;
        let (bed, mut worker) = by_smtp(&server).await;
        let (first, _) = bed.create(INVITED).await;
        work(&mut worker).await;
        let mut waiting = vec![first];
        for _ in 0..6 {
            bed.clock.advance(5 * MINUTE + MINUTE / 2);
            waiting.push(bed.create(INVITED).await.0);
            work(&mut worker).await;
        }
        // A pause asks the server whether it answers; it spends no attempt.
        assert_eq!(delivery(&bed, first).await.attempts, 1);
        assert_eq!(server.heard("MAIL"), 0);
        server.follow(Script::ACCEPT);
        bed.clock.advance(HOUR + HOUR / 10);
        work(&mut worker).await;
        assert_eq!(server.messages().len(), 7);
        for session in waiting {
            assert_eq!(delivery(&bed, session).await.state, "sent");
        }
    }
}

#[tokio::test]
async fn what_a_server_put_off_goes_out_with_the_next_message_that_it_takes() {
    let server = ScriptedSmtp::start(Script::ACCEPT.but("message", "452 full")).await;
    let (bed, mut worker) = by_smtp(&server).await;
    let (first, _) = bed.create(INVITED).await;
    for _ in 0..4 {
        work(&mut worker).await;
        bed.clock.advance(17 * MINUTE);
    }
    server.follow(Script::ACCEPT);
    bed.clock.advance(-10 * MINUTE);
    let attempts = delivery(&bed, first).await.attempts;
    assert_eq!(attempts, 4);
    let (second, _) = bed.create(INVITED).await;
    work(&mut worker).await;
    assert_eq!(state(&bed, second).await, is("sent", 1, None));
    assert_eq!(state(&bed, first).await, is("sent", 5, None));
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
async fn what_a_killed_server_left_behind_is_taken_up_at_the_next_start() {
    let bed = Bed::waiting().await;
    let (session, _) = bed.create(INVITED).await;
    lease(&bed).await;
    work(&mut mailbox_worker(&bed)).await;
    assert_eq!(state(&bed, session).await, is("leased", 1, None));
    let mut next = mailbox_worker(&bed);
    if bed.state.store.engine() == Engine::Postgres {
        // Another server may hold the lease, until it ends.
        next.start().await;
        work(&mut next).await;
        assert_eq!(state(&bed, session).await, is("leased", 1, None));
        bed.clock.advance(10 * MINUTE);
    }
    next.start().await;
    work(&mut next).await;
    assert_eq!(state(&bed, session).await, is("sent", 2, None));
}

#[tokio::test]
async fn what_takes_the_process_with_it_every_time_is_given_up() {
    let bed = Bed::waiting().await;
    let (session, _) = bed.create(INVITED).await;
    for _ in 0..5 {
        lease(&bed).await;
        bed.clock.advance(10 * MINUTE);
    }
    work(&mut mailbox_worker(&bed)).await;
    assert_eq!(state(&bed, session).await, is("dead", 6, Some("crashed")));
}

#[tokio::test]
async fn a_late_worker_cannot_end_an_attempt_that_is_no_longer_its_own() {
    let bed = Bed::waiting().await;
    let (session, _) = bed.create(INVITED).await;
    let late = lease(&bed).await;
    bed.clock.advance(10 * MINUTE);
    let current = lease(&bed).await;
    let now = bed.clock.now_ms();
    assert!(
        !bed.state
            .store
            .write(End(late, Ended::Dead("late"), now))
            .await
            .unwrap()
    );
    assert_eq!(delivery(&bed, session).await.state, "leased");
    assert!(
        bed.state
            .store
            .write(End(current.clone(), Ended::Sent, now))
            .await
            .unwrap()
    );
    assert!(
        !bed.state
            .store
            .write(End(current, Ended::Dead("again"), now))
            .await
            .unwrap()
    );
    assert_eq!(delivery(&bed, session).await.state, "sent");
}

#[tokio::test]
async fn an_attempt_keeps_its_lease_while_it_lasts_and_no_longer() {
    let bed = Bed::waiting().await;
    let (session, _) = bed.create(INVITED).await;
    let held = lease(&bed).await;
    for _ in 0..40 {
        bed.clock.advance(20 * 1_000);
        extend(&bed.state, &held).await;
        work(&mut mailbox_worker(&bed)).await;
        assert_eq!(state(&bed, session).await, is("leased", 1, None));
    }
    bed.clock.advance(LEASE_MS);
    let taken = lease(&bed).await;
    extend(&bed.state, &held).await;
    bed.clock.advance(5 * MINUTE);
    work(&mut mailbox_worker(&bed)).await;
    assert_eq!(state(&bed, session).await, is("sent", 3, None));
    assert_ne!(held.token, taken.token);
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

/// Leases what is due, and dies with it.
async fn lease(bed: &Bed) -> outbox::Leased {
    let now = bed.clock.now_ms();
    let lease = Lease {
        now,
        until: now + 5 * MINUTE,
        token: bed.clock.id(),
        limit: 10,
    };
    bed.state.store.write(lease).await.unwrap().remove(0)
}

pub(super) struct End(pub(super) outbox::Leased, pub(super) Ended, pub(super) i64);

impl Change for End {
    type Outcome = bool;

    async fn apply(self, conn: &mut sqlx::AnyConnection, _: Engine) -> Result<bool, StoreError> {
        outbox::end(conn, &self.0, self.1, self.2).await
    }
}

#[tokio::test]
async fn a_server_that_lets_us_in_and_takes_nothing_is_tried_ever_less_often() {
    let server = ScriptedSmtp::start(Script::ACCEPT.but("MAIL", "530 TLS first")).await;
    let (bed, mut worker) = by_smtp(&server).await;
    let body =
        r#"{"send_email": true, "applicant_email": "a@example.com", "expires_in_minutes": 4320}"#;
    bed.create(body).await;
    work(&mut worker).await;
    for (tried, seconds) in (1..).zip([15, 60, 300, 900, 1_800, 3_600, 3_600]) {
        bed.clock.advance(seconds * 1_000 - 1);
        work(&mut worker).await;
        assert_eq!(server.heard("MAIL"), tried, "before {seconds} s");
        bed.clock.advance(seconds * 100 + 1);
        work(&mut worker).await;
        assert_eq!(server.heard("MAIL"), tried + 1, "after {seconds} s");
    }
}
