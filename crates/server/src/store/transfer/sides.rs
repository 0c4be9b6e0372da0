//! The two databases of a transfer, and what is refused of each before a row is copied.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::{AnyConnection, Connection as _};

use super::super::engine::tables::Table;
use super::super::engine::{Address, Engine, LOCK_ENDING, lock_of};
use super::super::{StoreError, schema, secrets};
use super::{not_empty, progress, refused};

/// PostgreSQL ends the connections of a server that has stopped a moment after it: so often they are looked for.
const LOOKS: usize = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// A database, held for this process alone as far as its engine can.
pub(super) struct Side {
    pub(super) conn: AnyConnection,
    pub(super) engine: Engine,
    /// Removed before the address lets go of it.
    _lock_file: Option<LockFile>,
    _address: Address,
}

/// The file by which an SQLite source is locked, if it was not there before: beside a backup nobody looks for one.
struct LockFile(PathBuf);

impl LockFile {
    /// Takes the database for this process alone.
    fn hold(address: &mut Address) -> Result<Option<Self>, StoreError> {
        let file = address.file.as_deref();
        let path = file.map(|file| lock_of(file, LOCK_ENDING));
        let new = path.filter(|path| !path.exists());
        address.hold_alone()?;
        Ok(new.map(Self))
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // Left behind, it is empty and in nobody's way.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The source, its tables, and the oldest step that programs must know to work on it.
pub(super) async fn source(address: Address) -> Result<(Side, Vec<Table>, i64), StoreError> {
    open_source(address)
        .await
        .map_err(|error| of_side("the source", error))
}

async fn open_source(mut address: Address) -> Result<(Side, Vec<Table>, i64), StoreError> {
    let engine = address.engine;
    let mut conn = address.read_only().await?;
    let lock_file = LockFile::hold(&mut address)?;
    let others = others(engine, &mut conn).await?;
    if others > 0 {
        return Err(StoreError::Setting(format!(
            "the source has {others} other connections; stop all servers that use it, then run this again"
        )));
    }
    let schema = schema::state(&mut conn, engine).await?;
    if schema.is_half_transferred() {
        return Err(refused(
            "the source is itself the target of a transfer that is not finished",
        ));
    }
    if schema.step != schema.newest || !schema.missing.is_empty() || !schema.changed.is_empty() {
        return Err(StoreError::Setting(format!(
            "the source has the schema of step {}, and this program knows step {}. If the program is the newer one, run \
             `vouchkey migrate` on the source first; else take the newer program",
            schema.step, schema.newest
        )));
    }
    if secrets::root_keys(&mut conn).await?.is_empty() {
        return Err(refused("the source holds no installation yet"));
    }
    let tables = engine.tables(&mut conn).await?;
    // Who comes from now on, and writes, would have written what is not copied any more.
    match engine.hold_still(&mut conn, &tables).await {
        Err(StoreError::Locked) => {
            return Err(refused(
                "something writes to the source; stop all servers that use it, then run this again",
            ));
        }
        held => held?,
    }
    let side = Side {
        conn,
        engine,
        _lock_file: lock_file,
        _address: address,
    };
    Ok((side, tables, schema.oldest))
}

/// How many others are connected to a database, after those that are just ending have ended.
async fn others(engine: Engine, conn: &mut AnyConnection) -> Result<i64, StoreError> {
    for _ in 1..LOOKS {
        if engine.others(conn).await? == 0 {
            return Ok(0);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Ok(engine.others(conn).await?)
}

/// The target with its schema, and whether a transfer into it has begun already.
pub(super) async fn target(address: Address) -> Result<(Side, bool), StoreError> {
    open_target(address)
        .await
        .map_err(|error| of_side("the target", error))
}

async fn open_target(mut address: Address) -> Result<(Side, bool), StoreError> {
    let engine = address.engine;
    address.hold_alone()?;
    address.make_file()?;
    let mut conn = address.writer().await?;
    let is_begun = engine.has_table(&mut conn, progress::TABLE).await?;
    let schema = schema::state(&mut conn, engine).await?;
    if schema.step == 0
        && !engine
            .tables(&mut conn)
            .await
            .is_ok_and(|found| found.is_empty())
    {
        return Err(not_empty());
    }
    if !is_begun {
        conn.close().await?;
        (conn, _) = schema::open_writer(&address).await?;
    }
    let side = Side {
        conn,
        engine,
        _lock_file: None,
        _address: address,
    };
    Ok((side, is_begun))
}

/// Says which of two databases cannot be reached.
fn of_side(side: &str, error: StoreError) -> StoreError {
    match error {
        StoreError::Unavailable(reason) => StoreError::Unavailable(format!("{side}: {reason}")),
        other => other,
    }
}
