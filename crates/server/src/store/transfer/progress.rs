//! How far a transfer has come, in a table of the target that is there only until it is done. What is copied and what
//! is noted of it share a transaction.

use sqlx::{AnyConnection, Row as _};

use super::rows::{Rows, Value};
use crate::store::StoreError;

/// The table.
pub(super) const TABLE: &str = "_vouchkey_transfer";

const CREATE: &str = "CREATE TABLE _vouchkey_transfer (table_name TEXT NOT NULL, copied BIGINT NOT NULL, last_key TEXT, \
     CONSTRAINT vouchkey_transfer_pk PRIMARY KEY (table_name))";
const DROP: &str = "DROP TABLE _vouchkey_transfer";
const SET: &str = "INSERT INTO _vouchkey_transfer (table_name, copied, last_key) VALUES ($1, $2, $3) \
     ON CONFLICT (table_name) DO UPDATE SET copied = excluded.copied, last_key = excluded.last_key";
const GET: &str = "SELECT copied, last_key FROM _vouchkey_transfer WHERE table_name = $1";
const SET_FLOOR: &str = "UPDATE schema_floor SET oldest_step = $1";

/// In the place of a table's name: whose rows these are.
const SOURCE: &str = "";

/// Where to go on with a table.
#[derive(Default)]
pub(super) struct Mark {
    pub(super) copied: i64,
    pub(super) after: Option<Vec<Value>>,
}

/// Begins: from here on no program works on the target.
pub(super) async fn begin(
    conn: &mut AnyConnection,
    source: &str,
    no_program: i64,
) -> Result<(), StoreError> {
    sqlx::query(CREATE).execute(&mut *conn).await?;
    set(conn, SOURCE, 0, source).await?;
    sqlx::query(SET_FLOOR)
        .bind(no_program)
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends: from here on the programs do that could work on the source.
pub(super) async fn end(conn: &mut AnyConnection, floor: i64) -> Result<(), StoreError> {
    sqlx::query(SET_FLOOR)
        .bind(floor)
        .execute(&mut *conn)
        .await?;
    sqlx::query(DROP).execute(conn).await?;
    Ok(())
}

/// What the transfer that was begun comes from.
pub(super) async fn source(conn: &mut AnyConnection) -> Result<Option<String>, StoreError> {
    Ok(get(conn, SOURCE).await?.and_then(|(_, source)| source))
}

/// Where to go on with a table.
pub(super) async fn mark(conn: &mut AnyConnection, rows: &Rows) -> Result<Mark, StoreError> {
    let Some((copied, Some(key))) = get(conn, &rows.name).await? else {
        return Ok(Mark::default());
    };
    let after = rows.read_key(&key);
    if after.is_none() {
        return Err(StoreError::Corrupt("last_key"));
    }
    Ok(Mark { copied, after })
}

/// Notes how far a table has come.
pub(super) async fn set_mark(
    conn: &mut AnyConnection,
    rows: &Rows,
    copied: i64,
    after: &[Value],
) -> Result<(), StoreError> {
    set(conn, &rows.name, copied, &Rows::write_key(after)).await
}

async fn set(
    conn: &mut AnyConnection,
    name: &str,
    copied: i64,
    key: &str,
) -> Result<(), StoreError> {
    sqlx::query(SET)
        .bind(name)
        .bind(copied)
        .bind(key)
        .execute(conn)
        .await?;
    Ok(())
}

async fn get(
    conn: &mut AnyConnection,
    name: &str,
) -> Result<Option<(i64, Option<String>)>, StoreError> {
    let row = sqlx::query(GET).bind(name).fetch_optional(conn).await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .transpose()
}
