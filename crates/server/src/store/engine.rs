//! The one file that knows which engine runs: addresses, settings of a connection, transactions, error codes.

mod copy;
pub(super) mod durability;
mod files;
mod log;
mod log_end;
mod patience;
mod statistics;
pub(super) mod tables;
mod transaction;

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ::log::LevelFilter;
use secrecy::{ExposeSecret, SecretString};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;
use sqlx::{AnyConnection, AnyPool, ConnectOptions, Row};

use super::StoreError;
use super::rows::RowTexts;
use crate::config::{DataConfig, DatabaseConfig};
use files::{make_private_file, sqlite_file, sqlite_url};

pub(super) use self::log::Checkpoints;
pub(super) use self::log_end::LogEnd;
pub(super) use self::statistics::Statistics;
pub(super) use self::transaction::Transaction;
pub(super) use files::{
    Held, LOCK_ENDING, SERVER_ENDING, hold, lock_folder, lock_of, make_private_folder,
};

/// Readers beside the one writer.
const SQLITE_READERS: u32 = 4;
const POSTGRES_READERS: u32 = 8;

/// How long a statement waits for another process's lock.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// Settings of every SQLite connection, and what must be read back. `synchronous = FULL` is what makes an answered
/// write outlive a power cut in WAL mode; `secure_delete` overwrites what is deleted; `temp_store` keeps what a statement
/// would undo out of files elsewhere on the machine, which cost more than the rows.
const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
     PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF; \
     PRAGMA cell_size_check = ON; PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY";
/// Pages that the writer keeps, 8 MB at most: with SQLite's own 2 MB, the inner pages of so many indexes are read again
/// for each batch. A commit that split a page looks through all places of the cache, so that more costs more.
const WRITER_CACHE: &str = "PRAGMA cache_size = -8192";
/// The one setting that is the file's and stays in it.
const SQLITE_JOURNAL: &str = "PRAGMA journal_mode = WAL";
/// Settings of every PostgreSQL connection. A copy of a keyed request waits so long for the first one (decision 7), and
/// what a server that was frozen or cut off within a transaction has locked is free again soon after: else nobody could
/// take its keys for as long as TCP believes that it lives.
///
/// No statement has to walk through a table that grows, neither by itself nor to join it with the few rows that are asked
/// for, and PostgreSQL is told so: else it does where the table was small when it planned, and keeps to that plan while the
/// table grows. What it thinks of the costs where nothing else can be done is then far above the truth, and must not make
/// it compile a plan.
///
/// It notices at each start that what is made where it is missing is there. The driver asks whether that is to be logged
/// and, where it is not, has the log lose the line after it: so it is not sent.
const POSTGRES_SETTINGS: &str = "SET client_min_messages = warning; SET lock_timeout = '2s'; SET idle_in_transaction_session_timeout = '5s'; \
     SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off";

/// Which database engine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The embedded default.
    Sqlite,
    /// The choice at scale.
    Postgres,
}

impl Engine {
    /// The engine of a connection.
    pub(super) fn of(conn: &AnyConnection) -> Self {
        match conn.backend_name() {
            "SQLite" => Self::Sqlite,
            _ => Self::Postgres,
        }
    }

    /// Whether values find their places by their order, as `?`. The driver of SQLite looks each numbered place up in a
    /// list of all of them, which takes longer than the statement where there are hundreds.
    pub(super) const fn finds_places_by_order(self) -> bool {
        matches!(self, Self::Sqlite)
    }

    /// Whether one text may be several statements with values. The driver of SQLite hands each text to another thread
    /// and back, and so fewer of them cost less; PostgreSQL's protocol has one statement a text.
    pub(super) const fn takes_several_statements(self) -> bool {
        matches!(self, Self::Sqlite)
    }

    /// Whether rows are handed over as lists. PostgreSQL plans a text for each number of rows and sets up as many
    /// statements as a batch has parts, which takes longer than the rows; SQLite has no lists.
    pub(super) const fn takes_lists(self) -> bool {
        matches!(self, Self::Postgres)
    }

    /// Queries at once for reads that share them, at most: fewer of them are shared by more. What waits for SQLite waits
    /// for the same cores; for PostgreSQL it may wait for a network.
    pub(super) const fn shared_reads(self) -> usize {
        match self {
            Self::Sqlite => 1,
            Self::Postgres => 2,
        }
    }

    /// Whether a connection that was in order a while ago still is: SQLite's lead to a file, PostgreSQL's through a network.
    pub(super) const fn keeps_connections(self) -> bool {
        matches!(self, Self::Sqlite)
    }

