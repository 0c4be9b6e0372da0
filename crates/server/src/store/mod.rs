//! All SQL, and nothing but SQL: one file per family of tables, each of plain functions over a connection.
//!
//! There is one door for reading, [`Store::read`], and one for writing, [`Store::write`]. Writes go one after another
//! through one task, which owns the only connection that can write; those that wait together share a commit. An answer
//! comes when its change is durable.

pub mod api_keys;
pub mod backup;
mod batch;
pub mod capture_links;
mod columns;
pub mod create_session;
pub mod data_keys;
mod engine;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod idempotency;
pub mod invitations;
mod lately_read;
pub mod mailbox;
mod one_server;
mod open_way;
pub mod organizations;
pub mod outbox;
mod postgres_url;
mod read_only;
pub mod redact_session;
mod rows;
mod schema;
pub mod sealed_sample;
pub mod secrets;
pub mod session_events;
pub mod session_list;
pub mod sessions;
mod shared_reads;
pub mod shown_session;
pub mod sign_ins;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod tenancy;
#[cfg(test)]
mod tests;
pub mod transfer;
pub mod upkeep;
pub mod users;
pub mod workflows;
mod writer;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{AnyConnection, AnyPool, Connection as _};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;
use vouchkey_types::inflection::Inflection;

pub use engine::Engine;
pub use engine::durability::EngineSetting;
pub use lately_read::Reshown;
pub use one_server::OneServer;
pub use open_way::OpenWay;
pub use read_only::ReadOnly;
pub use schema::{Migration, SchemaState, Step};

use crate::config::{DataConfig, DatabaseConfig};
use crate::metrics::StoreMetrics;
use engine::Address;
use lately_read::{Asked, LatelyRead, Written};
use shared_reads::SharedReads;
use shown_session::{ShownSession, Which};
use writer::{Job, Pending, Writer};

/// Writes that may wait; one more is refused at once.
const QUEUE: usize = 1_024;

/// Why the store did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Too many writes wait. Nothing was written.
    #[error("too many writes are waiting")]
    Busy,
    /// The database cannot be reached or written now. Nothing was written.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The connection broke while changes were made durable. They were written, or they were not.
    #[error("it is not known whether the database has written: {0}")]
    Undecided(String),
    /// SQLite's file is not what it was. Nothing was written.
    #[error(
        "the database file is damaged, or is none of SQLite's: {0}. Stop the server, keep a copy of the file, and \
         restore a backup"
    )]
    Damaged(String),
    /// Another server is writing what this would write, and did not end in time. Nothing was written.
    #[error("another server is writing the same")]
    Locked,
    /// A row with the same key is there already.
    #[error("a row with this key exists already")]
    UniqueViolation,
    /// A row names one that is not there, or is named by one that is.
    #[error("a row names another one that is not there")]
    ReferenceViolation,
    /// A row holds what this program never writes; the name is the column's.
    #[error("the database holds a value that cannot be read, in column `{0}`")]
    Corrupt(&'static str),
    /// The database cannot be opened as it is configured.
    #[error("{0}")]
    Setting(String),
    /// A mistake of this program.
    #[error("internal error of the store: {0}")]
    Internal(String),
}

impl StoreError {
    /// Whether the same may succeed later, without anything being mended in the data.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Busy | Self::Locked) || self.is_of_the_machine()
    }

    /// Whether it is the machine's trouble, and not the request's or another server's.
    pub(crate) const fn is_of_the_machine(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::Undecided(_) | Self::Damaged(_)
        )
    }
}

/// Reads the URL of a database, and does nothing with it.
///
/// # Errors
/// What would be right. The URL is not repeated, since it may hold a password.
pub fn check_url(url: &SecretString) -> Result<(), StoreError> {
    let database = DatabaseConfig {
        url: Some(url.clone()),
        ..DatabaseConfig::default()
    };
    let data = DataConfig {
        folder: PathBuf::new(),
    };
    let address = Address::read(&database, &data)?;
    if address.engine == Engine::Postgres {
        postgres_url::check(url.expose_secret()).map_err(StoreError::Setting)?;
    }
    Ok(())
}

/// Something to be written, as plain data that knows how to apply itself. Applied in a transaction of which the store
/// takes care; an error or a panic undoes all of it, and nothing else.
pub trait Change: Send + 'static {
    /// What is answered once the change is durable.
    type Outcome: Send + 'static;

    /// Which sessions it shows otherwise than they were, so that nobody is shown them from memory. Any, unless a change
    /// knows better.
    fn reshows(&self) -> Reshown {
        Reshown::Any
    }

    /// The same once it is applied, for changes that find out then.
    fn has_reshown(announced: Reshown, _: &Self::Outcome) -> Reshown {
        announced
    }

    /// Writes it.
    fn apply(
        self,
        conn: &mut AnyConnection,
        engine: Engine,
    ) -> impl Future<Output = Result<Self::Outcome, StoreError>> + Send;
}

/// The database. Clones share it.
#[derive(Clone)]
pub struct Store {
    readers: AnyPool,
    shared_reads: SharedReads,
    lately_read: LatelyRead,
    queue: mpsc::Sender<Box<dyn Job>>,
    writer: Arc<Mutex<Option<JoinHandle<()>>>>,
    engine: Engine,
    file: Option<Arc<Path>>,
    metrics: StoreMetrics,
}

