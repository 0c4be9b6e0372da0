//! A batch ends as its changes would one at a time, and keeps nobody waiting for another server.

mod crossing;

use std::path::Path;

use prometheus_client::registry::Registry;
use proptest::prelude::*;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use tokio::sync::oneshot;
use vouchkey_types::id::OrganizationId;

use super::*;
use crate::config::{DataConfig, DatabaseConfig};
use crate::store::create_session::{CreateSession, Created};
use crate::store::engine::Address;
use crate::store::fixtures::{self, NOW, creation, keyed_creation, store};
use crate::store::writer::Pending;
use crate::store::{Store, idempotency};

type Answers = Vec<oneshot::Receiver<Result<Created, StoreError>>>;

/// Queues changes without a chance for the writer to run in between, so that they are one batch.
fn send(store: &Store, creations: Vec<CreateSession>) -> Answers {
    let queue = |creation| {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Pending::new(creation, reply));
        store.queue.try_send(job).ok().unwrap();
        answer
    };
    creations.into_iter().map(queue).collect()
}

async fn all(answers: Answers) -> Vec<Result<Created, StoreError>> {
    let mut outcomes = Vec::new();
    for answer in answers {
        outcomes.push(answer.await.unwrap());
    }
    outcomes
}

/// The sessions of every table that a creation writes.
async fn rows(store: &Store) -> Vec<String> {
    let mut rows = Vec::new();
    for (table, column) in [
        ("data_keys", "data_key_id"),
        ("sessions", "session_id"),
        ("capture_links", "session_id"),
        ("session_events", "session_id"),
        ("outbox", "session_id"),
        ("idempotency_keys", "session_id"),
    ] {
        let sql = format!("SELECT {column} FROM {table}");
        let found = store
            .read(async |conn| {
                let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(conn).await?;
                Ok(rows
                    .iter()
                    .map(|row| format!("{table} {}", row.get::<String, _>(0)))
                    .collect::<Vec<_>>())
            })
            .await;
        rows.extend(found.unwrap());
    }
    rows.sort();
    rows
}

/// What a case says of one creation: its key, its request, whether it comes a day later, whether it must fail.
type Plan = (Option<u8>, u8, bool, bool);

fn planned(organization: OrganizationId, plan: Plan) -> CreateSession {
    let (key, fingerprint, is_late, is_broken) = plan;
    let now = if is_late { NOW + 86_400_000 } else { NOW };
    let mut planned = match key {
        Some(key) => keyed_creation(organization, now, key, fingerprint),
        None => creation(organization, now),
    };
    if is_broken {
        planned.events.push(planned.events[0].clone());
    }
    planned
}

async fn compare(together: &Path, alone: &Path, batches: Vec<Vec<Plan>>) {
    let (shared, organization) = store(together).await;
    let single = fixtures::open(alone).await;
    fixtures::add_organization(&single, organization).await;
    for batch in batches {
        let creations: Vec<_> = batch
            .into_iter()
            .map(|plan| planned(organization, plan))
            .collect();
        let mut expected = Vec::new();
        for creation in creations.clone() {
            expected.push(single.write(creation).await);
        }
        assert_eq!(all(send(&shared, creations)).await, expected);
    }
    assert_eq!(rows(&shared).await, rows(&single).await);
    shared.close().await;
    single.close().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_batch_ends_as_its_changes_one_at_a_time(
        batches in proptest::collection::vec(
            proptest::collection::vec(
                (proptest::option::of(0_u8..4), 0_u8..2, any::<bool>(), proptest::bool::weighted(0.05)),
                1..12,
            ),
            1..4,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (together, alone) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        runtime.block_on(compare(together.path(), alone.path(), batches));
    }
}

#[tokio::test]
async fn a_full_batch_is_written_together() {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = store(folder.path()).await;
    let creations: Vec<_> = (0..64)
        .map(|key| keyed_creation(organization, NOW, key, 1))
        .collect();
    let outcomes = all(send(&store, creations)).await;
    assert_eq!(outcomes, vec![Ok(Created::New); 64]);
    assert_eq!(rows(&store).await.len(), 6 * 64);
}

/// How many commits there were.
fn commits(store: &Store) -> u64 {
    let mut registry = Registry::default();
    store.metrics().register(&mut registry);
    let mut page = String::new();
    prometheus_client::encoding::text::encode(&mut page, &registry).unwrap();
    let count = page
        .lines()
        .find_map(|line| line.strip_prefix("store_commit_changes_count "));
    count.unwrap().parse().unwrap()
}

/// Commits of `first` and of one more that comes as soon as others have been able to run.
async fn commits_with_one_that_is_about_to_come(first: u8) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = store(folder.path()).await;
    let before = commits(&store);
    let creations = (0..first).map(|key| keyed_creation(organization, NOW, key, 1));
    let answers = send(&store, creations.collect());
    let late = tokio::spawn({
        let store = store.clone();
        async move {
            tokio::task::yield_now().await;
            store
                .write(keyed_creation(organization, NOW, first, 1))
                .await
        }
    });
    assert_eq!(
        all(answers).await,
        vec![Ok(Created::New); usize::from(first)]
    );
    assert_eq!(late.await.unwrap(), Ok(Created::New));
    commits(&store) - before
}

