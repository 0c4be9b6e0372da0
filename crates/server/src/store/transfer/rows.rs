//! The rows of one table: read in pages, written in batches, and summed up.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use crate::store::engine::tables::{Column, Kind, Table};
use crate::store::rows::{Bound, RowTexts};
use crate::store::{Engine, StoreError};

/// A value as both engines have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(Option<String>),
    Number(Option<i64>),
    Bytes(Option<Vec<u8>>),
}

/// A table that is copied, with its statements. They name the columns as the source has them.
pub(super) struct Rows {
    pub(super) name: String,
    columns: Vec<Column>,
    /// Which columns are the primary key, in its order.
    key: Vec<usize>,
    first_page: String,
    next_page: String,
    insert: RowTexts,
}

impl Rows {
    /// None for a table without a primary key.
    pub(super) fn of(table: Table) -> Option<Self> {
        let mut key: Vec<usize> = (0..table.columns.len())
            .filter(|place| table.columns[*place].key > 0)
            .collect();
        key.sort_by_key(|place| table.columns[*place].key);
        if key.is_empty() {
            return None;
        }
        let name = quoted(&table.name);
        let all: Vec<String> = table
            .columns
            .iter()
            .map(|column| quoted(&column.name))
            .collect();
        let keys: Vec<String> = key.iter().map(|place| all[*place].clone()).collect();
        let (all, keys) = (all.join(", "), keys.join(", "));
        let limit = key.len() + 1;
        Some(Self {
            first_page: format!("SELECT {all} FROM {name} ORDER BY {keys} LIMIT $1"),
            next_page: format!(
                "SELECT {all} FROM {name} WHERE ({keys}) > ({}) ORDER BY {keys} LIMIT ${limit}",
                places(key.len())
            ),
            insert: RowTexts::of(&format!(
                "INSERT INTO {name} ({all}) VALUES ({})",
                places(table.columns.len())
            )),
            name: table.name,
            columns: table.columns,
            key,
        })
    }

    /// What must be the same on both sides.
    pub(super) fn shape(&self) -> (&str, &[Column]) {
        (&self.name, &self.columns)
    }

    /// The rows after a key, in the order of their keys; the first ones after none.
    pub(super) async fn page(
        &self,
        conn: &mut AnyConnection,
        after: Option<&[Value]>,
        limit: i64,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        let sql = if after.is_some() {
            &self.next_page
        } else {
            &self.first_page
        };
        let query = sqlx::query(AssertSqlSafe(sql.as_str()));
        let query = after.unwrap_or_default().iter().fold(query, bind);
        let rows = query.bind(limit).fetch_all(conn).await?;
        rows.iter().map(|row| self.read(row)).collect()
    }

    fn read(&self, row: &AnyRow) -> Result<Vec<Value>, StoreError> {
        let columns = self.columns.iter().enumerate();
        let values = columns.map(|(place, column)| {
            let value = match column.kind {
                Kind::Text => row.try_get(place).map(Value::Text),
                Kind::Number => row.try_get(place).map(Value::Number),
                Kind::Bytes => row.try_get(place).map(Value::Bytes),
            };
            value.map_err(|_| {
                StoreError::Setting(format!(
                    "a row of {} holds what cannot be read, in the column {}",
                    self.name, column.name
                ))
            })
        });
        values.collect()
    }

    /// The key of a row.
    pub(super) fn key(&self, row: &[Value]) -> Vec<Value> {
        self.key.iter().map(|place| row[*place].clone()).collect()
    }

    /// Writes rows.
    pub(super) async fn insert(
        &self,
        conn: &mut AnyConnection,
        rows: &[Vec<Value>],
    ) -> Result<(), StoreError> {
        for (sql, part) in self.insert.parts(Engine::of(conn), rows) {
            let query = sqlx::query(AssertSqlSafe(sql));
            let query = part.iter().flatten().fold(query, bind);
            query.execute(&mut *conn).await?;
        }
        Ok(())
    }

    /// A key as text, to go on after it.
    pub(super) fn write_key(key: &[Value]) -> String {
        let words = key.iter().map(|value| match value {
            Value::Text(text) => Json::from(text.clone()),
            Value::Number(number) => Json::from(*number),
            Value::Bytes(bytes) => Json::from(bytes.as_ref().map(|bytes| STANDARD.encode(bytes))),
        });
        words.collect::<Json>().to_string()
    }

    /// Reads what [`Rows::write_key`] wrote.
    pub(super) fn read_key(&self, text: &str) -> Option<Vec<Value>> {
        let words: Vec<Json> = serde_json::from_str(text).ok()?;
        let kinds = self.key.iter().map(|place| self.columns[*place].kind);
        if words.len() != self.key.len() {
            return None;
        }
        let values = words.iter().zip(kinds).map(|(word, kind)| {
            Some(match kind {
                Kind::Text => Value::Text(Some(word.as_str()?.to_owned())),
                Kind::Number => Value::Number(Some(word.as_i64()?)),
                Kind::Bytes => Value::Bytes(Some(STANDARD.decode(word.as_str()?).ok()?)),
            })
        });
        values.collect()
    }

