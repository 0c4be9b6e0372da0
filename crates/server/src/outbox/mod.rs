//! The one worker that delivers what was queued: it leases, tries, backs off and gives up loudly.
//!
//! Delivery is at least once, with one Message-ID over all attempts. A row is leased in a transaction of its own, no
//! transaction is open while a server is spoken to, and the end of an attempt is written only by who still holds the
//! lease. What the embedded mailbox keeps needs no lease: it is kept in the transaction that says so.

#[cfg(test)]
mod clock_tests;
mod delivery;
mod keep;
mod lease;
mod schedule;
mod settle;
#[cfg(test)]
mod tests;
mod worker;

use tokio_util::sync::CancellationToken;

use crate::app::AppState;
use delivery::Post;
pub(crate) use schedule::LONGEST_WAIT_MS;
use worker::Worker;

/// Delivers until `stop` is cancelled, and then until what is under way has ended or a few seconds have passed. What is
/// left is taken up at the next start. A notification of `outbox_wake`, after a commit, has it look at once.
pub async fn run(state: AppState, stop: CancellationToken) {
    let post = Post::of(&state.config.mail);
    Worker::new(state, post).run(stop).await;
}

/// Delivers until nothing is due, without a loop of its own.
#[cfg(test)]
pub(crate) async fn deliver_due(state: &AppState) {
    let post = Post::of(&state.config.mail);
    tests::work(&mut Worker::new(state.clone(), post)).await;
}
