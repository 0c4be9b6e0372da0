//! Rows as lists, one of each column: a statement that takes them is one text for any number of rows, and PostgreSQL plans
//! it once and sets it up once a batch. Lists are texts, since the driver knows no others; bytes are one value of all of
//! them, and a list each of where they begin and how long they are.

use super::{Bound, Kind, Value};

/// The values of rows, column by column.
#[derive(Debug, Default)]
pub(in crate::store) struct Lists {
    columns: Vec<Column>,
    /// The column of the next value.
    next: usize,
    bytes: Vec<u8>,
}

/// A column of rows.
#[derive(Debug)]
pub(in crate::store) struct Column {
    kind: Kind,
    /// As PostgreSQL writes an array, without the bracket behind it. Of bytes where they begin, from 1 on.
    items: String,
    /// The same, of how long bytes are.
    lengths: String,
}

impl Column {
    pub(super) fn push_null(&mut self) {
        self.items.push_str("NULL");
        self.lengths.push_str("NULL");
    }

    pub(super) fn push_text(&mut self, text: &str) {
        self.items.push('"');
        let mut rest = text;
        while let Some(place) = rest.find(['"', '\\']) {
            let (before, from) = rest.split_at(place);
            self.items.push_str(before);
            self.items.push('\\');
            // Either is a byte long.
            let (special, behind) = from.split_at(1);
            self.items.push_str(special);
            rest = behind;
        }
        self.items.push_str(rest);
        self.items.push('"');
    }

    pub(super) fn push_number(&mut self, number: i64) {
        self.items.push_str(&number.to_string());
    }

    pub(super) fn push_bytes(&mut self, value: &[u8], bytes: &mut Vec<u8>) {
        self.items.push_str(&(bytes.len() + 1).to_string());
        self.lengths.push_str(&value.len().to_string());
        bytes.extend_from_slice(value);
    }
}

impl Lists {
    /// The next value is the first of a row.
    pub(super) const fn begin_row(&mut self) {
        self.next = 0;
    }

    /// Adds a value to the column that is next.
    pub(super) fn push<'q, V: Value<'q>>(&mut self, value: &V) {
        if self.next == self.columns.len() {
            self.columns.push(Column {
                kind: V::KIND,
                items: "{".to_owned(),
                lengths: "{".to_owned(),
            });
        }
        let column = &mut self.columns[self.next];
        self.next += 1;
        if column.items.len() > 1 {
            column.items.push(',');
            column.lengths.push(',');
        }
        value.list(column, &mut self.bytes);
    }

    /// The text that takes these lists, from the one for a row.
    pub(super) fn text(&self, one: &str) -> String {
        let Some((head, rest)) = one.split_once("VALUES (") else {
            return one.to_owned();
        };
        let (values, tail) = rest.split_once(')').unwrap_or((rest, ""));
        let mut place = usize::from(self.has_bytes());
        let mut lists = Vec::new();
        let mut names = Vec::new();
        let mut read = Vec::new();
        for (number, column) in (1..).zip(&self.columns) {
            place += 1;
            names.push(format!("v{number}"));
            lists.push(format!(
                "CAST(${place} AS {}[])",
                match column.kind {
                    Kind::Text => "TEXT",
                    Kind::Number => "BIGINT",
                    Kind::Bytes => "INTEGER",
                }
            ));
            if matches!(column.kind, Kind::Bytes) {
                place += 1;
                names.push(format!("l{number}"));
                lists.push(format!("CAST(${place} AS INTEGER[])"));
                read.push(format!(
                    "SUBSTRING(CAST($1 AS BYTEA) FROM v{number} FOR l{number})"
                ));
            } else {
                read.push(format!("v{number}"));
            }
        }
        let selected: Vec<&str> = values
            .split(", ")
            .map(|value| {
                let place = value
                    .strip_prefix('$')
                    .and_then(|place| place.parse::<usize>().ok());
                let value_read = place.and_then(|place| read.get(place.checked_sub(1)?));
                value_read.map_or(value, String::as_str)
            })
            .collect();
        format!(
            "{head}SELECT {} FROM UNNEST({}) AS listed ({}){tail}",
            selected.join(", "),
            lists.join(", "),
            names.join(", ")
        )
    }

    /// Binds them in the places of that text.
    pub(super) fn bind(self, query: Bound<'_>) -> Bound<'_> {
        let mut query = if self.has_bytes() {
            query.bind(self.bytes)
        } else {
            query
        };
        for column in self.columns {
            query = query.bind(column.items + "}");
            if matches!(column.kind, Kind::Bytes) {
                query = query.bind(column.lengths + "}");
            }
        }
        query
    }

    fn has_bytes(&self) -> bool {
        self.columns
            .iter()
            .any(|column| matches!(column.kind, Kind::Bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use sqlx::{AnyConnection, Row as _};

    use super::super::{Places, RowTexts};
    use crate::store::fixtures::open;
    use crate::store::{Engine, StoreError};

    type Row = (Option<&'static str>, Option<i64>, Option<&'static [u8]>);

    static TEXTS: LazyLock<RowTexts> = LazyLock::new(|| {
        RowTexts::of("SELECT a, b, c, d FROM (VALUES ($1, 'fixed', $2, $3)) AS listed (a, b, c, d)")
    });

    fn bind<'q>(places: Places<'q>, row: &'q Row) -> Places<'q> {
        places.bind(row.0).bind(row.1).bind(row.2)
    }

    async fn read_back(conn: &mut AnyConnection, rows: &[Row]) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        for query in TEXTS.queries(Engine::Postgres, rows, bind) {
            for row in query.fetch_all(&mut *conn).await? {
                let row: (Option<String>, String, Option<i64>, Option<Vec<u8>>) = (
                    row.try_get(0)?,
                    row.try_get(1)?,
                    row.try_get(2)?,
                    row.try_get(3)?,
                );
                found.push(format!("{row:?}"));
            }
        }
        Ok(found)
    }

    #[tokio::test]
    async fn what_is_put_into_lists_comes_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path()).await;
        if store.engine() != Engine::Postgres {
            return;
        }
        let rows: [Row; 6] = [
            (Some("plain"), Some(1), Some(b"abc")),
            (
                Some("a \"quoted\", {bracketed} \\ one\n"),
                Some(i64::MIN),
                Some(b""),
            ),
            (None, None, None),
            (Some(""), Some(i64::MAX), Some(b"\0\xff\\x41")),
            (Some("NULL"), None, Some(b"z")),
            (Some("\u{1f511} \u{e9}"), Some(0), None),
        ];
        let expected: Vec<String> = rows
            .iter()
            .map(|(text, number, bytes)| {
                let text = text.map(str::to_owned);
                format!("{:?}", (text, "fixed", number, bytes.map(<[u8]>::to_vec)))
            })
            .collect();
        let found = store.read(async |conn| read_back(conn, &rows).await).await;
        assert_eq!(found, Ok(expected));
    }
}
