//! The store as a whole: the two doors, and trouble with the database.

mod trouble;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::Row;
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{OrganizationId, SessionId};
use vouchkey_types::session::list::{Cursor, ListQuery, Start};
use vouchkey_types::session::status::SessionStatus;

use super::create_session::Created;
use super::fixtures::open;
use super::*;

/// A store on SQLite, whatever engine the other tests run on, for what is SQLite's alone.
async fn open_sqlite(folder: &Path) -> Store {
    let data = DataConfig {
        folder: folder.to_owned(),
    };
    Store::open(&DatabaseConfig::default(), &data)
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
    let store = open_sqlite(&data).await;
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
    let expected = [
        "vouchkey.db",
        "vouchkey.db-shm",
        "vouchkey.db-wal",
        "vouchkey.db.lock",
    ];
    assert_eq!(names, expected);
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

#[tokio::test]
async fn copies_of_a_creation_make_one_session_and_lists_find_it() {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = fixtures::store(folder.path()).await;
    let mut copies = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let store = store.clone();
        copies.spawn(async move {
            let creation = fixtures::keyed_creation(organization, fixtures::NOW, 1, 1);
            store.write(creation).await.unwrap()
        });
    }
    let outcomes = copies.join_all().await;
    assert_eq!(
        outcomes
            .iter()
            .filter(|outcome| **outcome == Created::New)
            .count(),
        1
    );
    let other = fixtures::keyed_creation(organization, fixtures::NOW, 1, 2);
    assert_eq!(store.write(other).await, Ok(Created::Mismatch));
    let mut broken = fixtures::creation(organization, fixtures::NOW);
    broken.events.push(broken.events[0].clone());
    let (broken, fine) = tokio::join!(
        store.write(broken),
        store.write(fixtures::creation(organization, fixtures::NOW + 1))
    );
    assert_eq!(
        (broken, fine),
        (Err(StoreError::UniqueViolation), Ok(Created::New))
    );

    for (q, found) in [("user_", 2), ("User_", 0)] {
        let query = ListQuery {
            status: Some(SessionStatus::Pending),
            q: Some(q.to_owned()),
            external_ref: Some("user_42".to_owned()),
            start: Start::After(Cursor {
                created_at_ms: fixtures::NOW + 2,
                id: SessionId::from_bytes([0; 16]),
            }),
            ..ListQuery::default()
        };
        let page = listed(&store, organization, &query).await;
        assert_eq!(
            (page.sessions.len(), page.total),
            (found, i64::try_from(found).ok())
        );
    }
}

/// A page of an organization's live sessions.
async fn listed(
    store: &Store,
    organization: OrganizationId,
    query: &ListQuery,
) -> session_list::SessionPage {
    let engine = store.engine();
    store
        .read(async |conn| {
            session_list::list(
                conn,
                engine,
                organization,
                Environment::Live,
                query,
                fixtures::NOW,
            )
            .await
        })
        .await
        .unwrap()
}
