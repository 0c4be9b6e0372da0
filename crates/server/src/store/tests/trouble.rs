//! Full queues and disks, locks of others, and connections that end.

use super::*;

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

/// Lets the writer's database grow by so many pages and no more.
struct Cap(i64);

impl Change for Cap {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        let pages: i64 = sqlx::query("PRAGMA page_count")
            .fetch_one(&mut *conn)
            .await?
            .try_get(0)?;
        let cap = format!("PRAGMA max_page_count = {}", pages + self.0);
        sqlx::raw_sql(sqlx::AssertSqlSafe(cap))
            .execute(conn)
            .await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_full_disk_refuses_writes_keeps_all_and_passes_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_sqlite(folder.path()).await;
    let organization = fixtures::organization(&store).await;
    let mut kept = Vec::new();
    store.write(Cap(8)).await.unwrap();
    loop {
        let creation = fixtures::creation(organization, fixtures::NOW);
        let id = creation.session.id;
        match store.write(creation).await {
            Ok(_) => kept.push(id),
            Err(error) => {
                assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
                break;
            }
        }
    }
    assert!(!kept.is_empty());
    store.write(Cap(1_000)).await.unwrap();
    let creation = fixtures::creation(organization, fixtures::NOW);
    kept.push(creation.session.id);
    assert_eq!(store.write(creation).await, Ok(Created::New));
    let query = ListQuery {
        limit: 100,
        ..ListQuery::default()
    };
    let page = listed(&store, organization, &query).await;
    let mut found: Vec<_> = page.sessions.iter().map(|row| row.id).collect();
    found.sort();
    kept.sort();
    assert_eq!(found, kept);
}

#[tokio::test]
async fn a_write_waits_for_another_process_that_holds_the_lock() {
    use sqlx::{Connection, SqliteConnection};
    let folder = tempfile::tempdir().unwrap();
    let store = open_sqlite(folder.path()).await;
    let organization = fixtures::organization(&store).await;
    let address = format!("sqlite://{}", folder.path().join("vouchkey.db").display());
    let mut other = SqliteConnection::connect(&address).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE")
        .execute(&mut other)
        .await
        .unwrap();
    let waiting = tokio::spawn(async move {
        store
            .write(fixtures::creation(organization, fixtures::NOW))
            .await
    });
    // The other process does something in the meantime.
    for _ in 0..100 {
        sqlx::raw_sql("SELECT * FROM organizations")
            .execute(&mut other)
            .await
            .unwrap();
    }
    assert!(!waiting.is_finished());
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    assert_eq!(waiting.await.unwrap(), Ok(Created::New));
}

#[tokio::test]
async fn an_idle_connection_that_postgres_ended_costs_no_write() {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = fixtures::store(folder.path()).await;
    if store.engine() == Engine::Sqlite {
        return;
    }
    let own = fixtures::apply(|conn| {
        Box::pin(async move {
            Ok(sqlx::query("SELECT CAST(pg_backend_pid() AS BIGINT)")
                .fetch_one(conn)
                .await?
                .try_get::<i64, _>(0)?)
        })
    });
    let writer = store.write(own).await.unwrap();
    store
        .read(async |conn| {
            let end =
                "SELECT CASE WHEN pg_terminate_backend(CAST($1 AS INTEGER)) THEN 1 ELSE 0 END";
            sqlx::query(end).bind(writer).fetch_one(conn).await?;
            Ok(())
        })
        .await
        .unwrap();
    let creation = fixtures::creation(organization, fixtures::NOW);
    assert_eq!(store.write(creation).await, Ok(Created::New));
}
