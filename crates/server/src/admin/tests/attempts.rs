//! Attempts to sign in that something comes between: a new password, a wrong clock, a client that hangs up.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use tokio::task::yield_now;

use super::*;
use crate::admin::FORGOTTEN_MS;
use crate::admin::sign_in::{Enter, Proof};
use crate::store::sign_ins::SignInRow;
use crate::store::upkeep::PurgeFailures;
use crate::upkeep;

const WRONG: &str = "wrong wrong wrong wrong";

#[tokio::test]
async fn a_password_that_was_changed_since_it_was_compared_lets_nobody_in() {
    let (bed, _) = with_owner().await;
    let find =
        async |conn: &mut AnyConnection| users::find_by_email(conn, "jane@example.com").await;
    let user = bed.state.store.read(find).await.unwrap().unwrap();
    let enter = |token_hash| Enter {
        row: SignInRow {
            token_hash,
            user: user.id,
            organization: user.organization,
            created_at: bed.clock.now_ms(),
            last_seen_at: bed.clock.now_ms(),
            expires_at: bed.clock.now_ms() + HOUR,
            revoked_at: None,
        },
        account_hash: [0; 32],
        proof: Proof::Password(user.password_hash.clone().unwrap()),
    };
    assert!(bed.state.store.write(enter([1; 32])).await.unwrap());
    let reset = AddUser(None, link(&bed, user.id, "reset"));
    bed.state.store.write(reset).await.unwrap();
    let new = "another horse battery staple";
    assert_eq!(by_link(&bed, "reset", new).await.status, 200);
    assert!(!bed.state.store.write(enter([2; 32])).await.unwrap());
    assert_eq!(sign_in(&bed, "jane@example.com", new).await.status, 200);
}

#[tokio::test]
async fn failures_under_a_clock_that_was_ahead_lock_nobody_out() {
    let (bed, _) = with_owner().await;
    bed.clock.advance(6 * HOUR);
    for _ in 0..5 {
        let reply = sign_in(&bed, "jane@example.com", WRONG).await;
        assert_eq!(reply.status, 401);
    }
    bed.clock.advance(-6 * HOUR);
    let reply = sign_in(&bed, "jane@example.com", PASSWORD).await;
    assert_eq!(reply.header("retry-after"), "1", "{}", reply.text);
    bed.clock.advance(1_000);
    let reply = sign_in(&bed, "jane@example.com", PASSWORD).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

#[tokio::test]
async fn who_hangs_up_has_tried_all_the_same() {
    let (bed, _) = with_owner().await;
    for _ in 0..5 {
        {
            let mut attempt = pin!(sign_in(&bed, "jane@example.com", WRONG));
            loop {
                let polled = poll_fn(|context| Poll::Ready(attempt.as_mut().poll(context))).await;
                assert!(polled.is_pending(), "answered at once");
                // Looked at before anything else runs: its task cannot have ended.
                if !bed.state.tasks.is_empty() {
                    break;
                }
                yield_now().await;
            }
        }
        bed.finish_tasks().await;
    }
    assert_eq!(
        sign_in(&bed, "jane@example.com", PASSWORD).await.status,
        429
    );
}

#[tokio::test]
async fn invented_addresses_are_forgotten_after_a_day() {
    let (bed, _) = with_owner().await;
    for number in 0..3 {
        sign_in(&bed, &format!("nobody-{number}@example.com"), WRONG).await;
    }
    bed.clock.advance(FORGOTTEN_MS - 1);
    upkeep::purge_failures(&bed.state).await.unwrap();
    sign_in(&bed, "late@example.com", WRONG).await;
    bed.clock.advance(1);
    let purge = PurgeFailures {
        before: bed.clock.now_ms() - FORGOTTEN_MS,
        limit: 2,
    };
    assert_eq!(bed.state.store.write(purge).await.unwrap(), 2);
    assert_eq!(bed.state.store.write(purge).await.unwrap(), 1);
    assert_eq!(bed.state.store.write(purge).await.unwrap(), 0);
}
