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
mod tests {
    use prometheus_client::encoding::text;
    use prometheus_client::registry::Registry;
    use tokio::task::JoinSet;
    use vouchkey_types::api_key::Environment;
    use vouchkey_types::id::OrganizationId;

    use super::*;
    use crate::store::Store;
    use crate::store::fixtures::{NOW, apply, creation, organization, store};

    /// Writes a session of an organization, and says how it is shown.
    async fn written(store: &Store, organization: OrganizationId) -> ShownSession {
        let creation = creation(organization, NOW);
        let (link, key) = (creation.link.clone(), creation.data_key.clone());
        let shown = ShownSession::of(creation.session.clone(), Some(&link), Some(key));
        store.write(creation).await.unwrap();
        shown
    }

    const fn which(shown: &ShownSession) -> Which {
        (shown.organization, shown.environment, shown.id)
    }

    /// Asks for all of these while every connection is taken, so that they wait together; answers come in their order.
    async fn asked_together(
        store: &Store,
        all: &[Which],
    ) -> Vec<Result<Option<ShownSession>, StoreError>> {
        let mut taken = Vec::new();
        for _ in 0..store.readers.options().get_max_connections() {
            taken.push(store.readers.acquire().await.unwrap());
        }
        let mut asked = JoinSet::new();
        for (number, which) in all.iter().copied().enumerate() {
            let reads = store.shared_reads.clone();
            asked.spawn(async move { (number, reads.find(which).await) });
        }
        // The first ones have the turns.
        let turns = store.shared_reads.0.turns;
        while store.shared_reads.0.queue().waiting.len() + turns < all.len() {
            tokio::task::yield_now().await;
        }
        drop(taken);
        let mut answers = asked.join_all().await;
        answers.sort_by_key(|(number, _)| *number);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    #[tokio::test]
    async fn each_is_given_its_own_session_and_none_of_another_organization() {
        let folder = tempfile::tempdir().unwrap();
        let (store, one) = store(folder.path()).await;
        let other = organization(&store).await;
        let (mut all, mut expected) = (Vec::new(), Vec::new());
        for number in 0..60 {
            let (own, foreign) = if number % 2 == 0 {
                (one, other)
            } else {
                (other, one)
            };
            let shown = written(&store, own).await;
            all.push((foreign, shown.environment, shown.id));
            expected.push(Ok(None));
            all.push((own, Environment::Sandbox, shown.id));
            expected.push(Ok(None));
            // Asked for twice at once.
            all.extend([which(&shown); 2]);
            expected.extend([Ok(Some(shown.clone())), Ok(Some(shown))]);
        }
        assert_eq!(asked_together(&store, &all).await, expected);
    }

    #[tokio::test]
    async fn those_that_wait_share_a_query() {
        let folder = tempfile::tempdir().unwrap();
        let (store, organization) = store(folder.path()).await;
        let shown = written(&store, organization).await;
        let all = [which(&shown); 8 * TOGETHER];
        let answers = asked_together(&store, &all).await;
        assert_eq!(answers, vec![Ok(Some(shown)); all.len()]);
        let mut registry = Registry::default();
        store.metrics().register(&mut registry);
        let mut page = String::new();
        text::encode(&mut page, &registry).unwrap();
        let found = |name: &str| {
            let line = page.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap().trim().parse::<f64>().unwrap()
        };
        assert!((found("store_query_reads_sum") - 256.0).abs() < 0.1);
        // The first turns may have begun before the others were there.
        let turns = u32::try_from(store.shared_reads.0.turns).unwrap();
        let queries = found("store_query_reads_count");
        assert!(queries <= f64::from(8 + turns), "{queries}");
    }

    #[tokio::test]
    async fn what_was_answered_before_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let (store, organization) = store(folder.path()).await;
        let others = written(&store, organization).await;
        let (stop, reads) = (Arc::new(()), store.shared_reads.clone());
        let load = Arc::downgrade(&stop);
        let readers = tokio::spawn(async move {
            while load.strong_count() > 0 {
                let mut asked = JoinSet::new();
                for _ in 0..8 {
                    let (reads, which) = (reads.clone(), which(&others));
                    asked.spawn(async move { reads.find(which).await });
                }
                asked.join_all().await;
            }
        });
        for _ in 0..50 {
            let shown = written(&store, organization).await;
            let found = store.shared_reads.find(which(&shown)).await;
            assert_eq!(found, Ok(Some(shown)));
        }
        drop(stop);
        readers.await.unwrap();
    }

    #[tokio::test]
    async fn a_row_that_cannot_be_read_harms_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let (store, organization) = store(folder.path()).await;
        let (good, bad) = (
            written(&store, organization).await,
            written(&store, organization).await,
        );
        let id = bad.id.to_string();
        let spoil = apply(move |conn| {
            Box::pin(async move {
                sqlx::query("UPDATE sessions SET tags = 'none' WHERE session_id = $1")
                    .bind(id)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        });
        store.write(spoil).await.unwrap();
        let answers = asked_together(&store, &[which(&bad), which(&good), which(&bad)]).await;
        let refused = Err(StoreError::Corrupt("tags"));
        assert_eq!(answers, [refused.clone(), Ok(Some(good)), refused]);
    }

    #[tokio::test]
    async fn all_are_told_that_the_database_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let (store, organization) = store(folder.path()).await;
        let shown = written(&store, organization).await;
        let (reads, which) = (store.shared_reads.clone(), which(&shown));
        store.close().await;
        let mut asked = JoinSet::new();
        for _ in 0..5 {
            let reads = reads.clone();
            asked.spawn(async move { reads.find(which).await });
        }
        for answer in asked.join_all().await {
            assert!(
                matches!(answer, Err(StoreError::Unavailable(_))),
                "{answer:?}"
            );
        }
    }

    /// Asks for a session by a turn that is not free, and waits until it is asked for.
    async fn waiting(
        reads: &SharedReads,
        which: Which,
    ) -> tokio::task::JoinHandle<Result<Option<ShownSession>, StoreError>> {
        let asking = reads.clone();
        let asked = tokio::spawn(async move { asking.find(which).await });
        while reads.0.queue().waiting.is_empty() {
            tokio::task::yield_now().await;
        }
        asked
    }

    #[tokio::test]
    async fn a_turn_that_ends_before_its_time_hands_on_to_another() {
        let folder = tempfile::tempdir().unwrap();
        let (store, organization) = store(folder.path()).await;
        let shown = written(&store, organization).await;
        let reads = store.shared_reads.clone();
        reads.0.queue().running = reads.0.turns;
        let turn = Turn {
            shared: Arc::clone(&reads.0),
            has_begun: true,
        };
        let waits = waiting(&reads, which(&shown)).await;
        drop(turn);
        assert_eq!(waits.await.unwrap(), Ok(Some(shown)));
    }

    #[tokio::test]
    async fn a_turn_that_never_begins_leaves_nobody_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let (store, organization) = store(folder.path()).await;
        let shown = written(&store, organization).await;
        let reads = store.shared_reads.clone();
        reads.0.queue().running = reads.0.turns;
        let turn = Turn::new(&reads.0);
        let waits = waiting(&reads, which(&shown)).await;
        drop(turn);
        assert_eq!(waits.await.unwrap(), Err(stopped()));
        assert_eq!(reads.find(which(&shown)).await, Ok(Some(shown)));
    }
}
