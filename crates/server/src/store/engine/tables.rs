//! What tables a database has, read from the database itself.

use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::Engine;
use crate::store::StoreError;

/// What a column holds: the three types that the schema is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Kind {
    Text,
    Number,
    Bytes,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Column {
    pub(in crate::store) name: String,
    pub(in crate::store) kind: Kind,
    /// Its place in the primary key, from 1 on; 0 for what is not in it.
    pub(in crate::store) key: i64,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Table {
    pub(in crate::store) name: String,
    pub(in crate::store) columns: Vec<Column>,
    /// The tables whose rows its rows refer to.
    pub(in crate::store) parents: Vec<String>,
}

impl Engine {
    /// All tables of ours, by name; those that begin with `_` belong to tools.
    pub(in crate::store) async fn tables(
        self,
        conn: &mut AnyConnection,
    ) -> Result<Vec<Table>, StoreError> {
        let names = match self {
            Self::Sqlite => {
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
                 ORDER BY name"
            }
            Self::Postgres => {
                "SELECT CAST(table_name AS TEXT) FROM information_schema.tables \
                 WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name"
            }
        };
        let mut tables = Vec::new();
        for row in sqlx::query(names).fetch_all(&mut *conn).await? {
            let name: String = row.try_get(0)?;
            if !name.starts_with('_') {
                tables.push(self.table(conn, name).await?);
            }
        }
        Ok(tables)
    }

    async fn table(self, conn: &mut AnyConnection, name: String) -> Result<Table, StoreError> {
        let (columns, parents) = match self {
            Self::Sqlite => (
                "SELECT name, type, pk FROM pragma_table_info($1) ORDER BY cid",
                "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list($1)",
            ),
            Self::Postgres => (
                "SELECT CAST(c.column_name AS TEXT), CAST(c.data_type AS TEXT), \
                     COALESCE(CAST(k.ordinal_position AS BIGINT), 0) \
                 FROM information_schema.columns c LEFT JOIN information_schema.table_constraints p \
                     ON p.table_schema = c.table_schema AND p.table_name = c.table_name \
                     AND p.constraint_type = 'PRIMARY KEY' \
                 LEFT JOIN information_schema.key_column_usage k \
                     ON k.constraint_schema = p.constraint_schema AND k.constraint_name = p.constraint_name \
                     AND k.table_name = c.table_name AND k.column_name = c.column_name \
                 WHERE c.table_schema = current_schema() AND c.table_name = CAST($1 AS TEXT) \
                 ORDER BY c.ordinal_position",
                "SELECT DISTINCT CAST(parent.relname AS TEXT) FROM pg_constraint \
                     JOIN pg_class child ON child.oid = conrelid JOIN pg_class parent ON parent.oid = confrelid \
                 WHERE contype = 'f' AND child.relname = CAST($1 AS TEXT) \
                     AND child.relnamespace = CAST(CAST(current_schema() AS TEXT) AS regnamespace)",
            ),
        };
        let mut table = Table {
            columns: Vec::new(),
            parents: Vec::new(),
            name,
        };
        let rows = sqlx::query(columns)
            .bind(table.name.as_str())
            .fetch_all(&mut *conn)
            .await?;
        for row in rows {
            let (name, kind): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let kind = match kind.to_ascii_lowercase().as_str() {
                "text" => Kind::Text,
                "bigint" => Kind::Number,
                "bytea" => Kind::Bytes,
                other => {
                    return Err(StoreError::Setting(format!(
                        "the column {name} of the table {} has the type {other}, which this program does not know",
                        table.name
                    )));
                }
            };
            let key = row.try_get(2)?;
            table.columns.push(Column { name, kind, key });
        }
        let rows = sqlx::query(parents)
            .bind(table.name.as_str())
            .fetch_all(conn)
            .await?;
        for row in rows {
            table.parents.push(row.try_get(0)?);
        }
        Ok(table)
    }

    /// How many others are connected to this PostgreSQL database. SQLite is locked instead.
    pub(in crate::store) async fn others(
        self,
        conn: &mut AnyConnection,
    ) -> Result<i64, sqlx::Error> {
        if self == Self::Sqlite {
            return Ok(0);
        }
        let others = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
                      AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
        sqlx::query(others).fetch_one(conn).await?.try_get(0)
    }

    /// Keeps everybody from writing to these tables until the connection ends. SQLite's file is held by its lock.
    pub(in crate::store) async fn hold_still(
        self,
        conn: &mut AnyConnection,
        tables: &[Table],
    ) -> Result<(), StoreError> {
        if self == Self::Sqlite {
            return Ok(());
        }
        let names: Vec<String> = tables
            .iter()
            .map(|table| format!("\"{}\"", table.name))
            .collect();
        // Between two batches the other database works, and this transaction waits for it.
        let hold = format!(
            "SET idle_in_transaction_session_timeout = 0; BEGIN; LOCK TABLE {} IN SHARE MODE",
            names.join(", ")
        );
        sqlx::raw_sql(AssertSqlSafe(hold)).execute(conn).await?;
        Ok(())
    }
}
