//! `migrate` says what it did, and may run beside servers and beside itself.

use std::path::Path;

use sqlx::{AnyConnection, AssertSqlSafe};

use super::*;
use crate::config::DataConfig;
use crate::store::fixtures::{self, NOW};
use crate::store::{Migration, Store};

fn data(folder: &Path) -> DataConfig {
    DataConfig {
        folder: folder.to_owned(),
    }
}

async fn migrate(folder: &Path) -> Result<Migration, StoreError> {
    Store::migrate(&fixtures::database(folder).await, &data(folder)).await
}

async fn connect(folder: &Path) -> AnyConnection {
    let database = fixtures::database(folder).await;
    let address = Address::prepare(&database, &data(folder)).unwrap();
    address.writer().await.unwrap()
}

/// As if step 4, which only adds an index, had not been taken yet.
async fn undo_step_4(folder: &Path) {
    let mut conn = connect(folder).await;
    let sql = "DROP INDEX outbox_dead; DELETE FROM _sqlx_migrations WHERE version = 4";
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut conn)
        .await
        .unwrap();
    conn.close().await.unwrap();
}

fn numbers(migration: &Migration) -> Vec<i64> {
    migration.taken.iter().map(|step| step.number).collect()
}

#[tokio::test]
async fn it_says_from_where_to_where_and_by_which_steps() {
    let folder = tempfile::tempdir().unwrap();
    let first = migrate(folder.path()).await.unwrap();
    let all: Vec<i64> = (1..=newest()).collect();
    assert_eq!((first.from, first.to, numbers(&first)), (0, newest(), all));
    let again = migrate(folder.path()).await.unwrap();
    assert_eq!(
        (again.from, again.to, numbers(&again)),
        (newest(), newest(), Vec::new())
    );
    undo_step_4(folder.path()).await;
    let third = migrate(folder.path()).await.unwrap();
    assert_eq!(numbers(&third), [4]);
    assert_eq!(third.taken[0].name, "dead deliveries");
}

#[tokio::test]
async fn several_at_once_take_each_step_once_and_each_says_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (one, two, three) = tokio::join!(migrate(path), migrate(path), migrate(path));
    let mut taken: Vec<i64> = [one, two, three]
        .into_iter()
        .flat_map(|migration| numbers(&migration.unwrap()))
        .collect();
    taken.sort_unstable();
    assert_eq!(taken, (1..=newest()).collect::<Vec<_>>());
}

#[tokio::test]
async fn servers_that_run_lose_no_write() {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = fixtures::store(folder.path()).await;
    for _ in 0..5 {
        undo_step_4(folder.path()).await;
        let (done, mut is_done) = tokio::sync::oneshot::channel();
        let writing = async {
            let mut written = 0;
            // One more after the migration has ended.
            loop {
                let has_ended = is_done.try_recv().is_ok();
                let creation = fixtures::creation(organization, NOW);
                assert_eq!(store.write(creation).await.map(|_| ()), Ok(()));
                written += 1;
                if has_ended {
                    return written;
                }
            }
        };
        let migrating = async {
            let migration = migrate(folder.path()).await;
            done.send(()).unwrap();
            migration
        };
        let (written, migration) = tokio::join!(writing, migrating);
        assert!(written > 0);
        assert_eq!(numbers(&migration.unwrap()), [4]);
    }
    store.close().await;
}

#[tokio::test]
async fn a_schema_that_this_program_is_too_old_for_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    migrate(folder.path()).await.unwrap();
    let mut conn = connect(folder.path()).await;
    let sql = AssertSqlSafe("UPDATE schema_floor SET oldest_step = 9999");
    sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
    let refused = migrate(folder.path()).await;
    assert!(matches!(refused, Err(StoreError::Setting(reason)) if reason.contains("step 9999")));
    // Nobody is left waiting for its lock.
    let sql = AssertSqlSafe("UPDATE schema_floor SET oldest_step = 1");
    sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
    assert_eq!(
        numbers(&migrate(folder.path()).await.unwrap()),
        Vec::<i64>::new()
    );
    conn.close().await.unwrap();
}
