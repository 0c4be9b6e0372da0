//! The server's database, opened beside the running server: for states that no endpoint makes yet, and for looking at
//! what was kept. And where it is: SQLite in the data folder, or, where `VOUCHKEY_TEST_POSTGRES_URL` leads to a scratch
//! cluster, a PostgreSQL database for each installation.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, PgConnection, Row as _};

use crate::program::Installation;

/// A connection of the tests' own.
#[derive(Debug)]
pub struct Database {
    connection: AnyConnection,
    is_postgres: bool,
}

impl Database {
    /// Opens the database of an installation.
    pub async fn open(installation: &Installation) -> Self {
        sqlx::any::install_default_drivers();
        let url = installation.database_url().map_or_else(
            || {
                let file = installation.folder().join("vouchkey.db");
                format!("sqlite://{}?mode=rw", file.display())
            },
            ToOwned::to_owned,
        );
        let mut connection = AnyConnection::connect(&url)
            .await
            .expect("the database opens");
        let is_postgres = installation.database_url().is_some();
        if !is_postgres {
            sqlx::raw_sql("PRAGMA busy_timeout = 10000")
                .execute(&mut connection)
                .await
                .expect("SQLite takes the setting");
        }
        Self {
            connection,
            is_postgres,
        }
    }

    /// Closes it, and with it whatever it has locked.
    pub async fn close(self) {
        self.connection
            .close()
            .await
            .expect("a connection that ends");
    }

    /// Changes rows; the text is the test's own and holds its values, bytes as `x'…'`. How many were changed.
    pub async fn execute(&mut self, sql: &str) -> u64 {
        let sql = if self.is_postgres {
            sql.replace(" x'", " '\\x")
        } else {
            sql.to_owned()
        };
        let query = sqlx::query(AssertSqlSafe(sql));
        query
            .execute(&mut self.connection)
            .await
            .expect("the rows change")
            .rows_affected()
    }

    /// The same, of a database that may end at this moment; whether it did it.
    pub async fn attempt(&mut self, sql: &str) -> bool {
        let query = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        query.execute(&mut self.connection).await.is_ok()
    }

    /// A single number.
    pub async fn number(&mut self, sql: &str) -> i64 {
        let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
        let row = query.fetch_one(&mut self.connection).await.expect("a row");
        row.get(0)
    }

    /// A single text.
    pub async fn text(&mut self, sql: &str) -> String {
        let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
        let row = query.fetch_one(&mut self.connection).await.expect("a row");
        row.get(0)
    }

    /// Stops the test unless the database holds together: SQLite's own check of the file, and on both engines no row
    /// that refers to one that is not there.
    pub async fn is_intact(&mut self) {
        if !self.is_postgres {
            assert_eq!(self.texts("PRAGMA integrity_check").await, ["ok"]);
            let broken = "SELECT COUNT(*) FROM pragma_foreign_key_check";
            assert_eq!(self.number(broken).await, 0, "references");
        }
        for (table, key, referred) in [
            ("sessions", "session_id", "data_keys d ON d.data_key_id"),
            ("capture_links", "session_id", "sessions d ON d.session_id"),
            ("session_events", "session_id", "sessions d ON d.session_id"),
            ("outbox", "session_id", "sessions d ON d.session_id"),
            (
                "idempotency_keys",
                "session_id",
                "sessions d ON d.session_id",
            ),
        ] {
            let orphans = format!(
                "SELECT COUNT(*) FROM {table} t LEFT JOIN {referred} = t.{key} \
                 AND d.organization_id = t.organization_id WHERE d.organization_id IS NULL"
            );
            assert_eq!(
                self.number(&orphans).await,
                0,
                "{table} without what they belong to"
            );
        }
    }

    /// A column of texts.
    pub async fn texts(&mut self, sql: &str) -> Vec<String> {
        let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
        let rows = query.fetch_all(&mut self.connection).await.expect("rows");
        rows.iter().map(|row| row.get(0)).collect()
    }
}

/// A database of its own on the scratch cluster. It is dropped with the value.
#[derive(Debug)]
pub struct Scratch {
    cluster: String,
    name: String,
    url: String,
}

/// Makes a database; none where there is no scratch cluster.
pub fn create() -> Option<Scratch> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let cluster = cluster()?;
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("vouchkey_{}_{number}", std::process::id());
    // One that was killed before it could drop its databases may have had this process's number.
    for statement in [
        format!("DROP DATABASE IF EXISTS {name}"),
        format!("CREATE DATABASE {name}"),
    ] {
        execute_at(&cluster, statement).expect("the scratch cluster makes a database");
    }
    let (server, parameters) = cluster.split_once('?').unwrap_or((&cluster, ""));
    let (server, _) = server.rsplit_once('/').expect("a URL with a database");
    let url = format!("{server}/{name}?{parameters}");
    Some(Scratch { cluster, name, url })
}

impl Scratch {
    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A server that was killed just now may still be connected.
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        if let Err(error) = execute_at(&self.cluster, drop) {
            eprintln!("{} is left in the scratch cluster: {error}", self.name);
        }
    }
}

/// Executes a statement on a connection of its own, on a thread of its own: databases are made and dropped where nothing
/// can be awaited.
fn execute_at(cluster: &str, statement: String) -> sqlx::Result<()> {
    let cluster = cluster.to_owned();
    let executing = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let mut connection = PgConnection::connect(&cluster).await?;
            sqlx::raw_sql(AssertSqlSafe(statement))
                .execute(&mut connection)
                .await?;
            connection.close().await
        })
    });
    executing.join().expect("a thread that does not panic")
}

fn cluster() -> Option<String> {
    std::env::var("VOUCHKEY_TEST_POSTGRES_URL").ok()
}
