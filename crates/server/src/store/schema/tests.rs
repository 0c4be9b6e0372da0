//! Schemas of earlier and later programs, of which this one makes something or refuses to.

use std::path::Path;

use sqlx::Row as _;
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{OrganizationId, SessionId};

use super::*;
use crate::config::DataConfig;
use crate::store::create_session::{CreateSession, Created};
use crate::store::fixtures::{self, NOW};
use crate::store::{
    Engine, Store, api_keys, backup, capture_links, data_keys, organizations, outbox, secrets,
    session_events, sessions, sign_ins, workflows,
};

/// Rows in every table, as the first schema had them.
const ROWS: &str = include_str!("../rows_of_the_first_schema.sql");

async fn connect(folder: &Path) -> (AnyConnection, Engine) {
    let data = DataConfig {
        folder: folder.to_owned(),
    };
    let address = Address::prepare(&fixtures::database(folder).await, &data).unwrap();
    (address.writer().await.unwrap(), address.engine)
}

async fn reopen(folder: &Path) -> Result<Store, StoreError> {
    let data = DataConfig {
        folder: folder.to_owned(),
    };
    Store::open(&fixtures::database(folder).await, &data).await
}

async fn execute(conn: &mut AnyConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(conn)
        .await
        .unwrap();
}

/// How many rows each table of [`ROWS`] has.
async fn counts(conn: &mut AnyConnection) -> Vec<(String, i64)> {
    let mut counts = Vec::new();
    for line in ROWS.lines() {
        let Some(rest) = line.strip_prefix("INSERT INTO ") else {
            continue;
        };
        let table = rest.split(' ').next().unwrap_or_default();
        let sql = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        let row = sqlx::query(sql).fetch_one(&mut *conn).await.unwrap();
        counts.push((table.to_owned(), row.get(0)));
    }
    counts
}

#[tokio::test]
async fn every_earlier_schema_can_be_backed_up() {
    for earlier in 1..=newest() {
        let folder = tempfile::tempdir().unwrap();
        let (mut conn, engine) = connect(folder.path()).await;
        if engine == Engine::Postgres {
            // It has tools of its own.
            return;
        }
        steps_for(engine)
            .run_direct(Some(earlier), &mut conn, false)
            .await
            .unwrap();
        execute(&mut conn, ROWS.to_owned()).await;
        let copy = folder.path().join("copy.db");
        let data = DataConfig {
            folder: folder.path().to_owned(),
        };
        backup::copy_into(&copy, &fixtures::database(folder.path()).await, &data)
            .await
            .unwrap();
        let (copy, contents) = backup::open_checked(&copy).await.unwrap();
        copy.close().await;
        assert_eq!((contents.schema_step, contents.sessions), (earlier, 1));
        assert_eq!(contents.root_keys.len(), 1, "from step {earlier}");
    }
}

#[tokio::test]
async fn every_earlier_schema_is_brought_up_to_date_with_its_rows() {
    let newest = STEPS.iter().map(|step| step.version).max().unwrap();
    for earlier in 1..newest {
        let folder = tempfile::tempdir().unwrap();
        let (mut conn, engine) = connect(folder.path()).await;
        steps_for(engine)
            .run_direct(Some(earlier), &mut conn, false)
            .await
            .unwrap();
        let rows = match engine {
            Engine::Sqlite => ROWS.to_owned(),
            Engine::Postgres => ROWS.replace("x'", "'\\x"),
        };
        execute(&mut conn, rows).await;
        let before = counts(&mut conn).await;
        assert_eq!(before.len(), 16, "{before:?}");
        assert!(before.iter().all(|(_, count)| *count == 1), "{before:?}");

        let store = reopen(folder.path()).await.unwrap();
        assert_eq!(counts(&mut conn).await, before, "from step {earlier}");
        let organization = OrganizationId::parse("org_00000000000000000000000001").unwrap();
        let session = SessionId::parse("ses_00000000000000000000000001").unwrap();
        store
            .read(async |conn| {
                let found = organizations::find(conn, organization).await?.unwrap();
                assert_eq!(found.name, "Example");
                let found = sessions::find(conn, organization, Environment::Live, session).await?;
                assert_eq!(found.unwrap().external_ref.as_deref(), Some("user_42"));
                let key = data_keys::find(conn, organization, session).await?;
                assert_eq!(key.unwrap().key_wrapped, Some(vec![1; 4]));
                let link = capture_links::live(conn, organization, session).await?;
                assert_eq!(link.unwrap().capture_key_id, 1);
                Ok(())
            })
            .await
            .unwrap();
        let other = fixtures::organization(&store).await;
        let creation = fixtures::creation(other, NOW);
        assert_eq!(
            store.write(creation).await,
            Ok(crate::store::create_session::Created::New)
        );
    }
}

#[tokio::test]
async fn a_server_that_starts_waits_for_one_that_changes_the_schema() {
    let folder = tempfile::tempdir().unwrap();
    reopen(folder.path()).await.unwrap().close().await;
    let (mut other, engine) = connect(folder.path()).await;
    if engine == Engine::Sqlite {
        // There the folder's lock is waited for, without a limit.
        return;
    }
    let mut changing = other.begin().await.unwrap();
    let lock = "LOCK TABLE _sqlx_migrations IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(lock).execute(&mut *changing).await.unwrap();
    // PostgreSQL ends the other's transaction after five seconds, and a wait for a lock after two.
    reopen(folder.path()).await.unwrap().close().await;
    assert!(changing.commit().await.is_err(), "its time was over");
}

