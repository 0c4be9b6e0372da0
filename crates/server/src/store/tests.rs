//! The store as a whole: the two doors, and every statement.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::{Executor, Row};

use super::*;

pub(super) async fn open(folder: &Path) -> Store {
    Store::open(
        &DatabaseConfig::default(),
        &DataConfig {
            folder: folder.to_owned(),
        },
    )
    .await
    .unwrap()
}

/// Writes one root key's row and then does as it is told.
struct Insert(&'static str, Then);

enum Then {
    Succeed,
    Fail,
    Panic,
}

impl Change for Insert {
    type Outcome = &'static str;

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<&'static str, StoreError> {
        sqlx::query(
            "INSERT INTO root_keys (root_key_id, canary_sealed, created_at) VALUES ($1, $2, $3)",
        )
        .bind(self.0)
        .bind(vec![1_u8])
        .bind(1_i64)
        .execute(conn)
        .await?;
        match self.1 {
            Then::Succeed => Ok(self.0),
            Then::Fail => Err(StoreError::Corrupt("on purpose")),
            Then::Panic => panic!("on purpose"),
        }
    }
}

async fn root_keys(store: &Store) -> Vec<String> {
    store
        .read(async |conn| {
            let rows = sqlx::query("SELECT root_key_id FROM root_keys ORDER BY root_key_id")
                .fetch_all(conn)
                .await?;
            Ok(rows.iter().map(|row| row.get::<String, _>(0)).collect())
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn the_folder_and_all_files_are_private() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let store = open(&data).await;
    store.write(Insert("a", Then::Succeed)).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&data).unwrap() {
        let entry = entry.unwrap();
        names.push(entry.file_name().into_string().unwrap());
        assert_eq!(mode(&entry.path()), 0o600, "{names:?}");
    }
    names.sort();
    assert_eq!(names, ["vouchkey.db", "vouchkey.db-shm", "vouchkey.db-wal"]);
}

#[tokio::test]
async fn a_change_that_fails_or_panics_harms_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let (a, failed, panicked, twice, b) = tokio::join!(
        store.write(Insert("a", Then::Succeed)),
        store.write(Insert("failed", Then::Fail)),
        store.write(Insert("panicked", Then::Panic)),
        store.write(Insert("a", Then::Succeed)),
        store.write(Insert("b", Then::Succeed)),
    );
    assert_eq!((a, b), (Ok("a"), Ok("b")));
    assert_eq!(failed, Err(StoreError::Corrupt("on purpose")));
    assert!(matches!(panicked, Err(StoreError::Internal(_))));
    assert_eq!(twice, Err(StoreError::UniqueViolation));
    assert_eq!(root_keys(&store).await, ["a", "b"]);
}

#[tokio::test]
async fn what_was_answered_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    store.write(Insert("a", Then::Succeed)).await.unwrap();
    store.close().await;
    assert!(matches!(
        store.write(Insert("b", Then::Succeed)).await,
        Err(StoreError::Unavailable(_))
    ));
    assert_eq!(root_keys(&open(folder.path()).await).await, ["a"]);
}

#[tokio::test]
async fn two_stores_may_open_an_empty_folder_together() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = tokio::join!(
        tokio::spawn({
            let folder = folder.path().to_owned();
            async move { open(&folder).await }
        }),
        tokio::spawn({
            let folder = folder.path().to_owned();
            async move { open(&folder).await }
        }),
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    one.write(Insert("one", Then::Succeed)).await.unwrap();
    two.write(Insert("two", Then::Succeed)).await.unwrap();
    assert_eq!(root_keys(&one).await, ["one", "two"]);
}

#[tokio::test]
async fn reading_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let written = store
        .read(async |conn| {
            sqlx::query("DELETE FROM root_keys").execute(conn).await?;
            Ok(())
        })
        .await;
    assert!(
        matches!(written, Err(StoreError::Unavailable(_))),
        "{written:?}"
    );
}

static ENTERED: AtomicUsize = AtomicUsize::new(0);

/// Holds the writer until it is let go.
struct Hold(oneshot::Receiver<()>);

impl Change for Hold {
    type Outcome = ();

    async fn apply(self, _: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        ENTERED.fetch_add(1, Ordering::SeqCst);
        let _ = self.0.await;
        Ok(())
    }
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let (release, held) = oneshot::channel();
    let first = tokio::spawn({
        let store = store.clone();
        async move { store.write(Hold(held)).await }
    });
    while ENTERED.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let mut waiting = Vec::new();
    for _ in 0..QUEUE {
        let (reply, answer) = oneshot::channel();
        let (dropped, free) = oneshot::channel();
        drop(dropped);
        store
            .queue
            .try_send(Box::new(Pending::new(Hold(free), reply)))
            .ok()
            .unwrap();
        waiting.push(answer);
    }
    assert_eq!(
        store.write(Insert("late", Then::Succeed)).await,
        Err(StoreError::Busy)
    );
    release.send(()).unwrap();
    first.await.unwrap().unwrap();
    for answer in waiting {
        answer.await.unwrap().unwrap();
    }
    assert_eq!(
        store.write(Insert("later", Then::Succeed)).await,
        Ok("later")
    );
}

#[test]
fn reads_and_writes_may_cross_threads() {
    fn send<T: Send>(value: T) -> T {
        value
    }
    async fn both(store: Store) {
        let _ = store
            .read(async |conn| Ok(sqlx::query("SELECT 1").fetch_all(conn).await?.len()))
            .await;
        let _ = store.write(Insert("x", Then::Succeed)).await;
    }
    let _ = |store: Store| send(both(store));
}

fn statements() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    [
        api_keys::STATEMENTS,
        capture_links::STATEMENTS,
        data_keys::STATEMENTS,
        idempotency::STATEMENTS,
        mailbox::STATEMENTS,
        organizations::STATEMENTS,
        outbox::STATEMENTS,
        secrets::STATEMENTS,
        session_events::STATEMENTS,
        sessions::STATEMENTS,
        upkeep::STATEMENTS,
        users::STATEMENTS,
        workflows::STATEMENTS,
    ]
    .into_iter()
    .flatten()
}

async fn prepare_all(store: &Store) {
    for (name, sql) in statements() {
        let prepared = store
            .read(async |conn| {
                conn.prepare(sqlx::SqlStr::from_static(sql)).await?;
                Ok(())
            })
            .await;
        assert_eq!(prepared, Ok(()), "{name}: {sql}");
    }
}

#[tokio::test]
async fn every_statement_can_be_prepared_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    prepare_all(&open(folder.path()).await).await;
}

/// Where a scratch PostgreSQL is at hand: an empty database named by its URL.
#[tokio::test]
async fn every_statement_can_be_prepared_on_postgres() {
    let Ok(url) = std::env::var("VOUCHKEY_TEST_POSTGRES_URL") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let database = DatabaseConfig {
        url: Some(url.into()),
    };
    let store = Store::open(
        &database,
        &DataConfig {
            folder: folder.path().to_owned(),
        },
    )
    .await
    .unwrap();
    prepare_all(&store).await;
}
