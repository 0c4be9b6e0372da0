//! Statements on several rows at once: those that insert them, and those that list them by `IN (VALUES …)`.

mod lists;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, Encode, Type};
use vouchkey_types::id::{OrganizationId, SessionId};

use super::engine::Engine;
use lists::{Column, Lists};

/// A statement whose values are being bound.
pub(super) type Bound<'q> = Query<'q, Any, AnyArguments>;

/// Where the values of rows go.
pub(super) enum Places<'q> {
    /// Into the places of a statement, one after another.
    InOrder(Bound<'q>),
    /// Into lists, of which the statement is made.
    InLists(Lists, &'static RowTexts),
}

impl<'q> Places<'q> {
    /// The places of this text.
    pub(super) fn of(sql: &'static str) -> Self {
        Self::InOrder(sqlx::query(sql))
    }

    /// Puts a value in the next place.
    pub(super) fn bind<V: Value<'q>>(self, value: V) -> Self {
        match self {
            Self::InOrder(query) => Self::InOrder(query.bind(value)),
            Self::InLists(mut lists, texts) => {
                lists.push(&value);
                Self::InLists(lists, texts)
            }
        }
    }

    /// The statement with its values.
    pub(super) fn query(self) -> Bound<'q> {
        match self {
            Self::InOrder(query) => query,
            Self::InLists(lists, texts) => {
                let sql: &'static str = texts
                    .listed
                    .get_or_init(|| lists.text(&texts.statements[0].0));
                lists.bind(sqlx::query(sql))
            }
        }
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Bytes,
}

/// A value of a column, or none.
pub(super) trait Value<'q>: Encode<'q, Any> + Type<Any> + Send + 'q {
    /// What such a column holds.
    const KIND: Kind;

    /// Adds it to a list of its column; bytes go to those of all columns.
    fn list(&self, column: &mut Column, bytes: &mut Vec<u8>);
}

impl Value<'_> for i64 {
    const KIND: Kind = Kind::Number;

    fn list(&self, column: &mut Column, _: &mut Vec<u8>) {
        column.push_number(*self);
    }
}

impl Value<'_> for String {
    const KIND: Kind = Kind::Text;

    fn list(&self, column: &mut Column, _: &mut Vec<u8>) {
        column.push_text(self);
    }
}

impl<'q> Value<'q> for &'q str {
    const KIND: Kind = Kind::Text;

    fn list(&self, column: &mut Column, _: &mut Vec<u8>) {
        column.push_text(self);
    }
}

impl Value<'_> for Vec<u8> {
    const KIND: Kind = Kind::Bytes;

    fn list(&self, column: &mut Column, bytes: &mut Vec<u8>) {
        column.push_bytes(self, bytes);
    }
}

impl<'q> Value<'q> for &'q [u8] {
    const KIND: Kind = Kind::Bytes;

    fn list(&self, column: &mut Column, bytes: &mut Vec<u8>) {
        column.push_bytes(self, bytes);
    }
}

impl<'q, V: Value<'q>> Value<'q> for Option<V>
where
    Self: Encode<'q, Any> + Type<Any>,
{
    const KIND: Kind = V::KIND;

    fn list(&self, column: &mut Column, bytes: &mut Vec<u8>) {
        match self {
            Some(value) => value.list(column, bytes),
            None => column.push_null(),
        }
    }
}

/// Binds what names sessions of an organization, which a statement has as its first places.
pub(super) fn of_sessions<'q>(
    query: Bound<'q>,
    organization: OrganizationId,
    sessions: &[SessionId],
) -> Bound<'q> {
    let query = query.bind(organization.to_string());
    sessions
        .iter()
        .fold(query, |query, session| query.bind(session.to_string()))
}

/// So many rows a statement, and no other number: each text is prepared once and kept by its connection, which keeps a
/// hundred. Two of them make up each number of rows up to the largest.
const SIZES: [usize; 32] = [
    64, 60, 56, 52, 48, 44, 40, 36, 32, 30, 28, 26, 24, 22, 20, 18, 16, 15, 14, 13, 12, 11, 10, 9,
    8, 7, 6, 5, 4, 3, 2, 1,
];