#[tokio::test]
async fn a_schema_from_the_future_stops_the_start_only_if_it_says_so() {
    let folder = tempfile::tempdir().unwrap();
    reopen(folder.path()).await.unwrap().close().await;
    let (mut conn, engine) = connect(folder.path()).await;
    let (flag, bytes) = match engine {
        Engine::Sqlite => ("1", "x'00'"),
        Engine::Postgres => ("TRUE", "'\\x00'"),
    };
    let future = format!(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'future', {flag}, {bytes}, 0)"
    );
    execute(&mut conn, future).await;
    reopen(folder.path()).await.unwrap().close().await;

    let raised = "UPDATE schema_floor SET oldest_step = 9999".to_owned();
    execute(&mut conn, raised).await;
    let Err(StoreError::Setting(reason)) = reopen(folder.path()).await else {
        panic!("the program began to work on a schema that it does not know");
    };
    assert!(reason.contains("step 9999"), "{reason}");
    conn.close().await.unwrap();
}

/// As a newer program does while this one runs and then starts again: whatever only adds, to every table.
#[tokio::test]
async fn a_newer_program_that_adds_to_every_table_stops_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let store = reopen(folder.path()).await.unwrap();
    let organization = fixtures::organization(&store).await;
    let (mut newer, engine) = connect(folder.path()).await;
    let tables = match engine {
        Engine::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'"
        }
        Engine::Postgres => {
            "SELECT CAST(relname AS TEXT) FROM pg_class WHERE relnamespace = 'public'::regnamespace \
             AND relkind = 'r' AND relname NOT LIKE '\\_%'"
        }
    };
    let tables = sqlx::query(tables).fetch_all(&mut newer).await.unwrap();
    assert!(tables.len() >= 17);
    // What each connection has prepared before must serve after it.
    for round in 0..3 {
        for _ in 0..10 {
            work(&store, organization).await;
        }
        for table in &tables {
            let table: String = table.get(0);
            let sql = format!("ALTER TABLE {table} ADD COLUMN added_{round} TEXT");
            execute(&mut newer, sql).await;
        }
    }
    work(&store, organization).await;
    store.close().await;
    let store = reopen(folder.path()).await.unwrap();
    work(&store, organization).await;
    newer.close().await.unwrap();
}

/// A creation, and whatever finds something again.
async fn work(store: &Store, organization: OrganizationId) {
    let creation = fixtures::keyed_creation(organization, NOW, 0, 1);
    let creation = CreateSession {
        idempotency: None,
        ..creation
    };
    let (id, link) = (creation.session.id, creation.link.id);
    assert_eq!(store.write(creation).await, Ok(Created::New));
    let hash = [1; 32];
    let found = store
        .read(async |conn| {
            organizations::find(conn, organization).await?.unwrap();
            organizations::oldest(conn, 9).await?;
            workflows::list_active(conn, organization, Environment::Live).await?;
            api_keys::find(conn, &hash).await?;
            api_keys::list(conn, organization).await?;
            sessions::find(conn, organization, Environment::Live, id)
                .await?
                .unwrap();
            sessions::find_anywhere(conn, organization, id)
                .await?
                .unwrap();
            data_keys::find(conn, organization, id).await?.unwrap();
            data_keys::find_all(conn, organization, &[id]).await?;
            capture_links::find(conn, link).await?.unwrap();
            capture_links::live(conn, organization, id).await?.unwrap();
            capture_links::live_of_all(conn, organization, &[id]).await?;
            session_events::list(conn, organization, id, 9).await?;
            outbox::newest(conn, organization, id).await?.unwrap();
            sign_ins::find(conn, hash).await?;
            secrets::root_keys(conn).await?;
            Ok(())
        })
        .await;
    assert_eq!(found, Ok(()));
}

/// What was on main once stays as it was: sqlx refuses a database whose steps were others.
#[test]
fn steps_never_change_and_each_says_which_programs_it_leaves_behind() {
    for (number, step) in (1..).zip(STEPS.iter()) {
        assert_eq!(step.version, number, "steps are numbered without gaps");
        let sql = step.sql.as_str();
        let speaks = sql.contains("UPDATE schema_floor SET oldest_step = ")
            || sql.contains("-- schema_floor: unchanged");
        assert!(number <= 3 || speaks, "{}", step.description);
    }
    // One more for each step that comes to main.
    let on_main = [
        [0xdb, 0xad, 0xf8, 0xac],
        [0xf0, 0x58, 0xfb, 0x33],
        [0xfe, 0xeb, 0x2d, 0x71],
        [0xc8, 0x83, 0xae, 0x32],
        [0x9a, 0xdc, 0x17, 0xc7],
        [0xfb, 0x82, 0x6b, 0xc3],
    ];
    for (step, digest) in STEPS.iter().zip(on_main) {
        assert_eq!(step.checksum[..4], digest, "{}", step.description);
    }
}
