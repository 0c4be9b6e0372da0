//! Reads of one session that wait together share a query: what a statement costs to hand to the database and back is
//! most of such a read.
//!
//! A read that comes while no turn is free waits for one that is, with all that came meanwhile; one that comes alone has
//! the turn itself, at once and where it stands, and leaves those that came meanwhile to another. No answer is kept: a
//! query begins after all that it answers were asked for, so that each sees what was answered before.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use sqlx::any::AnyRow;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::shown_session::{self, ShownSession, Which};
use super::{Engine, StoreError, stopped};
use crate::metrics::StoreMetrics;

/// Reads that share a query, at most.
const TOGETHER: usize = 32;

/// Reads that may wait; one more is refused at once. More than there are connections, so that it is never met.
const QUEUE: usize = 4_096;

type Found = Result<Option<AnyRow>, StoreError>;

/// The reads of single sessions. Clones share it.
#[derive(Clone)]
pub(super) struct SharedReads(Arc<Shared>);

struct Shared {
    readers: AnyPool,
    metrics: StoreMetrics,
    runtime: Handle,
    /// Turns at once, at most.
    turns: usize,
    queue: Mutex<Queue>,
    /// The connection of the last turn, for the next: the pool looks at each one that is given back to it.
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    conn: Option<PoolConnection<Any>>,
    /// Whether one may wait here.
    is_kept: bool,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// Turns that run.
    running: usize,
}

struct Waiting {
    which: Which,
    began: Instant,
    reply: oneshot::Sender<Found>,
}

impl SharedReads {
    /// With so many queries at once, at most.
    pub(super) fn new(readers: AnyPool, metrics: StoreMetrics, engine: Engine) -> Self {
        Self(Arc::new(Shared {
            readers,
            metrics,
            runtime: Handle::current(),
            turns: engine.shared_reads(),
            queue: Mutex::default(),
            idle: Mutex::new(Idle {
                conn: None,
                is_kept: engine.keeps_connections(),
            }),
        }))
    }

    /// Gives back the connection that waits for the next turn; from here on none does.
    pub(super) fn close(&self) {
        let mut idle = self.0.idle();
        idle.is_kept = false;
        idle.conn = None;
    }

    /// The session, if there is one.
    ///
    /// # Errors
    /// Those of the database, which all reads of a query share; [`StoreError::Corrupt`] for its own row alone.
    pub(super) async fn find(&self, which: Which) -> Result<Option<ShownSession>, StoreError> {
        let row = match self.ask(which)? {
            Asked::Turn(turn) => turn.run_alone(which).await?,
            Asked::Waits(answer) => answer.await.unwrap_or_else(|_| Err(stopped()))?,
        };
        row.as_ref()
            .map(|row| shown_session::read(which, row))
            .transpose()
    }

    fn ask(&self, which: Which) -> Result<Asked, StoreError> {
        let mut queue = self.0.queue();
        if queue.running < self.0.turns {
            queue.running += 1;
            return Ok(Asked::Turn(Turn::new(&self.0)));
        }
        if queue.waiting.len() >= QUEUE {
            return Err(StoreError::Busy);
        }
        let (reply, answer) = oneshot::channel();
        queue.waiting.push_back(Waiting {
            which,
            began: Instant::now(),
            reply,
        });
        Ok(Asked::Waits(answer))
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connection(&self) -> Result<PoolConnection<Any>, StoreError> {
        let idle = self.idle().conn.take();
        Ok(match idle {
            Some(conn) => conn,
            None => self.readers.acquire().await?,
        })
    }

    /// Keeps a connection for the next turn, or gives it back.
    fn put_back(&self, conn: PoolConnection<Any>) {
        let mut idle = self.idle();
        if idle.is_kept && idle.conn.is_none() {
            idle.conn = Some(conn);
        }
    }
}

/// What comes of asking.
enum Asked {
    /// A turn was free.
    Turn(Turn),
    /// Another one's turn will answer.
    Waits(oneshot::Receiver<Found>),
}

/// The right to query. While there is one, whoever waits is answered: one that ends before its time (its client hung up,
/// a panic) hands on to another.
struct Turn {
    shared: Arc<Shared>,
    /// Whether it has come to run: where it has not, the runtime has ended.
    has_begun: bool,
}

impl Turn {
    fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
            has_begun: false,
        }
    }

    /// Answers whoever has the turn.
    async fn run_alone(mut self, which: Which) -> Found {
        self.has_begun = true;
        let began = Instant::now();
        let mut conn = self.shared.connection().await?;
        self.shared.metrics.got_reader(began.elapsed());
        self.shared.metrics.queried(1);
        let rows = shown_session::rows_of(&mut conn, &[which]).await?;
        self.shared.put_back(conn);
        Ok(rows.into_iter().next().flatten())
    }

    /// Answers those that wait until nobody does.
    async fn run(mut self) {
        self.has_begun = true;
        let mut conn = None;
        loop {
            let batch = self.next();
            if batch.is_empty() {
                break;
            }
            let whiches: Vec<Which> = batch.iter().map(|waiting| waiting.which).collect();
            match self.query(&mut conn, &batch, &whiches).await {
                Ok(rows) => {
                    for (waiting, row) in batch.into_iter().zip(rows) {
                        // Nobody may be left to hear it: the client hung up.
                        let _ = waiting.reply.send(Ok(row));
                    }
                }
                Err(error) => {
                    // The next ones get a connection that the pool has looked at.
                    conn = None;
                    for waiting in batch {
                        let _ = waiting.reply.send(Err(error.clone()));
                    }
                }
            }
        }
        if let Some(conn) = conn {
            self.shared.put_back(conn);
        }
    }

    /// Those whose turn it is.
    fn next(&self) -> Vec<Waiting> {
        let mut queue = self.shared.queue();
        let count = queue.waiting.len().min(TOGETHER);
        queue.waiting.drain(..count).collect()
    }

    async fn query(
        &self,
        conn: &mut Option<PoolConnection<Any>>,
        batch: &[Waiting],
        whiches: &[Which],
    ) -> Result<Vec<Option<AnyRow>>, StoreError> {
        let conn = match conn {
            Some(conn) => conn,
            None => conn.insert(self.shared.connection().await?),
        };
        for waiting in batch {
            self.shared.metrics.got_reader(waiting.began.elapsed());
        }
        self.shared.metrics.queried(batch.len());
        shown_session::rows_of(conn, whiches).await
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut queue = self.shared.queue();
        queue.running -= 1;
        if queue.waiting.is_empty() {
            return;
        }
        if self.has_begun {
            queue.running += 1;
            drop(queue);
            self.shared.runtime.spawn(Self::new(&self.shared).run());
        } else {
            // They are told that nobody will answer.
            queue.waiting.clear();
        }
    }
}

#[cfg(test)]
mod tests;