/// A statement on one row, in a text for each number of rows.
pub(super) struct RowTexts {
    /// The statement, or several, with the rows of each for one of the whole.
    statements: Vec<(String, usize)>,
    /// The texts that were asked for, by their place among the sizes.
    numbered: [OnceLock<String>; SIZES.len()],
    plain: [OnceLock<String>; SIZES.len()],
    /// The text that takes lists, once there are some: they know what the columns hold.
    listed: OnceLock<String>,
}

impl RowTexts {
    /// From the text for one row: `… VALUES (…) …`, without a bracket among the values. Places that the rows share come
    /// before them, with the lowest numbers.
    pub(super) fn of(one: &str) -> Self {
        Self::of_several(&[(one, 1)])
    }

    /// Several statements as one, each on so many rows for one of the whole, the values of each behind those of the one
    /// before it. Only where an engine takes them so.
    pub(super) fn of_several(statements: &[(&str, usize)]) -> Self {
        let statements = statements
            .iter()
            .map(|(one, times)| ((*one).to_owned(), *times));
        Self {
            statements: statements.collect(),
            numbered: [const { OnceLock::new() }; SIZES.len()],
            plain: [const { OnceLock::new() }; SIZES.len()],
            listed: OnceLock::new(),
        }
    }

    /// Statements on these rows, as few as the engine needs, with the values that `bind` puts in their places.
    pub(super) fn queries<'q, T>(
        &'static self,
        engine: Engine,
        rows: &'q [T],
        bind: impl Fn(Places<'q>, &'q T) -> Places<'q>,
    ) -> Vec<Bound<'q>> {
        if engine.takes_lists() && rows.len() > 1 {
            let mut places = Places::InLists(Lists::default(), self);
            for row in rows {
                if let Places::InLists(lists, _) = &mut places {
                    lists.begin_row();
                }
                places = bind(places, row);
            }
            return vec![places.query()];
        }
        self.parts(engine, rows)
            .map(|(sql, part)| part.iter().fold(Places::of(sql), &bind).query())
            .collect()
    }

    /// Splits rows so that there is a text for each part.
    pub(super) fn parts<'t, 'r, T>(
        &'t self,
        engine: Engine,
        mut rows: &'r [T],
    ) -> impl Iterator<Item = (&'t str, &'r [T])> {
        std::iter::from_fn(move || {
            let place = SIZES.iter().position(|size| *size <= rows.len())?;
            let (part, rest) = rows.split_at(SIZES[place]);
            rows = rest;
            Some((self.text(engine, place), part))
        })
    }

    /// The shortest text on a power of two of rows that takes all of these, at most as many as the longest one has, and
    /// its rows: these, the last one as often as the text has room. For statements to which it is all the same how often
    /// a row is listed; they need few texts.
    pub(super) fn filled<'t, 'r, T>(
        &'t self,
        engine: Engine,
        rows: &'r [T],
    ) -> (&'t str, impl Iterator<Item = &'r T> + use<'r, T>) {
        let fits = |size: &usize| size.is_power_of_two() && *size >= rows.len();
        let place = SIZES.iter().rposition(fits).unwrap_or_default();
        let room = SIZES[place].saturating_sub(rows.len());
        let last = rows.last().into_iter().cycle().take(room);
        (self.text(engine, place), rows.iter().chain(last))
    }

    /// All texts, the longest first.
    #[cfg(test)]
    pub(super) fn all(&self, engine: Engine) -> impl Iterator<Item = &str> {
        (0..SIZES.len()).map(move |place| self.text(engine, place))
    }

    fn text(&self, engine: Engine, place: usize) -> &str {
        let is_plain = engine.finds_places_by_order();
        let texts = if is_plain {
            &self.plain
        } else {
            &self.numbered
        };
        texts[place].get_or_init(|| {
            let one = |(one, times): &(String, usize)| {
                let numbered = for_rows(one, SIZES[place] * times);
                if is_plain {
                    without_numbers(&numbered)
                } else {
                    numbered
                }
            };
            let all: Vec<_> = self.statements.iter().map(one).collect();
            all.join("; ")
        })
    }
}

/// The same statement with `?` for each place, if its places are numbered in their order; else as it is.
fn without_numbers(numbered: &str) -> String {
    let mut pieces = numbered.split('$');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for (piece, place) in pieces.zip(1_usize..) {
        let digits = piece.len() - piece.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if piece[..digits].parse() != Ok(place) {
            return numbered.to_owned();
        }
        plain.push('?');
        plain.push_str(&piece[digits..]);
    }
    plain
}