#[tokio::test]
async fn what_is_about_to_come_is_written_with_those_that_came_together() {
    assert_eq!(commits_with_one_that_is_about_to_come(2).await, 1);
}

#[tokio::test]
async fn one_that_came_alone_waits_for_nobody() {
    assert_eq!(commits_with_one_that_is_about_to_come(1).await, 2);
}

#[tokio::test]
async fn commits_of_their_own_do_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let database = DatabaseConfig {
        commit_each: true,
        ..fixtures::database(folder.path()).await
    };
    let data = DataConfig {
        folder: folder.path().to_owned(),
    };
    let store = Store::open(&database, &data).await.unwrap();
    let organization = fixtures::organization(&store).await;
    let creations = vec![
        keyed_creation(organization, NOW, 1, 1),
        keyed_creation(organization, NOW, 1, 2),
        creation(organization, NOW),
    ];
    let outcomes = all(send(&store, creations)).await;
    assert_eq!(
        outcomes,
        [Ok(Created::New), Ok(Created::Mismatch), Ok(Created::New)]
    );
}

/// The connection on which another server writes.
async fn another_writer(folder: &Path) -> AnyConnection {
    let data = DataConfig {
        folder: folder.to_owned(),
    };
    let address = Address::prepare(&fixtures::database(folder).await, &data).unwrap();
    address.writer().await.unwrap()
}

#[tokio::test]
async fn a_key_that_another_server_holds_keeps_nobody_else_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = store(folder.path()).await;
    if store.engine() == Engine::Sqlite {
        // There one server at a time writes at all.
        return;
    }
    let mut other = another_writer(folder.path()).await;
    let mut transaction = other.begin().await.unwrap();
    let held = keyed_creation(organization, NOW, 1, 2);
    let record = held.idempotency.unwrap();
    let lock = i64::from_be_bytes([1; 8]);
    let taken = Engine::Postgres.try_locks(&mut transaction, &[lock]).await;
    assert_eq!(taken.unwrap(), [true]);
    assert_eq!(
        idempotency::claim(&mut transaction, &record).await,
        Ok(true)
    );

    let creations = [1, 2, 3].map(|key| keyed_creation(organization, NOW, key, 1));
    let mut answers = send(&store, creations.to_vec());
    let mut waiting = answers.remove(0);
    assert_eq!(all(answers).await, vec![Ok(Created::New); 2]);
    assert!(waiting.try_recv().is_err());
    transaction.commit().await.unwrap();
    assert_eq!(waiting.await.unwrap(), Ok(Created::Mismatch));
}

#[tokio::test]
async fn what_was_set_apart_stays_so_when_a_batch_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = store(folder.path()).await;
    if store.engine() == Engine::Sqlite {
        return;
    }
    let job = |key| -> Box<dyn Job> {
        let (reply, _) = oneshot::channel();
        let creation = keyed_creation(organization, NOW, key, 1);
        Box::new(Pending::new(creation, reply))
    };
    let mut batch = Batch::of([1, 2, 3].map(job).into());
    let mut other = another_writer(folder.path()).await;
    let mut held = other.begin().await.unwrap();
    let mut own = another_writer(folder.path()).await;
    for (key, set_apart) in [(1, 1), (2, 2)] {
        let locks = [i64::from_be_bytes([key; 8])];
        let taken = Engine::Postgres.try_locks(&mut held, &locks).await;
        assert_eq!(taken.unwrap(), [true]);
        let mut trying = own.begin().await.unwrap();
        batch
            .part_with_the_locked(&mut trying, Engine::Postgres)
            .await
            .unwrap();
        assert_eq!(batch.alone.len(), set_apart);
        assert_eq!(batch.waiting.len(), 3 - set_apart);
        trying.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn a_key_of_a_server_that_froze_is_free_again() {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = store(folder.path()).await;
    if store.engine() == Engine::Sqlite {
        return;
    }
    let mut frozen = another_writer(folder.path()).await;
    let mut transaction = frozen.begin().await.unwrap();
    let held = keyed_creation(organization, NOW, 1, 1);
    let claimed = idempotency::claim(&mut transaction, &held.idempotency.unwrap()).await;
    assert_eq!(claimed, Ok(true));

    let mut outcomes = Vec::new();
    while outcomes.last() != Some(&Ok(Created::New)) {
        // The wait is PostgreSQL's: two seconds for the lock, five for the transaction that does not get on.
        outcomes.push(store.write(keyed_creation(organization, NOW, 1, 2)).await);
        assert!(outcomes.len() < 10, "{outcomes:?}");
    }
    assert_eq!(outcomes[0], Err(StoreError::Locked));
    assert!(transaction.commit().await.is_err(), "its time was over");
}