    /// Begins a transaction that writes. On SQLite it takes the write lock at once: a reader that becomes a writer
    /// fails without waiting if somebody else wrote in between.
    pub(super) const fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }

    /// What has a column of texts compared byte by byte, so that those with one beginning stand together in an index.
    /// PostgreSQL compares them as its database's language does, unless it is told.
    pub(super) const fn comparing_bytes(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " COLLATE \"C\"",
        }
    }

    /// A step of the schema as this engine takes it. What PostgreSQL alone needs stands behind `--postgres `, where
    /// SQLite sees a comment.
    pub(super) fn step(self, text: &str) -> String {
        match self {
            Self::Sqlite => text.to_owned(),
            Self::Postgres => text.replace("--postgres ", ""),
        }
    }
}

impl Engine {
    /// Takes those of these locks that nobody else has, until the transaction ends; says of each whether it was taken.
    /// Who waits for a lock while it has others can wait for one who waits for it: this never waits. SQLite has one
    /// writer at a time, and needs none.
    pub(super) async fn try_locks(
        self,
        conn: &mut AnyConnection,
        locks: &[i64],
    ) -> Result<Vec<bool>, sqlx::Error> {
        if self == Self::Sqlite {
            return Ok(vec![true; locks.len()]);
        }
        let mut taken = HashSet::with_capacity(locks.len());
        for query in LOCKS.queries(self, locks, |places, lock| places.bind(*lock)) {
            for row in query.fetch_all(&mut *conn).await? {
                taken.insert(row.try_get::<i64, _>(0)?);
            }
        }
        Ok(locks.iter().map(|lock| taken.contains(lock)).collect())
    }
}

impl Engine {
    /// Whether there is a table of this name.
    pub(super) async fn has_table(
        self,
        conn: &mut AnyConnection,
        name: &'static str,
    ) -> Result<bool, sqlx::Error> {
        let sql = match self {
            Self::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name = $1",
            Self::Postgres => {
                "SELECT CAST(relname AS TEXT) FROM pg_class WHERE oid = to_regclass(CAST($1 AS TEXT))"
            }
        };
        let row = sqlx::query(sql).bind(name).fetch_optional(conn).await?;
        Ok(row.is_some())
    }
}

/// A query that picks rows to work on, or a statement whose inner query does, with a text for each engine. On PostgreSQL it passes over rows
/// that another server works on at this moment: two that pick the same ones would wait for each other.
pub(super) struct Picking {
    sqlite: &'static str,
    postgres: String,
}

impl Picking {
    /// From the text for SQLite: `SELECT … LIMIT $2`, or `… IN (SELECT … LIMIT $2)…`. PostgreSQL may run such an inner query again for each row of the
    /// outer one, and would then pick others; as a materialized one it runs once.
    pub(super) fn of(sqlite: &'static str) -> Self {
        let parts = sqlite.split_once(" IN (SELECT ").and_then(|(head, rest)| {
            let (query, tail) = rest.split_once(" LIMIT $2)")?;
            Some((head, query, tail))
        });
        let postgres = match parts {
            Some((head, query, tail)) => format!(
                "WITH picked AS MATERIALIZED (SELECT {query} LIMIT $2 FOR UPDATE SKIP LOCKED) \
                 {head} IN (SELECT * FROM picked){tail}"
            ),
            None => format!("{sqlite} FOR UPDATE SKIP LOCKED"),
        };
        Self { sqlite, postgres }
    }

    /// The text for an engine.
    pub(super) fn text(&'static self, engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => &self.postgres,
        }
    }
}

/// The locks of a batch that nobody else has.
static LOCKS: LazyLock<RowTexts> = LazyLock::new(|| {
    RowTexts::of(
        "SELECT wanted.lock FROM (SELECT * FROM (VALUES ($1)) AS listed (lock)) AS wanted \
         WHERE pg_try_advisory_xact_lock(wanted.lock)",
    )
});

/// Where the database is, ready to be connected to.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) engine: Engine,
    /// The file of SQLite.
    pub(super) file: Option<PathBuf>,
    options: AnyConnectOptions,
    held: Option<Arc<File>>,
}

impl Address {
    /// Reads the configuration and, for SQLite, makes the file with mode 0600: SQLite gives its `-wal` and `-shm` the
    /// mode of the file itself. As long as the address lives, nobody moves the database away.
    pub(super) fn prepare(
        database: &DatabaseConfig,
        data: &DataConfig,
    ) -> Result<Self, StoreError> {
        let mut address = Self::read(database, data)?;
        if let Some(file) = &address.file {
            let held = hold(file, LOCK_ENDING, File::try_lock_shared).map_err(|fault| match fault {
                Held::ByAnother => StoreError::Setting(format!(
                    "{} is being moved or restored by another vouchkey; start again when that is done",
                    file.display()
                )),
                Held::Failed(error) => error,
            })?;
            address.held = Some(Arc::new(held));
        }
        address.make_file()?;
        Ok(address)
    }