/// Repeats the values of a statement, each time with places of their own.
fn for_rows(one: &str, rows: usize) -> String {
    let Some((head, rest)) = one.split_once("VALUES (") else {
        return one.to_owned();
    };
    let (values, tail) = rest.split_once(')').unwrap_or((rest, ""));
    let values: Vec<&str> = values.split(", ").collect();
    let place = |value: &&str| value.strip_prefix('$')?.parse::<usize>().ok();
    let width = values
        .iter()
        .filter_map(place)
        .collect::<BTreeSet<_>>()
        .len();
    let row = |number: usize| {
        let moved: Vec<String> = values
            .iter()
            .map(|value| {
                place(value).map_or_else(
                    || (*value).to_owned(),
                    |place| format!("${}", place + number * width),
                )
            })
            .collect();
        format!("({})", moved.join(", "))
    };
    let all: Vec<String> = (0..rows).map(row).collect();
    format!("{head}VALUES {}{tail}", all.join(", "))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    #[test]
    fn rows_have_places_of_their_own() {
        let one = "INSERT INTO t (a, b, c, d) VALUES ($1, 'x', $2, $2) ON CONFLICT (a) DO NOTHING";
        assert_eq!(for_rows(one, 1), one);
        assert_eq!(
            for_rows(one, 2),
            "INSERT INTO t (a, b, c, d) VALUES ($1, 'x', $2, $2), ($3, 'x', $4, $4) ON CONFLICT (a) DO NOTHING"
        );
    }

    #[test]
    fn what_rows_share_keeps_its_place() {
        let one = "UPDATE t SET c = $1 WHERE (a, b) IN (VALUES ($2, $3)) AND c < $1";
        assert_eq!(
            for_rows(one, 3),
            "UPDATE t SET c = $1 WHERE (a, b) IN (VALUES ($2, $3), ($4, $5), ($6, $7)) AND c < $1"
        );
    }

    #[test]
    fn places_lose_their_numbers_only_where_order_says_the_same() {
        assert_eq!(
            without_numbers("SET a = $1 WHERE b = $2"),
            "SET a = ? WHERE b = ?"
        );
        for kept in [
            "SET a = $2 WHERE b = $1",
            "SET a = $1, b = $1",
            "VALUES ($1, $11)",
        ] {
            assert_eq!(without_numbers(kept), kept);
        }
    }

    #[test]
    fn several_statements_are_one_text() {
        let texts = RowTexts::of_several(&[
            ("INSERT INTO a VALUES ($1)", 1),
            ("INSERT INTO b VALUES ($1, $2)", 2),
        ]);
        let all: Vec<_> = texts.all(Engine::Sqlite).collect();
        let [.., two, one] = all.as_slice() else {
            panic!("{all:?}");
        };
        assert_eq!(
            *one,
            "INSERT INTO a VALUES (?); INSERT INTO b VALUES (?, ?), (?, ?)"
        );
        assert_eq!(two.matches('?').count(), 2 + 2 * 4);
    }

    #[test]
    fn a_text_that_is_too_long_is_filled_with_the_last_row() {
        static TEXTS: LazyLock<RowTexts> =
            LazyLock::new(|| RowTexts::of("SELECT a FROM t WHERE a IN (VALUES ($1))"));
        for count in 1..=64 {
            let rows: Vec<usize> = (0..count).collect();
            let (text, listed) = TEXTS.filled(Engine::Postgres, &rows);
            let listed: Vec<usize> = listed.copied().collect();
            assert_eq!(text.matches('$').count(), count.next_power_of_two());
            assert_eq!(listed.len(), count.next_power_of_two());
            assert_eq!(listed[..count], rows);
            assert!(listed[count..].iter().all(|row| *row == count - 1));
        }
    }

    #[test]
    fn every_row_is_in_one_part() {
        static TEXTS: LazyLock<RowTexts> =
            LazyLock::new(|| RowTexts::of("INSERT INTO t VALUES ($1)"));
        for count in 0..200 {
            let rows: Vec<usize> = (0..count).collect();
            let mut seen = Vec::new();
            let mut parts = 0;
            for (text, part) in TEXTS.parts(Engine::Postgres, &rows) {
                assert_eq!(text.matches('$').count(), part.len());
                seen.extend_from_slice(part);
                parts += 1;
            }
            assert_eq!(seen, rows);
            assert!(parts <= 2 + count / 64, "{count} rows in {parts} parts");
        }
    }
}