    /// Sums up all rows.
    pub(super) async fn sum(
        &self,
        conn: &mut AnyConnection,
        limit: i64,
    ) -> Result<Sum, StoreError> {
        let mut sum = Sum::default();
        let mut after: Option<Vec<Value>> = None;
        loop {
            let page = self.page(conn, after.as_deref(), limit).await?;
            for row in &page {
                sum.add(row);
            }
            match page.last() {
                Some(row) => after = Some(self.key(row)),
                None => return Ok(sum),
            }
        }
    }
}

/// How many rows there are, and the sum of their digests: the same whatever order they come in, since engines sort text
/// by rules of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) rows: i64,
    digests: [u64; 4],
}

impl Sum {
    fn add(&mut self, row: &[Value]) {
        let mut digest = Sha256::new();
        for value in row {
            let bytes = match value {
                Value::Text(text) => text.as_ref().map(|text| text.as_bytes().to_vec()),
                Value::Number(number) => number.map(|number| number.to_be_bytes().to_vec()),
                Value::Bytes(bytes) => bytes.clone(),
            };
            // NULL is not the same as nothing.
            match bytes {
                None => digest.update([0]),
                Some(bytes) => {
                    digest.update([1]);
                    digest.update((bytes.len() as u64).to_be_bytes());
                    digest.update(bytes);
                }
            }
        }
        self.rows += 1;
        let digest = digest.finalize();
        for (sum, part) in self.digests.iter_mut().zip(digest.as_chunks::<8>().0) {
            *sum = sum.wrapping_add(u64::from_be_bytes(*part));
        }
    }

    /// The sum of the digests, for people.
    pub(super) fn digest(&self) -> String {
        let [a, b, c, d] = self.digests;
        format!("{a:016x}{b:016x}{c:016x}{d:016x}")
    }
}

fn bind<'q>(query: Bound<'q>, value: &Value) -> Bound<'q> {
    match value {
        Value::Text(text) => query.bind(text.clone()),
        Value::Number(number) => query.bind(*number),
        Value::Bytes(bytes) => query.bind(bytes.clone()),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn places(count: usize) -> String {
    let places: Vec<String> = (1..=count).map(|place| format!("${place}")).collect();
    places.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[(&str, Kind, i64)]) -> Table {
        let columns = columns.iter().map(|(name, kind, key)| Column {
            name: (*name).to_owned(),
            kind: *kind,
            key: *key,
        });
        Table {
            name: "a table".to_owned(),
            columns: columns.collect(),
            parents: Vec::new(),
        }
    }

    fn sum_of(rows: &[&[Value]]) -> Sum {
        let mut sum = Sum::default();
        for row in rows {
            sum.add(row);
        }
        sum
    }

    fn text(text: &str) -> Value {
        Value::Text(Some(text.to_owned()))
    }

    #[test]
    fn statements_name_the_key_in_its_own_order() {
        let rows = Rows::of(table(&[
            ("value", Kind::Text, 0),
            ("second", Kind::Bytes, 2),
            ("first", Kind::Number, 1),
        ]));
        let rows = rows.unwrap();
        assert_eq!(
            rows.next_page,
            "SELECT \"value\", \"second\", \"first\" FROM \"a table\" WHERE (\"first\", \"second\") > ($1, $2) \
             ORDER BY \"first\", \"second\" LIMIT $3"
        );
        let row = [
            text("v"),
            Value::Bytes(Some(vec![0, 255])),
            Value::Number(Some(7)),
        ];
        let key = rows.key(&row);
        assert_eq!(key, [row[2].clone(), row[1].clone()]);
        assert_eq!(rows.read_key(&Rows::write_key(&key)), Some(key));
        for wrong in ["[1]", "[\"1\",\"\"]", "[1,\"?\"]", "[1,null]", "no list"] {
            assert_eq!(rows.read_key(wrong), None, "{wrong}");
        }
        assert!(Rows::of(table(&[("value", Kind::Text, 0)])).is_none());
    }

    #[test]
    fn sums_are_the_same_in_any_order_and_of_no_other_rows() {
        let (one, two) = ([text("a"), text("bc")], [text("ab"), text("c")]);
        assert_eq!(sum_of(&[&one, &two]), sum_of(&[&two, &one]));
        let empty = [text("")];
        let all = [
            sum_of(&[]),
            sum_of(&[&one]),
            sum_of(&[&two]),
            sum_of(&[&one, &two]),
            sum_of(&[&one, &one]),
            sum_of(&[&empty]),
            sum_of(&[&[Value::Text(None)]]),
            sum_of(&[&[Value::Number(Some(1))]]),
            sum_of(&[&[Value::Number(Some(-1))]]),
        ];
        for (place, sum) in all.iter().enumerate() {
            assert!(!all[..place].contains(sum), "{place}");
            assert_eq!(sum.digest().len(), 64);
        }
    }
}
