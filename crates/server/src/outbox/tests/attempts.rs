//! When a delivery is tried again, and what a server says that ends it.

use super::*;

fn message_id(message: &str) -> &str {
    message
        .lines()
        .find_map(|line| line.strip_prefix("Message-ID: "))
        .unwrap()
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
        (accept.but("AUTH", "535 no"), ("pending", "sign_in_refused")),
        (
            accept.but("greeting", "554 no"),
            ("pending", "server_refused"),
        ),
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
