//! Moving an installation from one engine to the other: every row of every table that the schema has, in batches, each
//! noted in the transaction that writes it, so that a transfer that was killed goes on where it was.

mod progress;
mod rows;
mod sides;

use sqlx::Connection as _;

use super::StoreError;
use super::engine::Address;
use super::engine::tables::Table;
use super::schema::HALF_DONE;
use crate::config::{DataConfig, DatabaseConfig};
use rows::{Rows, Sum};
use sides::Side;

/// The one table without rows of an installation: it says which programs can work on the database.
const FLOOR: &str = "schema_floor";

/// A table that has been moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Its name.
    pub table: String,
    /// How many rows it has, on both sides.
    pub rows: i64,
    /// The sum of the digests of all of them, on both sides.
    pub digest: String,
}

/// A transfer under way.
pub struct Transfer {
    source: Side,
    target: Side,
    /// Parents before children.
    tables: Vec<Rows>,
    /// The oldest step that programs must know to work on the source.
    floor: i64,
    is_resumed: bool,
}

/// Whether both are of one engine: there are better tools then.
///
/// # Errors
/// A URL cannot be read.
pub fn are_of_one_engine(from: &DatabaseConfig, to: &DatabaseConfig) -> Result<bool, StoreError> {
    Ok(address(from)?.engine == address(to)?.engine)
}

fn address(database: &DatabaseConfig) -> Result<Address, StoreError> {
    // A transfer names both databases, and looks for none in a data folder.
    let data = DataConfig {
        folder: std::path::PathBuf::new(),
    };
    Address::read(database, &data)
}

impl Transfer {
    /// Opens both databases, and makes the target's schema unless it is there. From here on no server starts on the
    /// target until the transfer is done.
    ///
    /// # Errors
    /// The source is in use, is not there or has another schema; the target is neither empty nor what an earlier run
    /// from the same source left.
    pub async fn begin(from: &DatabaseConfig, to: &DatabaseConfig) -> Result<Self, StoreError> {
        let (mut source, tables, floor) = sides::source(address(from)?).await?;
        let tables = in_order(tables)?;
        let identity = identity(&mut source, &tables).await?;
        let (mut target, is_resumed) = sides::target(address(to)?).await?;
        let has: Vec<Rows> = in_order(target.engine.tables(&mut target.conn).await?)?;
        if !has
            .iter()
            .map(Rows::shape)
            .eq(tables.iter().map(Rows::shape))
        {
            return Err(refused(
                "the tables of the two databases are not the same; this program has made neither or only one of them",
            ));
        }
        if is_resumed {
            let begun = progress::source(&mut target.conn).await?;
            if begun.as_deref() != Some(identity.as_str()) {
                return Err(refused(
                    "the target holds an unfinished transfer of another installation, or of this one before it was \
                     changed. Empty the target and transfer again",
                ));
            }
        } else {
            let mut transaction = target.conn.begin_with(target.engine.begin()).await?;
            for table in &tables {
                if !table.page(&mut transaction, None, 1).await?.is_empty() {
                    return Err(not_empty());
                }
            }
            progress::begin(&mut transaction, &identity, HALF_DONE).await?;
            transaction.commit().await?;
        }
        Ok(Self {
            source,
            target,
            tables,
            floor,
            is_resumed,
        })
    }

    /// Whether an earlier run began it.
    pub const fn is_resumed(&self) -> bool {
        self.is_resumed
    }

    /// Copies what is still to be copied, then reads all rows of both sides and compares them. `batch` rows are held in
    /// memory and share a commit. `tell` is called with a table and its rows so far, after each batch.
    ///
    /// # Errors
    /// Those of the databases; what differs at the end.
    pub async fn run(
        mut self,
        batch: u32,
        mut tell: impl FnMut(&str, i64),
    ) -> Result<Vec<Moved>, StoreError> {
        let limit = i64::from(batch);
        let tables = std::mem::take(&mut self.tables);
        for table in &tables {
            self.copy(table, limit, &mut tell).await?;
        }
        let mut moved = Vec::with_capacity(tables.len());
        let mut differing = Vec::new();
        for table in tables {
            let source = table.sum(&mut self.source.conn, limit).await?;
            let target = table.sum(&mut self.target.conn, limit).await?;
            if source != target {
                differing.push(difference(&table.name, source, target));
            }
            moved.push(Moved {
                rows: source.rows,
                digest: source.digest(),
                table: table.name,
            });
        }
        if !differing.is_empty() {
            return Err(StoreError::Setting(format!(
                "the databases differ after the copy: {}. One of them was changed meanwhile; no server starts on the \
                 target. Empty it and transfer again, with all servers stopped",
                differing.join(", ")
            )));
        }
        let engine = self.target.engine;
        let mut transaction = self.target.conn.begin_with(engine.begin()).await?;
        progress::end(&mut transaction, self.floor).await?;
        transaction.commit().await?;
        self.target.conn.close().await?;
        self.source.conn.close().await?;
        Ok(moved)
    }

