//! The task that owns the one connection that writes.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

use sqlx::{Any, AnyConnection, Connection, Transaction};
use tokio::sync::{mpsc, oneshot};

use super::engine::{Address, Engine};
use super::{Change, StoreError};

/// Changes that share one commit, at most. What waits while one batch is made durable is the next.
const BATCH: usize = 32;

type Applying<'a> = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>>;

/// A change with the one who waits for it, whatever its type.
pub(super) trait Job: Send {
    /// Applies the change and keeps its outcome.
    fn apply<'a>(&'a mut self, conn: &'a mut AnyConnection, engine: Engine) -> Applying<'a>;

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
    reply: oneshot::Sender<Result<C::Outcome, StoreError>>,
}

impl<C: Change> Pending<C> {
    pub(super) const fn new(
        change: C,
        reply: oneshot::Sender<Result<C::Outcome, StoreError>>,
    ) -> Self {
        Self {
            change: Some(change),
            outcome: None,
            reply,
        }
    }
}

impl<C: Change> Job for Pending<C> {
    fn apply<'a>(&'a mut self, conn: &'a mut AnyConnection, engine: Engine) -> Applying<'a> {
        Box::pin(async move {
            if let Some(change) = self.change.take() {
                self.outcome = Some(change.apply(conn, engine).await?);
            }
            Ok(())
        })
    }

    fn answer(self: Box<Self>, durable: Result<(), StoreError>) {
        let Self { outcome, reply, .. } = *self;
        let answer = durable.and_then(|()| {
            outcome.ok_or_else(|| StoreError::Internal("a change was not applied".to_owned()))
        });
        // Nobody may be left to hear it: the client hung up, and the work is done all the same.
        let _ = reply.send(answer);
    }
}

/// Ends the writer.
pub(super) struct Stop;

impl Job for Stop {
    fn apply<'a>(&'a mut self, _: &'a mut AnyConnection, _: Engine) -> Applying<'a> {
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
}

impl Writer {
    pub(super) const fn new(
        address: Address,
        conn: AnyConnection,
        queue: mpsc::Receiver<Box<dyn Job>>,
    ) -> Self {
        Self {
            address,
            conn: Some(conn),
            queue,
        }
    }

    /// Runs until a [`Stop`] comes or nobody can send any more.
    pub(super) async fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH);
        while self.queue.recv_many(&mut batch, BATCH).await > 0 {
            let stop = batch.iter().any(|job| job.is_stop());
            self.write(std::mem::take(&mut batch)).await;
            if stop {
                // What is sent from now on finds the queue closed.
                self.queue.close();
            }
        }
        if let Some(conn) = self.conn.take() {
            let _ = conn.close().await;
        }
    }

    async fn write(&mut self, batch: Vec<Box<dyn Job>>) {
        let engine = self.address.engine;
        loop {
            let (mut conn, is_new) = match self.conn.take() {
                Some(conn) => (conn, false),
                None => match self.address.writer().await {
                    Ok(conn) => (conn, true),
                    Err(error) => return refuse(batch, &error),
                },
            };
            let transaction = match conn.begin_with(engine.begin()).await {
                Ok(transaction) => transaction,
                Err(error) => {
                    // The server may have ended an idle connection; nothing has been tried yet.
                    if engine == Engine::Postgres && !is_new {
                        continue;
                    }
                    return refuse(batch, &unavailable(&error));
                }
            };
            let mut applied = Vec::with_capacity(batch.len());
            match write_batch(transaction, engine, batch, &mut applied).await {
                Ok(()) => {
                    self.conn = Some(conn);
                    for job in applied {
                        job.answer(Ok(()));
                    }
                }
                Err(error) => {
                    tracing::error!(%error, changes = applied.len(), "a write transaction failed");
                    refuse(applied, &unavailable(&error));
                    // Whatever it still has open is rolled back with it.
                    let _ = conn.close().await;
                }
            }
            return;
        }
    }
}

/// Applies all changes in one transaction and commits it. A change that fails is undone and answered by itself; an
/// error of the whole leaves in `applied` all those that nobody has answered.
async fn write_batch(
    mut transaction: Transaction<'_, Any>,
    engine: Engine,
    batch: Vec<Box<dyn Job>>,
    applied: &mut Vec<Box<dyn Job>>,
) -> Result<(), sqlx::Error> {
    let mut jobs = batch.into_iter();
    while let Some(mut job) = jobs.next() {
        let tried = async {
            let mut savepoint = transaction.begin().await?;
            let result = unpanicked(job.apply(&mut savepoint, engine)).await;
            match result {
                Ok(()) => savepoint.commit().await?,
                Err(_) => savepoint.rollback().await?,
            }
            Ok::<_, sqlx::Error>(result)
        }
        .await;
        match tried {
            Ok(Ok(())) => applied.push(job),
            Ok(Err(error)) => job.answer(Err(error)),
            Err(error) => {
                applied.push(job);
                applied.extend(jobs);
                return Err(error);
            }
        }
    }
    transaction.commit().await
}

fn unavailable(error: &sqlx::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

fn refuse(jobs: Vec<Box<dyn Job>>, error: &StoreError) {
    for job in jobs {
        job.answer(Err(error.clone()));
    }
}

/// Runs a change and turns a panic in it into an error.
async fn unpanicked(mut applying: Applying<'_>) -> Result<(), StoreError> {
    poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| applying.as_mut().poll(context))).unwrap_or_else(|_| {
            Poll::Ready(Err(StoreError::Internal("a change panicked".to_owned())))
        })
    })
    .await
}