    /// Makes SQLite's file, empty, unless it is there.
    pub(super) fn make_file(&self) -> Result<(), StoreError> {
        self.file.as_deref().map_or(Ok(()), make_private_file)
    }

    /// Takes the database for this process alone; on PostgreSQL there is nothing to take.
    pub(super) fn hold_alone(&mut self) -> Result<(), StoreError> {
        if let Some(file) = &self.file {
            let held = hold(file, LOCK_ENDING, File::try_lock).map_err(|fault| match fault {
                Held::ByAnother => StoreError::Setting(format!(
                    "a server or another command uses {}; stop the server, then run this again",
                    file.display()
                )),
                Held::Failed(error) => error,
            })?;
            self.held = Some(Arc::new(held));
        }
        Ok(())
    }

    /// Reads the configuration, and makes nothing.
    pub(super) fn read(database: &DatabaseConfig, data: &DataConfig) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let url = database.url.as_ref().map(SecretString::expose_secret);
        match url {
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Ok(Self {
                    engine: Engine::Postgres,
                    file: None,
                    options: options(url)?,
                    held: None,
                })
            }
            Some(url) => Self::of_file(sqlite_file(url).ok_or_else(|| {
                StoreError::Setting("must be postgres://… or sqlite://FILE".to_owned())
            })?),
            None => Self::of_file(data.folder.join("vouchkey.db")),
        }
    }

    fn of_file(file: PathBuf) -> Result<Self, StoreError> {
        Ok(Self {
            engine: Engine::Sqlite,
            options: options(&sqlite_url(&file, "rw")?)?,
            file: Some(file),
            held: None,
        })
    }

    /// Opens the connection of the writer, checked.
    pub(super) async fn writer(&self) -> Result<AnyConnection, StoreError> {
        let mut conn = self.options.connect().await?;
        settle(&mut conn, self.engine).await?;
        if self.engine == Engine::Sqlite {
            sqlx::raw_sql(WRITER_CACHE).execute(&mut conn).await?;
        }
        verify(&mut conn, self.engine).await?;
        Ok(conn)
    }

    /// The same for a process that begins, with a log of which all is on the disk. Later ones need no such look: SQLite
    /// reads the log anew only after all connections were closed, and readers stay open.
    pub(super) async fn sure_writer(&self) -> Result<AnyConnection, StoreError> {
        let mut conn = self.writer().await?;
        if let Some(file) = &self.file {
            self::log::bring_to_disk(&mut conn, file).await?;
        }
        Ok(conn)
    }

    /// Opens a connection that changes nothing, not even a setting of the file. A file that is not there is refused.
    ///
    /// What a server that was killed has left in SQLite's write-ahead log stays there: a connection that can write
    /// would move it into the database as it closes. Without such a log it is the other way round: one that can only
    /// read would leave an empty log behind.
    pub(super) async fn read_only(&self) -> Result<AnyConnection, StoreError> {
        let mut conn = match &self.file {
            None => self.options.connect().await?,
            Some(file) => {
                if let Err(error) = std::fs::metadata(file) {
                    return Err(StoreError::Setting(format!("{}: {error}", file.display())));
                }
                let has_log = self::log::file(file).exists();
                let url = sqlite_url(file, if has_log { "ro" } else { "rw" })?;
                options(&url)?.connect().await?
            }
        };
        let settings = match self.engine {
            Engine::Sqlite => PRAGMAS,
            Engine::Postgres => POSTGRES_SETTINGS,
        };
        sqlx::raw_sql(settings).execute(&mut conn).await?;
        only_read(&mut conn, self.engine).await?;
        Ok(conn)
    }

    /// Opens an SQLite file to which nobody writes, and makes nothing beside it.
    pub(super) async fn copy(file: &Path) -> Result<AnyConnection, StoreError> {
        sqlx::any::install_default_drivers();
        let mut conn = options(&sqlite_url(file, "ro&immutable=true")?)?
            .connect()
            .await?;
        sqlx::raw_sql(PRAGMAS).execute(&mut conn).await?;
        Ok(conn)
    }

    /// Opens the pool of readers, which cannot write.
    pub(super) async fn readers(&self) -> Result<AnyPool, StoreError> {
        let engine = self.engine;
        let mut pool = AnyPoolOptions::new();
        if engine == Engine::Sqlite {
            // They stay for good: see `sure_writer`.
            pool = pool.idle_timeout(None).max_lifetime(None);
        }
        let pool = pool
            .max_connections(match engine {
                Engine::Sqlite => SQLITE_READERS,
                Engine::Postgres => POSTGRES_READERS,
            })
            .acquire_timeout(LOCK_WAIT)
            .test_before_acquire(engine == Engine::Postgres)
            .after_connect(move |conn, _| {
                Box::pin(async move {
                    settle(conn, engine).await?;
                    only_read(conn, engine).await
                })
            })
            .connect_with(self.options.clone())
            .await?;
        verify(&mut *pool.acquire().await?, engine).await?;
        Ok(pool)
    }
}

