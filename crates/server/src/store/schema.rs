//! The schema's steps, from one program to the next. Forward only; old and new programs run side by side on a schema
//! as long as it says that the old ones can.

#[cfg(test)]
mod migrating_tests;
#[cfg(test)]
mod tests;

use sqlx::migrate::{self, Migrate as _, MigrateError, Migrator};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, SqlSafeStr as _};

use super::StoreError;
use super::columns::{Columns, statements};
use super::engine::{Address, Engine};

static STEPS: Migrator = {
    let mut steps = sqlx::migrate!("src/store/migrations");
    // A step from the future may be one that this program can live with: the schema itself says so.
    steps.ignore_missing = true;
    steps
};

/// The steps as an engine takes them. Their digests are those of the files, so that both engines keep the same.
fn steps_for(engine: Engine) -> Migrator {
    let of_engine = |step: &migrate::Migration| {
        let mut step = step.clone();
        step.sql = AssertSqlSafe(engine.step(step.sql.as_str())).into_sql_str();
        step
    };
    let mut steps = Migrator::with_migrations(STEPS.iter().map(of_engine).collect());
    steps.set_ignore_missing(true);
    steps
}

statements! {
    FLOOR = "SELECT MAX(oldest_step) AS oldest_step FROM schema_floor";
    /// The table is the migrator's own.
    TAKEN = "SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version";
}

/// A step of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its number, from 1 on without gaps.
    pub number: i64,
    /// What it is called.
    pub name: String,
}

/// What bringing a schema up to date did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// The newest step before; 0 for a database that had no schema.
    pub from: i64,
    /// The newest step now.
    pub to: i64,
    /// The steps that were taken, in their order. Those that another server took at the same time are not among them.
    pub taken: Vec<Step>,
}

/// How far the schema of a database has come, as this program sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchemaState {
    /// The newest step that the database has taken; 0 for one that has no schema yet.
    pub step: i64,
    /// The newest step that this program knows.
    pub newest: i64,
    /// Steps that this program knows and the database has not taken.
    pub missing: Vec<Step>,
    /// Steps that were others when the database took them.
    pub changed: Vec<i64>,
    /// The oldest step that a program must know to work on it.
    pub oldest: i64,
}

impl SchemaState {
    /// Whether a transfer into the database has begun and is not finished: no program works on it until then.
    pub const fn is_half_transferred(&self) -> bool {
        self.oldest == HALF_DONE
    }
}

/// The step that no program knows: what a database says into which a transfer has begun.
pub(super) const HALF_DONE: i64 = i64::MAX;

/// How often a server that starts asks for what another one has locked, two seconds each time: ten minutes, which is
/// long for a step.
const TRIES: usize = 300;

/// Opens the connection of the writer on a schema that has all steps, and says which it took. Another server may be at
/// them: it is waited for, each time anew, since a connection keeps the migrator's lock when its steps fail.
pub(super) async fn open_writer(
    address: &Address,
) -> Result<(AnyConnection, Migration), StoreError> {
    for _ in 0..TRIES {
        let mut conn = address.sure_writer().await?;
        match bring_up_to_date(&mut conn, address.engine).await {
            Ok(migration) => return Ok((conn, migration)),
            Err(StoreError::Locked) => {
                tracing::warn!("another server changes the schema of the database; waiting for it");
                conn.close().await?;
            }
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Locked)
}

/// Applies the steps that are missing, and refuses a schema that this program is too old for.
async fn bring_up_to_date(
    conn: &mut AnyConnection,
    engine: Engine,
) -> Result<Migration, StoreError> {
    // Looked at and changed under one lock, which the migrator takes once more for itself.
    conn.lock().await.map_err(failed)?;
    let before = state(conn, engine).await?;
    if before.is_half_transferred() {
        return Err(StoreError::Setting(
            "a transfer into this database is not finished. Run the same `vouchkey transfer` again: it goes on where it \
             was. Nothing was changed"
                .to_owned(),
        ));
    }
    if before.oldest > before.newest {
        return Err(StoreError::Setting(format!(
            "a newer vouchkey has changed the database, so that only programs that know its schema up to step {} can \
             work on it. This one knows step {}: start the newer program. Nothing was changed",
            before.oldest, before.newest
        )));
    }
    let steps = steps_for(engine);
    steps.run_direct(None, conn, false).await.map_err(failed)?;
    conn.unlock().await.map_err(failed)?;
    Ok(Migration {
        from: before.step,
        to: before.step.max(before.newest),
        taken: before.missing,
    })
}

/// The newest step that this program knows.
fn newest() -> i64 {
    let numbers = STEPS.iter().map(|step| step.version);
    numbers.max().unwrap_or_default()
}

/// How far the schema has come. Changes nothing.
pub(super) async fn state(
    conn: &mut AnyConnection,
    engine: Engine,
) -> Result<SchemaState, StoreError> {
    let mut state = SchemaState {
        newest: newest(),
        ..SchemaState::default()
    };
    let mut taken = Vec::new();
    if engine.has_table(conn, "_sqlx_migrations").await? {
        for row in sqlx::query(TAKEN).fetch_all(&mut *conn).await? {
            let number: i64 = row.plain("version")?;
            taken.push((number, row.plain::<Vec<u8>>("checksum")?));
        }
    }
    state.step = taken.last().map_or(0, |(number, _)| *number);
    for step in STEPS.iter() {
        match taken.iter().find(|(number, _)| *number == step.version) {
            None => state.missing.push(Step {
                number: step.version,
                name: step.description.to_string(),
            }),
            Some((_, checksum)) if *checksum != *step.checksum => {
                state.changed.push(step.version);
            }
            Some(_) => {}
        }
    }
    if engine.has_table(conn, "schema_floor").await? {
        let row = sqlx::query(FLOOR).fetch_one(conn).await?;
        state.oldest = row.plain::<Option<i64>>("oldest_step")?.unwrap_or_default();
    }
    Ok(state)
}

fn failed(error: MigrateError) -> StoreError {
    use MigrateError as E;
    match error {
        E::Execute(error) | E::ExecuteMigration(error, _) => error.into(),
        other => StoreError::Setting(format!("the database's schema: {other}")),
    }
}
