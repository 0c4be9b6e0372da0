//! Statements on several rows at once: those that insert them, and those that list them by `IN (VALUES …)`.

use std::collections::BTreeSet;

use sqlx::Any;
use sqlx::any::AnyArguments;
use sqlx::query::Query;

/// A statement whose values are being bound.
pub(super) type Bound<'q> = Query<'q, Any, AnyArguments>;

/// So many rows a statement, and no other number: each text is prepared once and kept by its connection.
const SIZES: [usize; 7] = [64, 32, 16, 8, 4, 2, 1];

/// A statement on one row, in a text for each number of rows.
pub(super) struct RowTexts([String; SIZES.len()]);

impl RowTexts {
    /// From the text for one row: `… VALUES (…) …`, without a bracket among the values. Places that the rows share come
    /// before them, with the lowest numbers.
    pub(super) fn of(one: &str) -> Self {
        Self(SIZES.map(|rows| for_rows(one, rows)))
    }

    /// Splits rows so that there is a text for each part.
    pub(super) fn parts<'t, 'r, T>(
        &'t self,
        mut rows: &'r [T],
    ) -> impl Iterator<Item = (&'t str, &'r [T])> {
        std::iter::from_fn(move || {
            let (size, text) = SIZES
                .iter()
                .zip(&self.0)
                .find(|(size, _)| **size <= rows.len())?;
            let (part, rest) = rows.split_at(*size);
            rows = rest;
            Some((text.as_str(), part))
        })
    }

    /// All texts.
    #[cfg(test)]
    pub(super) fn all(&self) -> &[String] {
        &self.0
    }
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
    fn every_row_is_in_one_part() {
        static TEXTS: LazyLock<RowTexts> =
            LazyLock::new(|| RowTexts::of("INSERT INTO t VALUES ($1)"));
        for count in 0..200 {
            let rows: Vec<usize> = (0..count).collect();
            let mut seen = Vec::new();
            for (text, part) in TEXTS.parts(&rows) {
                assert_eq!(text.matches('$').count(), part.len());
                seen.extend_from_slice(part);
            }
            assert_eq!(seen, rows);
        }
    }
}
