//! The worker's loop, and what it knows of the mail server.

use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::delivery::Post;
use super::lease::LEASE_MS;
use super::schedule;
use super::settle::{Heard, deliver};
use crate::app::AppState;
use crate::invitations::Failure;
use crate::store::StoreError;
use crate::store::outbox::{self, Lease, Reclaim, Release};
use crate::telemetry;

/// Deliveries under way at once, and so the most duplicates that a crash can cause.
const IN_FLIGHT: usize = 4;
/// A look at the table when nothing else calls for one: another server may have died with rows leased.
const IDLE_MS: i64 = 20_000;
/// How long a stop waits for what is under way.
const GRACE: Duration = Duration::from_secs(5);
/// A look after the store could not answer.
const TROUBLE_MS: i64 = 1_000;
/// What a server answered with "later" goes out early at most so often.
const RELEASE_EVERY_MS: i64 = 60_000;

/// A server that cannot be used: nothing is tried until it answers a probe.
#[derive(Debug, Clone, Copy)]
struct Pause {
    failure: Failure,
    probe_at: i64,
}

pub(super) struct Worker {
    state: AppState,
    post: Post,
    pause: Option<Pause>,
    /// Failures of the server since it last answered for a message. A probe that succeeds forgives none: a server may
    /// let us in and still take nothing.
    failures: i64,
    /// Whether something waits that the server, not the recipient, held up.
    waiting: bool,
    released_at: i64,
}

impl Worker {
    pub(super) fn new(state: AppState, post: Post) -> Self {
        Self {
            state,
            post,
            pause: None,
            failures: 0,
            waiting: false,
            released_at: i64::MIN,
        }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut running = JoinSet::new();
        let work = async {
            self.start().await;
            loop {
                let wait = self.step(&mut running).await;
                tokio::select! {
                    Some(done) = running.join_next() => self.hear(done).await,
                    () = self.state.outbox_wake.notified() => {}
                    () = sleep(wait) => {}
                }
            }
        };
        stop.run_until_cancelled(work).await;
        let under_way = async { while running.join_next().await.is_some() {} };
        let _ = timeout(GRACE, under_way).await;
    }

    /// A new start: what an earlier run left behind is due, and a server that was away may be there.
    pub(super) async fn start(&mut self) {
        let now = self.state.clock.now_ms();
        let taken_up = self.state.store.write(Reclaim { now }).await;
        let released = self.state.store.write(Release { now }).await;
        if let Err(error) = taken_up.and(released) {
            tracing::warn!(%error, "what waits in the outbox could not be taken up at once");
        }
    }

    /// Starts what is due, and says how long there is nothing to do.
    pub(super) async fn step(&mut self, running: &mut JoinSet<Heard>) -> Duration {
        match self.try_step(running).await {
            Ok(next_at) => {
                let now = self.state.clock.now_ms();
                let wait = next_at.saturating_sub(now).clamp(0, IDLE_MS);
                Duration::from_millis(wait.unsigned_abs())
            }
            Err(error) => {
                tracing::warn!(%error, "the outbox could not be looked at");
                Duration::from_millis(TROUBLE_MS.unsigned_abs())
            }
        }
    }

    async fn try_step(&mut self, running: &mut JoinSet<Heard>) -> Result<i64, StoreError> {
        if let Some(pause) = self.pause {
            let left = pause.probe_at - self.state.clock.now_ms();
            if (1..=schedule::LONGEST_WAIT_MS).contains(&left) {
                return Ok(pause.probe_at);
            }
            self.probe().await;
            if let Some(pause) = self.pause {
                return Ok(pause.probe_at);
            }
        }
        let now = self.state.clock.now_ms();
        let free = IN_FLIGHT.saturating_sub(running.len());
        if free == 0 {
            return Ok(i64::MAX);
        }
        let next_at = self
            .state
            .store
            .read(outbox::next_due)
            .await?
            .unwrap_or(i64::MAX);
        if next_at > now {
            return Ok(next_at);
        }
        let lease = Lease {
            now,
            until: now + LEASE_MS,
            token: self.state.clock.id(),
            limit: i64::try_from(free).unwrap_or(1),
        };
        let leased = self.state.store.write(lease).await?;
        for lease in leased {
            let span = telemetry::delivery(&lease);
            let delivering = deliver(self.state.clone(), self.post.clone(), lease);
            running.spawn(delivering.instrument(span));
        }
        Ok(now)
    }

    /// Asks a server that could not be used whether it can be now.
    async fn probe(&mut self) {
        // Boxed, since a dialogue's future is large and this one waits in the worker's own.
        match Box::pin(self.post.probe()).await {
            Ok(()) => {
                tracing::info!("the mail server answers again");
                self.pause = None;
                self.release().await;
            }
            Err(failure) => self.rest(failure),
        }
    }

    fn rest(&mut self, failure: Failure) {
        self.failures += 1;
        let random = self.state.clock.random();
        let wait = match failure {
            Failure::Unreachable => schedule::probe_wait(self.failures, random),
            // What only its operator can mend is not asked about every minute: too many failed log-ins lock accounts.
            _ => schedule::wait(self.failures, random),
        };
        tracing::error!(
            reason = failure.as_str(),
            seconds = wait / 1_000,
            remedy = failure.remedy(),
            "the mail server cannot be used; invitations wait and it is asked again"
        );
        let probe_at = self.state.clock.now_ms() + wait;
        self.pause = Some(Pause { failure, probe_at });
    }

    pub(super) async fn hear(&mut self, done: Result<Heard, JoinError>) {
        match done.unwrap_or(Heard::Nothing) {
            Heard::Nothing => {}
            Heard::Later => self.waiting = true,
            Heard::Away(failure) => {
                self.waiting = true;
                if self.pause.is_none_or(|pause| pause.failure != failure) {
                    self.rest(failure);
                }
            }
            Heard::Answer => {
                self.failures = 0;
                let now = self.state.clock.now_ms();
                if self.waiting && now.saturating_sub(self.released_at) >= RELEASE_EVERY_MS {
                    self.release().await;
                }
            }
        }
    }

    /// What waits for the server goes out without waiting further.
    async fn release(&mut self) {
        let now = self.state.clock.now_ms();
        match self.state.store.write(Release { now }).await {
            Ok(()) => {
                self.waiting = false;
                self.released_at = now;
            }
            Err(error) => {
                tracing::warn!(%error, "what waits for the mail server could not be released");
            }
        }
    }
}
