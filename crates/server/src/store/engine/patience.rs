//! How long a database is waited for, and what is known when it breaks off.

use std::io;
use std::time::Duration;

use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

use super::{Engine, sqlite_code};

/// `SQLITE_IOERR_FSYNC`.
const SQLITE_IOERR_FSYNC: u32 = 1034;

impl Engine {
    /// Waits for what a database across a network may never answer; a file always does.
    ///
    /// # Errors
    /// Its own, or that the time is over.
    pub(in crate::store) async fn in_time<T, E: From<sqlx::Error>>(
        self,
        limit: Duration,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        match self {
            Self::Sqlite => work.await,
            Self::Postgres => tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
                let silence = io::Error::new(io::ErrorKind::TimedOut, "PostgreSQL does not answer");
                Err(sqlx::Error::Io(silence).into())
            }),
        }
    }

    /// Whether a commit that ended so may have taken place: the connection broke, the operator ended it while it waited for
    /// a standby, or SQLite's file could not be forced to the disk.
    pub(in crate::store) fn leaves_open(self, error: &sqlx::Error) -> bool {
        let Some(error) = error.as_database_error() else {
            return self == Self::Postgres;
        };
        if let Some(error) = error.try_downcast_ref::<PgDatabaseError>() {
            return matches!(error.code().get(..2), Some("08" | "57"));
        }
        error
            .try_downcast_ref::<SqliteError>()
            .is_some_and(|error| sqlite_code(error) == SQLITE_IOERR_FSYNC)
    }
}
