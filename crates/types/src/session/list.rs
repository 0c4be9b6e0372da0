//! The query of a list of sessions (decision 18).

use super::status::SessionStatus;
use crate::id::SessionId;
use crate::limits::{DEFAULT_PAGE, MAX_EXTERNAL_REF_CHARS, MAX_OFFSET, MAX_PAGE};
use crate::names::nearest;
use crate::problem::{Fault, FieldCode, FieldError, Mistakes};
use crate::text;

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// After this many sessions.
    Offset(i64),
    /// After this session, as `next_cursor` gave it.
    After(Cursor),
}

/// The last session of a page: its creation in Unix milliseconds, and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// When it was created.
    pub created_at_ms: i64,
    /// Which it is.
    pub id: SessionId,
}

impl Cursor {
    /// The text of `next_cursor`.
    pub fn to_text(self) -> String {
        format!(
            "{:x}.{}",
            self.created_at_ms,
            &self.id.to_string()[SessionId::PREFIX.len()..]
        )
    }

    /// Reads what [`Cursor::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (time, id) = text.split_once('.')?;
        let created_at_ms = i64::from_str_radix(time, 16)
            .ok()
            .filter(|time| *time >= 0)?;
        let cursor = Self {
            created_at_ms,
            id: SessionId::parse(&format!("{}{id}", SessionId::PREFIX))?,
        };
        (cursor.to_text() == text).then_some(cursor)
    }
}

/// What is listed. Newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// Only sessions in this state, as the clock sees it.
    pub status: Option<SessionStatus>,
    /// A whole session id, or the beginning of an `external_ref`, in the case as written.
    pub q: Option<String>,
    /// Only sessions with exactly this reference.
    pub external_ref: Option<String>,
    /// Sessions a page, 1 to 100.
    pub limit: i64,
    /// Where the page begins.
    pub start: Start,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self {
            status: None,
            q: None,
            external_ref: None,
            limit: DEFAULT_PAGE,
            start: Start::Offset(0),
        }
    }
}

impl ListQuery {
    /// The names of its parameters.
    pub const NAMES: [&str; 6] = ["status", "q", "external_ref", "limit", "offset", "cursor"];

    /// Reads the parameters, each by its name.
    ///
    /// # Errors
    /// All mistakes, at most one of each parameter, on its name.
    pub fn parse<'a>(sent: impl Fn(&'static str) -> Sent<'a>) -> Result<Self, Vec<FieldError>> {
        let [status, q, external_ref, limit, offset, cursor] = Self::NAMES.map(sent);
        let has_offset = !matches!(offset, Ok(None));
        let words = |text| text::check(text, MAX_EXTERNAL_REF_CHARS).map(str::to_owned);
        let mut mistakes = Mistakes::default();
        let status = read(&mut mistakes, "status", status, parse_status);
        let q = read(&mut mistakes, "q", q, words);
        let external_ref = read(&mut mistakes, "external_ref", external_ref, words);
        let limit = read(&mut mistakes, "limit", limit, |text| {
            parse_integer(text, 1, MAX_PAGE)
        });
        let offset = read(&mut mistakes, "offset", offset, |text| {
            parse_integer(text, 0, MAX_OFFSET)
        });
        let cursor = read(&mut mistakes, "cursor", cursor, |text| {
            parse_cursor(text, has_offset)
        });
        if !mistakes.is_empty() {
            return Err(mistakes.into_errors());
        }
        Ok(Self {
            status,
            q,
            external_ref,
            limit: limit.unwrap_or(DEFAULT_PAGE),
            start: cursor.map_or(Start::Offset(offset.unwrap_or(0)), Start::After),
        })
    }
}

/// A parameter as it was sent, if it was; or what is wrong with how it was, whatever it means.
pub type Sent<'a> = Result<Option<&'a str>, Fault>;

/// The value of a parameter, unless it was not sent or is wrong, which is noted.
fn read<'a, T>(
    mistakes: &mut Mistakes,
    name: &'static str,
    sent: Sent<'a>,
    parse: impl FnOnce(&'a str) -> Result<T, Fault>,
) -> Option<T> {
    let value = sent.and_then(|text| text.map(parse).transpose());
    mistakes.keep(name, value).flatten()
}

