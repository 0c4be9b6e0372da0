//! What an engine says of itself: the settings that durability rests on, and faults in its files. Reads only.

use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::Engine;
use crate::store::StoreError;

/// A setting of the engine that must be right, so that nothing which was answered is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineSetting {
    /// As the engine calls it.
    pub name: &'static str,
    /// What it is.
    pub found: String,
    /// What it must be; several values stand with ` or ` between them.
    pub wanted: &'static str,
}

impl EngineSetting {
    /// Whether it is what it must be.
    pub fn is_right(&self) -> bool {
        self.wanted.split(" or ").any(|value| value == self.found)
    }
}

/// Pragmas, and what SQLite must answer to each.
const SQLITE: [(&str, &str); 9] = [
    ("journal_mode", "wal"),
    ("synchronous", "2"),
    ("foreign_keys", "1"),
    ("secure_delete", "1"),
    ("busy_timeout", "5000"),
    ("trusted_schema", "0"),
    ("cell_size_check", "1"),
    ("journal_size_limit", "67108864"),
    ("temp_store", "2"),
];

/// Settings of PostgreSQL, as a connection begins with them. Whatever `synchronous_commit` is but `off` waits for this
/// server's own disk; what it waits for beside that is the operator's choice.
const POSTGRES: [(&str, &str); 5] = [
    ("fsync", "on"),
    ("full_page_writes", "on"),
    (
        "synchronous_commit",
        "on or remote_apply or remote_write or local",
    ),
    ("server_encoding", "UTF8"),
    ("default_transaction_read_only", "off"),
];

/// Faults that are told; a damaged file has thousands.
const MOST_FAULTS: usize = 5;

/// The settings of this connection and of the database behind it.
pub(in crate::store) async fn settings(
    conn: &mut AnyConnection,
    engine: Engine,
) -> Result<Vec<EngineSetting>, StoreError> {
    match engine {
        Engine::Sqlite => sqlite_settings(conn).await,
        Engine::Postgres => {
            let is_standby = "SELECT CAST(pg_is_in_recovery() AS TEXT)".to_owned();
            let mut settings = vec![EngineSetting {
                name: "pg_is_in_recovery",
                found: one(conn, is_standby).await?,
                wanted: "false",
            }];
            for (name, wanted) in POSTGRES {
                let sql = format!("SELECT reset_val FROM pg_settings WHERE name = '{name}'");
                let found = one(conn, sql).await?;
                settings.push(EngineSetting {
                    name,
                    found,
                    wanted,
                });
            }
            Ok(settings)
        }
    }
}

/// What SQLite really set.
pub(super) async fn sqlite_settings(
    conn: &mut AnyConnection,
) -> Result<Vec<EngineSetting>, StoreError> {
    let mut settings = Vec::with_capacity(SQLITE.len());
    for (name, wanted) in SQLITE {
        let found = one(conn, format!("PRAGMA {name}")).await?;
        settings.push(EngineSetting {
            name,
            found,
            wanted,
        });
    }
    Ok(settings)
}

/// The engine's name and version.
pub(in crate::store) async fn version(
    conn: &mut AnyConnection,
    engine: Engine,
) -> Result<String, StoreError> {
    let (name, sql) = match engine {
        Engine::Sqlite => ("SQLite", "SELECT sqlite_version()"),
        Engine::Postgres => ("PostgreSQL", "SELECT current_setting('server_version')"),
    };
    Ok(format!("{name} {}", one(conn, sql.to_owned()).await?))
}

/// The database's own clock in Unix milliseconds; SQLite's is this machine's.
pub(in crate::store) async fn now(
    conn: &mut AnyConnection,
    engine: Engine,
) -> Result<Option<i64>, StoreError> {
    match engine {
        Engine::Sqlite => Ok(None),
        Engine::Postgres => {
            let sql =
                "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)".to_owned();
            let now = one(conn, sql).await?;
            now.parse()
                .map(Some)
                .map_err(|_| StoreError::Corrupt("clock_timestamp"))
        }
    }
}

/// What is wrong with SQLite's file, read from its first page to its last: a few faults of each kind. PostgreSQL has
/// tools of its own (`pg_amcheck`, data checksums).
pub(in crate::store) async fn faults(
    conn: &mut AnyConnection,
    engine: Engine,
) -> Result<Vec<String>, StoreError> {
    if engine == Engine::Postgres {
        return Ok(Vec::new());
    }
    let mut faults = Vec::new();
    let integrity = format!("PRAGMA integrity_check({MOST_FAULTS})");
    let rows = sqlx::query(AssertSqlSafe(integrity))
        .fetch_all(&mut *conn)
        .await?;
    for row in rows {
        let fault: String = row.try_get(0)?;
        if fault != "ok" {
            faults.push(fault);
        }
    }
    let orphans = sqlx::query("PRAGMA foreign_key_check")
        .fetch_all(conn)
        .await?;
    for row in orphans.iter().take(MOST_FAULTS) {
        let (table, parent): (String, String) = (row.try_get(0)?, row.try_get(2)?);
        faults.push(format!(
            "a row of {table} refers to one of {parent} that is not there"
        ));
    }
    Ok(faults)
}

/// The one value that a query answers with, as text.
async fn one(conn: &mut AnyConnection, sql: String) -> Result<String, StoreError> {
    let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(conn).await?;
    Ok(row
        .try_get::<String, _>(0)
        .or_else(|_| row.try_get::<i64, _>(0).map(|number| number.to_string()))?)
}
