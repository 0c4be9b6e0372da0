//! The one worker that delivers what was queued: it leases, tries, backs off and gives up loudly.
//!
//! Delivery is at least once, with one Message-ID over all attempts. A row is leased in a transaction of its own, no
//! transaction is open while a server is spoken to, and the end of an attempt is written only by who still holds the
//! lease. Where there is no server, a creation gives its invitation to the embedded mailbox itself; what waits all the same,
//! of a time with a server, goes there by the worker.

#[cfg(test)]
mod clock_tests;
mod delivery;
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

/// Gives the embedded mailbox what waits, without a loop of its own.
#[cfg(test)]
pub(crate) async fn keep_due(state: &AppState) {
    let post = Post::of(&crate::config::MailConfig::mailbox(None));
    tests::work(&mut Worker::new(state.clone(), post)).await;
}