impl Store {
    /// Opens the database, makes it if there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// The folder or the database cannot be made, reached or migrated, or SQLite does not take our settings.
    pub async fn open(database: &DatabaseConfig, data: &DataConfig) -> Result<Self, StoreError> {
        let (address, conn, _) = Self::prepare(database, data).await?;
        let readers = address.readers().await?;
        let engine = address.engine;
        let file: Option<Arc<Path>> = address.file.as_deref().map(Arc::from);
        let limit = if database.commit_each {
            1
        } else {
            writer::BATCH
        };
        let (queue, jobs) = mpsc::channel(QUEUE);
        let metrics = StoreMetrics::default();
        let shared_reads = SharedReads::new(readers.clone(), metrics.clone(), engine);
        let lately_read = LatelyRead::new(file.clone());
        let kept = lately_read.clone();
        let writer =
            Writer::new(address, conn, jobs, limit, metrics.clone(), kept, &readers).await?;
        let writer = tokio::spawn(writer.run());
        Ok(Self {
            readers,
            shared_reads,
            lately_read,
            queue,
            writer: Arc::new(Mutex::new(Some(writer))),
            engine,
            file,
            metrics,
        })
    }

    /// Brings the schema up to date, makes the database if there is none, and closes it again. Servers may run on it:
    /// one that changes the schema is waited for, and requests of the others wait for a step at most.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn migrate(
        database: &DatabaseConfig,
        data: &DataConfig,
    ) -> Result<Migration, StoreError> {
        let (_, conn, migration) = Self::prepare(database, data).await?;
        conn.close().await?;
        Ok(migration)
    }

    /// The connection of the writer, on a schema that is up to date.
    async fn prepare(
        database: &DatabaseConfig,
        data: &DataConfig,
    ) -> Result<(Address, AnyConnection, Migration), StoreError> {
        engine::make_private_folder(&data.folder)?;
        let address = Address::prepare(database, data)?;
        // Changing a new file to WAL and migrating it are not for two processes at once.
        let lock = engine::lock_folder(&data.folder).await?;
        let (conn, migration) = schema::open_writer(&address).await?;
        drop(lock);
        Ok((address, conn, migration))
    }

    /// Which engine runs.
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// The file of SQLite; none with PostgreSQL, whose files are another machine's matter.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Reads. The connection cannot write, and must not be kept over anything but queries.
    ///
    /// # Errors
    /// Those of `work`, and [`StoreError::Unavailable`] if no connection is to be had.
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: AsyncFnOnce(&mut AnyConnection) -> Result<T, StoreError>,
    {
        let began = Instant::now();
        let mut conn = self.readers.acquire().await?;
        self.metrics.got_reader(began.elapsed());
        work(&mut conn).await
    }

    /// What `write` makes of a session at this time, its keys in this spelling: from memory if it was read lately and
    /// nothing was changed since. Such reads that wait together share a query.
    ///
    /// # Errors
    /// As [`Store::read`], [`StoreError::Busy`] if thousands wait already, and those of `write`.
    pub async fn written_session<E: From<StoreError>>(
        &self,
        which: Which,
        inflection: Inflection,
        now: i64,
        write: impl FnOnce(&ShownSession) -> Result<String, E>,
    ) -> Result<Option<Bytes>, E> {
        let missing = match self.lately_read.ask(&which, inflection, now) {
            Asked::Here(text) => {
                self.metrics.read_from_memory();
                return Ok(Some(text));
            }
            Asked::Missing(missing) => missing,
        };
        let Some(found) = self.shared_reads.find(which).await? else {
            return Ok(None);
        };
        let written = Written {
            text: Bytes::from(write(&found)?.into_boxed_str().into_boxed_bytes()),
            inflection,
            steady: found.steady_at(now),
        };
        let text = written.text.clone();
        missing.keep(which, written);
        Ok(Some(text))
    }

    /// Writes, and answers once the change is durable.
    ///
    /// # Errors
    /// Those of the change; [`StoreError::Busy`] if 1,024 writes wait already; [`StoreError::Unavailable`] if the
    /// database could not take it.
    pub async fn write<C: Change>(&self, change: C) -> Result<C::Outcome, StoreError> {
        let began = Instant::now();
        let (reply, answer) = oneshot::channel();
        self.queue
            .try_send(Box::new(Pending::new(change, reply)))
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => {
                    self.metrics.refused();
                    StoreError::Busy
                }
                mpsc::error::TrySendError::Closed(_) => stopped(),
            })?;
        let outcome = answer.await.unwrap_or_else(|_| Err(stopped()));
        self.metrics.wrote(began.elapsed());
        outcome
    }

    /// What is measured of it.
    pub const fn metrics(&self) -> &StoreMetrics {
        &self.metrics
    }

    /// How many writes wait.
    pub fn waiting_writes(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// How many connections there are for reading, and how many of them are idle.
    pub fn reader_connections(&self) -> (u32, usize) {
        (self.readers.size(), self.readers.num_idle())
    }

    /// Finishes the writes that wait, refuses further ones and closes all connections.
    pub async fn close(&self) {
        if let Some(writer) = self.writer.lock().await.take() {
            // A send can only fail if the writer has ended already.
            let _ = self.queue.send(Box::new(writer::Stop)).await;
            let _ = writer.await;
        }
        self.shared_reads.close();
        self.readers.close().await;
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}
