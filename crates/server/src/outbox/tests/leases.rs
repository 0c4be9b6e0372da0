//! Workers that die, come late or take long.

use super::*;

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
