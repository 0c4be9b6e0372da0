//! The task that owns the one connection that writes.

use std::any::Any;
use std::pin::Pin;
use std::time::Duration;

use sqlx::{AnyConnection, AnyPool, Connection};
use tokio::sync::{mpsc, oneshot};
use tracing::Span;

use super::batch::{Batch, Progress};
use super::create_session::{CreateSession, Created};
use super::engine::{Address, Checkpoints, Engine, Statistics, Transaction};
use super::lately_read::{LatelyRead, Reshown};
use super::{Change, StoreError};
use crate::metrics::StoreMetrics;
use crate::telemetry;

/// Changes that share one commit, at most. What waits while one batch is made durable is the next.
pub(super) const BATCH: usize = 64;

/// How often a batch lets others that are ready run before it begins.
const GATHERINGS: usize = 3;

pub(super) type Applying<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A change with the one who waits for it, whatever its type.
pub(super) trait Job: Send {
    /// Applies the change and keeps its outcome.
    fn apply<'a>(&'a mut self, conn: &'a mut AnyConnection, engine: Engine) -> Applying<'a, ()>;

    /// The creation that it is, if it is one and has not been applied: creations are applied together.
    fn creation(&self) -> Option<&CreateSession> {
        None
    }

    /// Keeps that its creation was written with others.
    fn set_created(&mut self) {}

    /// Goes on to another stage, in the trace of the request that it belongs to.
    fn enter(&mut self, _stage: &'static str) {}

    /// Which sessions it has shown otherwise.
    fn reshown(&mut self) -> Reshown {
        Reshown::None
    }

    /// Tells the outcome, or that there is none.
    fn answer(self: Box<Self>, durable: Result<(), StoreError>);

    /// Whether the writer ends after what came before.
    fn is_stop(&self) -> bool {
        false
    }
}

/// A change that waits.
pub(super) struct Pending<C: Change> {
    change: Option<C>,
    outcome: Option<C::Outcome>,
    reshows: Reshown,
    reply: oneshot::Sender<Result<C::Outcome, StoreError>>,
    /// The span that was current where the change came from, and that of the stage in it.
    asked: Span,
    stage: Span,
}

impl<C: Change> Pending<C> {
    pub(super) fn new(change: C, reply: oneshot::Sender<Result<C::Outcome, StoreError>>) -> Self {
        Self {
            reshows: change.reshows(),
            change: Some(change),
            outcome: None,
            reply,
            asked: Span::current(),
            stage: telemetry::step("queue"),
        }
    }
}

impl<C: Change> Job for Pending<C> {
    fn apply<'a>(&'a mut self, conn: &'a mut AnyConnection, engine: Engine) -> Applying<'a, ()> {
        Box::pin(async move {
            if let Some(change) = self.change.take() {
                self.outcome = Some(change.apply(conn, engine).await?);
            }
            Ok(())
        })
    }

    fn creation(&self) -> Option<&CreateSession> {
        let change: &dyn Any = &self.change;
        change.downcast_ref::<Option<CreateSession>>()?.as_ref()
    }

    fn set_created(&mut self) {
        let outcome: &mut dyn Any = &mut self.outcome;
        if let Some(outcome) = outcome.downcast_mut::<Option<Created>>() {
            *outcome = Some(Created::New);
            self.change = None;
        }
    }

    fn enter(&mut self, stage: &'static str) {
        self.stage = telemetry::step_of(&self.asked, stage);
    }

    fn reshown(&mut self) -> Reshown {
        let announced = std::mem::replace(&mut self.reshows, Reshown::Any);
        match &self.outcome {
            Some(outcome) => C::has_reshown(announced, outcome),
            None => announced,
        }
    }

    fn answer(self: Box<Self>, durable: Result<(), StoreError>) {
        let Self {
            outcome,
            reply,
            asked,
            stage,
            ..
        } = *self;
        let answer = durable.and_then(|()| {
            outcome.ok_or_else(|| StoreError::Internal("a change was not applied".to_owned()))
        });
        // Before the request can go on, or end: its stages lie within it.
        drop((stage, asked));
        // Nobody may be left to hear it: the client hung up, and the work is done all the same.
        let _ = reply.send(answer);
    }
}

/// How long PostgreSQL may take to begin a transaction. A server that vanished is not noticed otherwise: the system waits a
/// quarter of an hour for it.
const STEP: Duration = Duration::from_secs(10);

/// How long it may take for a whole one; what waits for a lock is refused within seconds.
const WHOLE: Duration = Duration::from_secs(30);

/// Ends the writer.
pub(super) struct Stop;

impl Job for Stop {
    fn apply<'a>(&'a mut self, _: &'a mut AnyConnection, _: Engine) -> Applying<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn answer(self: Box<Self>, _: Result<(), StoreError>) {}

