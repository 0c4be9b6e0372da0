//! SQLite's write-ahead log on a disk that fails. A page that Linux could not write when a file was synchronised counts as
//! written from then on: it is read as if it were, and the next call that synchronises succeeds without it. What may be
//! such a page must not be built on.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteError;
use sqlx::{AnyConnection, Row as _};

use super::{Engine, sqlite_code};
use crate::store::StoreError;

/// Pages in the log that are worth moving into the database: as many as SQLite itself waits for.
const WORTH_MOVING: i64 = 1_000;

/// Pages after which the log is looked at, as many as about so many commits and changes have added.
const LOOK: usize = 320;
const PAGES_OF_A_COMMIT: usize = 16;
const PAGES_OF_A_CHANGE: usize = 4;

/// What is read and written at once.
const PIECE: usize = 1 << 20;

/// `SQLITE_IOERR_FSYNC`.
const NOT_SYNCHRONISED: u32 = 1_034;

/// The log of a database.
pub(super) fn file(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    path.into()
}

/// Writes the whole log once more, byte for byte, and waits for the disk.
///
/// SQLite opens a database with all that it can read of the log, and that may be a change which was refused since it
/// could not be synchronised. On the disk there would be a hole in its place, and whatever is written after a hole is gone
/// after a power cut. Nobody else writes meanwhile.
pub(super) async fn bring_to_disk(
    conn: &mut AnyConnection,
    database: &Path,
) -> Result<(), StoreError> {
    let path = file(database);
    if !std::fs::metadata(&path).is_ok_and(|log| log.len() > 0) {
        return Ok(());
    }
    sqlx::raw_sql(Engine::Sqlite.begin())
        .execute(&mut *conn)
        .await?;
    let shown = path.clone();
    let written = tokio::task::spawn_blocking(move || write_again(&path)).await;
    sqlx::raw_sql("ROLLBACK").execute(conn).await?;
    written
        .unwrap_or_else(|error| Err(std::io::Error::other(error)))
        .map_err(|error| {
            StoreError::Unavailable(format!(
                "{} cannot be brought to the disk: {error}",
                shown.display()
            ))
        })
}

fn write_again(path: &Path) -> std::io::Result<()> {
    // SQLite's own locks are on other files: closing this one takes none of them away.
    let log = OpenOptions::new().read(true).write(true).open(path)?;
    let mut piece = vec![0; PIECE];
    let mut place = 0;
    loop {
        let length = log.read_at(&mut piece, place)?;
        if length == 0 {
            return log.sync_all();
        }
        let (read, _) = piece.split_at(length);
        log.write_all_at(read, place)?;
        place += length as u64;
    }
}

/// Moves what is in the log into the database now and then, in the place of SQLite, which does it without a word when it
/// fails.
#[derive(Debug, Default)]
pub(in crate::store) struct Checkpoints {
    /// About how many pages came in since the last look.
    pages: usize,
}

impl Checkpoints {
    /// Takes it over from a connection.
    pub(in crate::store) async fn take_over(
        conn: &mut AnyConnection,
        engine: Engine,
    ) -> Result<(), sqlx::Error> {
        if engine == Engine::Sqlite {
            sqlx::raw_sql("PRAGMA wal_autocheckpoint = 0")
                .execute(conn)
                .await?;
        }
        Ok(())
    }

    /// Moves the log after a commit of so many changes, if that is worth it.
    ///
    /// Ends the program if the disk could not keep what was moved. While somebody reads, SQLite moves a part of the log,
    /// does not synchronise it, and never moves it again: after such a failure those pages may be nowhere but in memory,
    /// and the log, which has them, would be begun anew with the next change. Who opens the database after all others
    /// have closed it moves the whole log. It must not be closed in order for that, since closing moves the rest.
    pub(in crate::store) async fn after(
        &mut self,
        changes: usize,
        conn: &mut AnyConnection,
        engine: Engine,
    ) {
        self.pages += PAGES_OF_A_COMMIT + PAGES_OF_A_CHANGE * changes;
        if engine == Engine::Postgres || self.pages < LOOK {
            return;
        }
        self.pages = 0;
        let Err(error) = move_log(conn).await else {
            return;
        };
        if !is_of_synchronising(&error) {
            tracing::warn!(%error, "the log of the database could not be moved into it; it grows until it can");
            return;
        }
        tracing::error!(
            %error,
            "the disk did not keep what was written to the database. Nothing that was answered is lost: all of it is in \
             the log, from which the next start takes it. This program ends so that nothing is built on the database as \
             it is now. End all other programs that have the database open, look after the disk, and start again"
        );
        std::process::exit(1);
    }
}

async fn move_log(conn: &mut AnyConnection) -> Result<(), sqlx::Error> {
    let row = sqlx::query("PRAGMA wal_checkpoint(NOOP)")
        .fetch_one(&mut *conn)
        .await?;
    let (pages, moved): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
    if pages - moved >= WORTH_MOVING {
        sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
            .fetch_one(conn)
            .await?;
    }
    Ok(())
}

fn is_of_synchronising(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<SqliteError>())
        .is_some_and(|error| sqlite_code(error) == NOT_SYNCHRONISED)
}