    async fn copy(
        &mut self,
        table: &Rows,
        limit: i64,
        tell: &mut impl FnMut(&str, i64),
    ) -> Result<(), StoreError> {
        let (source, target) = (&mut self.source.conn, &mut self.target);
        let mut mark = progress::mark(&mut target.conn, table).await?;
        loop {
            let page = table.page(source, mark.after.as_deref(), limit).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            let after = table.key(last);
            mark.copied += i64::try_from(page.len()).unwrap_or(limit);
            let mut transaction = target.conn.begin_with(target.engine.begin()).await?;
            table.insert(&mut transaction, &page).await?;
            progress::set_mark(&mut transaction, table, mark.copied, &after).await?;
            transaction.commit().await?;
            tell(&table.name, mark.copied);
            mark.after = Some(after);
        }
    }
}

/// What tells one installation from another: the server's secrets, which it has made at its first start.
async fn identity(source: &mut Side, tables: &[Rows]) -> Result<String, StoreError> {
    let secrets = tables.iter().find(|table| table.name == "server_secrets");
    let Some(secrets) = secrets else {
        return Err(refused("the source holds no installation yet"));
    };
    Ok(secrets.sum(&mut source.conn, 100).await?.digest())
}

/// The tables whose rows are copied, parents before children.
fn in_order(tables: Vec<Table>) -> Result<Vec<Rows>, StoreError> {
    let mut waiting = tables;
    let mut ordered: Vec<Rows> = Vec::new();
    while !waiting.is_empty() {
        let is_free = |table: &Table, waiting: &[Table]| {
            let mut others = table.parents.iter().filter(|parent| **parent != table.name);
            !others.any(|parent| waiting.iter().any(|waits| waits.name == *parent))
        };
        let Some(place) = (0..waiting.len()).find(|place| is_free(&waiting[*place], &waiting))
        else {
            return Err(refused("the tables refer to each other in a circle"));
        };
        let table = waiting.remove(place);
        let name = table.name.clone();
        match Rows::of(table) {
            Some(rows) => ordered.push(rows),
            None if name == FLOOR => {}
            None => {
                return Err(StoreError::Setting(format!(
                    "the table {name} has no primary key"
                )));
            }
        }
    }
    Ok(ordered)
}

fn difference(table: &str, source: Sum, target: Sum) -> String {
    if source.rows == target.rows {
        return format!(
            "{table} has other values in the {} rows of the target",
            target.rows
        );
    }
    format!(
        "{table} has {} rows in the source and {} in the target",
        source.rows, target.rows
    )
}

fn not_empty() -> StoreError {
    refused("the target is not empty; name a database that holds nothing yet")
}

fn refused(what: &str) -> StoreError {
    StoreError::Setting(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixtures;

    #[tokio::test]
    async fn every_table_of_the_schema_is_copied_after_those_that_it_refers_to() {
        let folder = tempfile::tempdir().unwrap();
        let store = fixtures::open(folder.path()).await;
        let engine = store.engine();
        let found = store.read(async |conn| engine.tables(conn).await).await;
        let found = found.unwrap();
        assert!(found.len() >= 17, "{}", found.len());
        let names: Vec<String> = in_order(found.clone())
            .unwrap()
            .into_iter()
            .map(|rows| rows.name)
            .collect();
        assert_eq!(names.len(), found.len() - 1, "all but {FLOOR}");
        let place = |name: &str| names.iter().position(|known| known == name);
        let mut references = 0;
        for table in &found {
            for parent in &table.parents {
                references += 1;
                assert!(
                    place(parent) < place(&table.name),
                    "{} and {parent}",
                    table.name
                );
            }
        }
        assert!(references >= 10, "{references}");
    }

    #[test]
    fn tables_in_a_circle_are_refused() {
        let table = |name: &str, parent: &str| Table {
            name: name.to_owned(),
            columns: Vec::new(),
            parents: vec![parent.to_owned()],
        };
        assert!(in_order(vec![table("a", "b"), table("b", "a")]).is_err());
    }
}
