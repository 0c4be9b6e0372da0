//! Columns of a row as values of this program, and lists as columns. Whatever a row holds that this program never
//! writes is [`StoreError::Corrupt`].

use sqlx::any::AnyRow;
use sqlx::{Decode, Row, Type};

use super::StoreError;

/// The typed columns of a row.
pub(super) trait Columns {
    /// A column as the database has it: `i64`, `String`, `Vec<u8>` or an `Option` of these.
    fn plain<'r, T: Decode<'r, sqlx::Any> + Type<sqlx::Any>>(
        &'r self,
        column: &'static str,
    ) -> Result<T, StoreError>;

    /// A word, read by `parse`.
    fn parsed<T>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        parse(self.plain(column)?).ok_or(StoreError::Corrupt(column))
    }

    /// A word or NULL, read by `parse`.
    fn parsed_option<T>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        self.plain::<Option<&str>>(column)?
            .map(|text| parse(text).ok_or(StoreError::Corrupt(column)))
            .transpose()
    }

    /// A flag, kept as 0 or 1.
    fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        Ok(self.plain::<i64>(column)? != 0)
    }

    /// A JSON list of texts.
    fn list(&self, column: &'static str) -> Result<Vec<String>, StoreError> {
        self.parsed(column, read_list)
    }

    /// Bytes of a fixed length.
    fn bytes<const N: usize>(&self, column: &'static str) -> Result<[u8; N], StoreError> {
        self.plain::<Vec<u8>>(column)?
            .try_into()
            .map_err(|_| StoreError::Corrupt(column))
    }
}

impl Columns for AnyRow {
    fn plain<'r, T: Decode<'r, sqlx::Any> + Type<sqlx::Any>>(
        &'r self,
        column: &'static str,
    ) -> Result<T, StoreError> {
        self.try_get(column)
            .map_err(|_| StoreError::Corrupt(column))
    }
}

/// A list as the text of a column.
pub(super) fn write_list<T: ToString>(items: &[T]) -> String {
    items
        .iter()
        .map(T::to_string)
        .collect::<serde_json::Value>()
        .to_string()
}

/// Reads what [`write_list`] wrote.
pub(super) fn read_list(text: &str) -> Option<Vec<String>> {
    serde_json::from_str(text).ok()
}

/// `$2, $3, …`: so many places for values, from the second on.
pub(super) fn places_from_second(count: usize) -> String {
    let places: Vec<String> = (2..count + 2).map(|place| format!("${place}")).collect();
    places.join(", ")
}

/// Declares the statements of a file, so that a test can prepare each on both engines.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* const $name: &str = $sql;)*

        /// All statements of this file, with their names.
        #[cfg(test)]
        pub(super) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}
pub(super) use statements;