/// How a URL is connected to.
fn options(url: &str) -> Result<AnyConnectOptions, StoreError> {
    let options = url
        .parse::<AnyConnectOptions>()
        // The parser's error may repeat the URL, and the URL holds a password.
        .map_err(|_| StoreError::Setting("is no URL that can be read".to_owned()))?;
    Ok(options.log_statements(LevelFilter::Trace))
}

async fn settle(conn: &mut AnyConnection, engine: Engine) -> Result<(), sqlx::Error> {
    let settings: &[&'static str] = match engine {
        Engine::Sqlite => &[PRAGMAS, SQLITE_JOURNAL],
        Engine::Postgres => &[POSTGRES_SETTINGS],
    };
    for part in settings {
        sqlx::raw_sql(*part).execute(&mut *conn).await?;
    }
    Ok(())
}

async fn only_read(conn: &mut AnyConnection, engine: Engine) -> Result<(), sqlx::Error> {
    let only_read = match engine {
        Engine::Sqlite => "PRAGMA query_only = ON",
        Engine::Postgres => "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    };
    sqlx::raw_sql(only_read).execute(conn).await?;
    Ok(())
}

/// Refuses a database that silently kept other settings than were asked for (a file system without shared memory,
/// say, refuses WAL).
async fn verify(conn: &mut AnyConnection, engine: Engine) -> Result<(), StoreError> {
    if engine == Engine::Postgres {
        return Ok(());
    }
    for setting in durability::sqlite_settings(conn).await? {
        if !setting.is_right() {
            return Err(StoreError::Setting(format!(
                "SQLite answers {} to `PRAGMA {}`, not {}",
                setting.found, setting.name, setting.wanted
            )));
        }
    }
    Ok(())
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        let Some(database) = error.as_database_error() else {
            return match error {
                E::Io(_)
                | E::Tls(_)
                | E::Protocol(_)
                | E::PoolTimedOut
                | E::PoolClosed
                | E::WorkerCrashed => Self::Unavailable(error.to_string()),
                _ => Self::Internal(error.to_string()),
            };
        };
        if database.is_unique_violation() {
            return Self::UniqueViolation;
        }
        if database.is_foreign_key_violation() {
            return Self::ReferenceViolation;
        }
        if let Some(error) = database.try_downcast_ref::<PgDatabaseError>()
            && error.code() == "55P03"
        {
            return Self::Locked;
        }
        if let Some(error) = database.try_downcast_ref::<SqliteError>()
            && matches!(sqlite_code(error) & 0xff, 11 | 26)
        {
            return Self::Damaged(error.to_string());
        }
        let passing = if let Some(error) = database.try_downcast_ref::<SqliteError>() {
            sqlite_may_pass(error)
        } else if let Some(error) = database.try_downcast_ref::<PgDatabaseError>() {
            postgres_may_pass(error.code())
        } else {
            false
        };
        if passing {
            Self::Unavailable(error.to_string())
        } else {
            Self::Internal(error.to_string())
        }
    }
}

/// Busy, locked, read-only, I/O error, full, cannot open: the machine's trouble, not the request's.
fn sqlite_may_pass(error: &SqliteError) -> bool {
    matches!(sqlite_code(error) & 0xff, 5 | 6 | 8 | 10 | 13 | 14)
}

/// SQLite's extended code.
fn sqlite_code(error: &SqliteError) -> u32 {
    use sqlx::error::DatabaseError;
    let code = error.code();
    code.and_then(|code| code.parse().ok()).unwrap_or_default()
}

/// Connection lost, user or database not there, resources short, operator at work, or another transaction in the way.
fn postgres_may_pass(code: &str) -> bool {
    matches!(code.get(..2), Some("08" | "28" | "3D" | "53" | "57" | "58"))
        || matches!(code, "40001" | "40P01" | "25006")
        // A transaction that was idle for too long: this server was frozen, and others have gone on.
        || code == "25P03"
}