    fn is_stop(&self) -> bool {
        true
    }
}

/// The task's state.
pub(super) struct Writer {
    address: Address,
    /// None after trouble that leaves its state in doubt; the next batch connects anew.
    conn: Option<AnyConnection>,
    queue: mpsc::Receiver<Box<dyn Job>>,
    /// Changes that share one commit, at most.
    limit: usize,
    metrics: StoreMetrics,
    lately_read: LatelyRead,
    checkpoints: Checkpoints,
    statistics: Statistics,
    /// Whether the last change came alone.
    was_alone: bool,
}

impl Writer {
    /// A writer on a connection that nobody uses yet.
    pub(super) async fn new(
        address: Address,
        mut conn: AnyConnection,
        queue: mpsc::Receiver<Box<dyn Job>>,
        limit: usize,
        metrics: StoreMetrics,
        lately_read: LatelyRead,
        readers: &AnyPool,
    ) -> Result<Self, StoreError> {
        Checkpoints::take_over(&mut conn, address.engine).await?;
        lately_read.changed(&[], &mut conn).await;
        Ok(Self {
            statistics: Statistics::new(address.engine, readers),
            address,
            conn: Some(conn),
            queue,
            limit,
            metrics,
            lately_read,
            checkpoints: Checkpoints::default(),
            was_alone: true,
        })
    }

    /// Runs until a [`Stop`] comes or nobody can send any more.
    pub(super) async fn run(mut self) {
        let mut jobs = Vec::with_capacity(self.limit);
        while self.queue.recv_many(&mut jobs, self.limit).await > 0 {
            self.gather(&mut jobs).await;
            let stop = jobs.iter().any(|job| job.is_stop());
            for job in self.write(std::mem::take(&mut jobs)).await {
                self.write(vec![job]).await;
            }
            if stop {
                // What is sent from now on finds the queue closed.
                self.queue.close();
            }
        }
        if let Some(conn) = self.conn.take() {
            let _ = conn.close().await;
        }
    }

    /// Takes in what comes in a moment. While a batch was made durable its answers waited, and as those go out, the next
    /// requests of the same callers come in: whoever is ready to run does so first. A change that came alone, after one that
    /// did, has nobody to wait for. Every page that a batch touches is written once for all of it, so that a larger one
    /// costs less.
    async fn gather(&mut self, jobs: &mut Vec<Box<dyn Job>>) {
        let is_alone = jobs.len() < 2;
        if std::mem::replace(&mut self.was_alone, is_alone) && is_alone {
            return;
        }
        for _ in 0..GATHERINGS {
            tokio::task::yield_now().await;
            while jobs.len() < self.limit
                && let Ok(job) = self.queue.try_recv()
            {
                jobs.push(job);
            }
        }
        self.was_alone = jobs.len() < 2;
    }

    /// Connects anew, after trouble.
    async fn connect(&mut self) -> Result<AnyConnection, StoreError> {
        let engine = self.address.engine;
        let connecting = async {
            let mut conn = self.address.writer().await?;
            Checkpoints::take_over(&mut conn, engine).await?;
            Ok::<_, StoreError>(conn)
        };
        let conn = engine.in_time(STEP, connecting).await?;
        // Another connection counts anew what others have written.
        self.lately_read.forget();
        Ok(conn)
    }

    /// Writes these in one transaction and answers them, but those that must have one of their own: they are returned.
    async fn write(&mut self, jobs: Vec<Box<dyn Job>>) -> Vec<Box<dyn Job>> {
        let engine = self.address.engine;
        let mut batch = Batch::of(jobs);
        loop {
            let (mut conn, is_new) = match self.conn.take() {
                Some(conn) => (conn, false),
                None => match self.connect().await {
                    Ok(conn) => (conn, true),
                    Err(error) => return batch.refuse(&error),
                },
            };
            let beginning = Transaction::begin(&mut conn, engine);
            let transaction = match engine.in_time(STEP, beginning).await {
                Ok(transaction) => transaction,
                Err(error) => {
                    // The server may have ended an idle connection; nothing has been tried yet.
                    if engine == Engine::Postgres && !is_new {
                        continue;
                    }
                    return batch.refuse(&unavailable(&error));
                }
            };
            let writing = batch.write(transaction, engine, &self.metrics);
            return match engine.in_time(WHOLE, writing).await {
                Ok(Progress::Again) => {
                    self.conn = Some(conn);
                    continue;
                }
                Ok(Progress::Ended) => {
                    let changes = batch.applied.len();
                    let reshown: Vec<_> =
                        batch.applied.iter_mut().map(|job| job.reshown()).collect();
                    self.lately_read.changed(&reshown, &mut conn).await;
                    for job in batch.applied {
                        job.answer(Ok(()));
                    }
                    self.checkpoints.after(changes, &mut conn, engine).await;
                    self.statistics.after(changes);
                    if batch.met_trouble {
                        // A session that cannot write, say, stays like that though the database can.
                        let _ = conn.close().await;
                    } else {
                        self.conn = Some(conn);
                    }
                    batch.alone
                }
                Err(error) => {
                    tracing::error!(%error, "a write transaction failed");
                    // Whatever it still has open is rolled back with it.
                    let _ = engine.in_time(STEP, conn.close()).await;
                    let end = batch.end(&error, engine);
                    batch.refuse(&end)
                }
            };
        }
    }
}

fn unavailable(error: &sqlx::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

#[cfg(test)]
mod tests;
