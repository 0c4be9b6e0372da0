//! Clocks that are set back, and clocks of two servers that differ.

use super::lease::LEASE_MS;
use super::tests::{End, HOUR, INVITED, MINUTE, by_smtp, is, mailbox_worker, state, work};
use crate::invitations::scripted_smtp::{Script, ScriptedSmtp};
use crate::store::outbox::{Ended, Lease, Leased};
use crate::test_bed::Bed;
use crate::upkeep;

/// Leases what is due by a clock that is so far ahead of the bed's, until `until` by the bed's.
async fn lease(bed: &Bed, ahead: i64, until: i64) -> Vec<Leased> {
    let now = bed.clock.now_ms();
    let lease = Lease {
        now: now + ahead,
        until: now + until,
        token: bed.clock.id(),
        limit: 10,
    };
    bed.state.store.write(lease).await.unwrap()
}

#[tokio::test]
async fn a_clock_that_was_set_back_keeps_no_mail_and_no_server_waiting() {
    let server = ScriptedSmtp::start(Script::ACCEPT.but("greeting", "421 later")).await;
    let (bed, mut worker) = by_smtp(&server).await;
    let (put_off, _) = bed.create(INVITED).await;
    work(&mut worker).await;
    assert_eq!(state(&bed, put_off).await.0, "pending");
    let (left, _) = bed.create(INVITED).await;
    assert_eq!(lease(&bed, 0, LEASE_MS).await.len(), 1);
    server.follow(Script::ACCEPT);
    bed.clock.advance(-12 * HOUR);

    upkeep::hurry_deliveries(&bed.state).await.unwrap();
    work(&mut worker).await;
    for session in [put_off, left] {
        assert_eq!(state(&bed, session).await, is("sent", 2, None));
    }
}

#[tokio::test]
async fn what_is_put_off_for_as_long_as_any_wait_stays_so() {
    let bed = Bed::waiting().await;
    let (session, _) = bed.create(INVITED).await;
    let leased = lease(&bed, 0, LEASE_MS).await.remove(0);
    let next_at = bed.clock.now_ms() + 66 * MINUTE;
    let error = "recipient_deferred";
    let later = End(leased, Ended::Retry { next_at, error }, 0);
    assert!(bed.state.store.write(later).await.unwrap());
    upkeep::hurry_deliveries(&bed.state).await.unwrap();
    work(&mut mailbox_worker(&bed)).await;
    assert_eq!(state(&bed, session).await, is("pending", 1, Some(error)));
    bed.clock.advance(-1);
    upkeep::hurry_deliveries(&bed.state).await.unwrap();
    work(&mut mailbox_worker(&bed)).await;
    assert_eq!(state(&bed, session).await, is("sent", 2, None));
}

/// What docs/scaling.md says: a lease that is about to be extended has 20 seconds left.
#[tokio::test]
async fn a_server_whose_clock_is_less_than_20_seconds_ahead_leaves_a_lease_alone() {
    let bed = Bed::waiting().await;
    let (session, _) = bed.create(INVITED).await;
    let held = lease(&bed, 0, LEASE_MS - 10_000).await.remove(0);
    assert_eq!(lease(&bed, 19_999, LEASE_MS).await, []);
    // Further ahead, it sends a second time; one of both counts.
    let taken = lease(&bed, 20_000, LEASE_MS).await.remove(0);
    let now = bed.clock.now_ms();
    let late = bed.state.store.write(End(held, Ended::Sent, now)).await;
    assert_eq!(late, Ok(false));
    let counts = bed.state.store.write(End(taken, Ended::Sent, now)).await;
    assert_eq!(counts, Ok(true));
    assert_eq!(state(&bed, session).await, is("sent", 2, None));
}