fn parse_cursor(text: &str, has_offset: bool) -> Result<Cursor, Fault> {
    if has_offset {
        return Err(Fault::new(
            FieldCode::NotAllowed,
            "Cannot be given together with offset.",
        ));
    }
    Cursor::parse(text).ok_or_else(|| {
        Fault::new(
            FieldCode::WrongType,
            "Must be the next_cursor of an earlier page.",
        )
    })
}

fn parse_status(word: &str) -> Result<SessionStatus, Fault> {
    SessionStatus::parse(word).ok_or_else(|| {
        let message = match nearest(
            word,
            SessionStatus::ALL.iter().map(|status| status.as_str()),
        ) {
            Some(near) => format!("This status is not known. Did you mean `{near}`?"),
            None => format!(
                "Must be one of: {}.",
                SessionStatus::ALL
                    .iter()
                    .map(|status| status.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        Fault::new(FieldCode::UnknownValue, message)
    })
}

fn parse_integer(text: &str, min: i64, max: i64) -> Result<i64, Fault> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Fault::new(FieldCode::WrongType, "Must be a whole number."));
    }
    text.parse()
        .ok()
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| {
            Fault::new(
                FieldCode::OutOfRange,
                format!("Must be from {min} to {max}."),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is given twice is wrong.
    fn sent<'a>(query: &[(&str, &'a str)]) -> impl Fn(&'static str) -> Sent<'a> {
        |name| {
            let mut values = query.iter().filter(|(sent, _)| *sent == name);
            match (values.next(), values.next()) {
                (_, Some(_)) => Err(Fault::new(FieldCode::DuplicateField, "")),
                (first, None) => Ok(first.map(|(_, value)| *value)),
            }
        }
    }

    fn parse(query: &[(&str, &str)]) -> Result<ListQuery, Vec<(String, FieldCode)>> {
        ListQuery::parse(sent(query)).map_err(|errors| {
            errors
                .into_iter()
                .map(|error| (error.field.into_owned(), error.code))
                .collect()
        })
    }

    #[test]
    fn a_query_without_parameters_is_the_first_page() {
        assert_eq!(parse(&[]), Ok(ListQuery::default()));
    }

    #[test]
    fn every_mistake_is_named() {
        let error = |name: &str, value: &str| parse(&[(name, value)]).unwrap_err().remove(0).1;
        assert_eq!(error("limit", "0"), FieldCode::OutOfRange);
        assert_eq!(error("limit", "101"), FieldCode::OutOfRange);
        assert_eq!(error("limit", "ten"), FieldCode::WrongType);
        assert_eq!(
            error("limit", "99999999999999999999"),
            FieldCode::OutOfRange
        );
        assert_eq!(error("offset", "-1"), FieldCode::OutOfRange);
        assert_eq!(error("cursor", "x"), FieldCode::WrongType);
        assert_eq!(error("status", "peding"), FieldCode::UnknownValue);
        let all = parse(&[
            ("status", "x"),
            ("limit", "x"),
            ("offset", "1"),
            ("cursor", "x"),
            ("limit", "1"),
        ])
        .unwrap_err();
        let names: Vec<_> = all
            .iter()
            .map(|(name, code)| (name.as_str(), code.as_str()))
            .collect();
        assert_eq!(
            names,
            [
                ("status", "unknown_value"),
                ("limit", "duplicate_field"),
                ("cursor", "not_allowed")
            ]
        );
    }

    #[test]
    fn a_number_out_of_range_is_told_the_range() {
        for (name, value, range) in [
            ("limit", "0", "from 1 to 100."),
            ("offset", "-1", "from 0 to 9223372036854775807."),
            (
                "offset",
                "99999999999999999999",
                "from 0 to 9223372036854775807.",
            ),
        ] {
            let errors = ListQuery::parse(sent(&[(name, value)])).unwrap_err();
            let message = &errors[0].message;
            assert!(message.ends_with(range), "{name}={value}: {message}");
        }
        let last = parse(&[("offset", "9223372036854775807")]).unwrap();
        assert_eq!(last.start, Start::Offset(MAX_OFFSET));
    }

    #[test]
    fn a_cursor_reads_back() {
        let cursor = Cursor {
            created_at_ms: 1_769_947_199_999,
            id: SessionId::from_bytes([9; 16]),
        };
        assert_eq!(Cursor::parse(&cursor.to_text()), Some(cursor));
        assert_eq!(
            parse(&[("cursor", &cursor.to_text())]).unwrap().start,
            Start::After(cursor)
        );
        assert_eq!(Cursor::parse("+1.00000000000000000000000000"), None);
    }
}
