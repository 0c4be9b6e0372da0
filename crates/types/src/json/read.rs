//! Bytes to [`Json`], strictly (decision 4): objects, lists and what stands between values. Strings
//! and numbers have files of their own.

mod error;
mod number;
mod string;

pub use error::{ReadError, ReadErrorKind};
pub(super) use string::plain_length;

use super::{Json, Member, Members, Value};
use crate::limits::MAX_JSON_DEPTH;
use error::error_at;

/// Reads one JSON value; nothing but white space may follow.
///
/// Depth counts from the outermost object that counts, which is 1: the two objects of an envelope
/// (`data.attributes`) are not counted around what they carry.
///
/// # Errors
/// The first mistake, with its line and column.
pub fn read(bytes: &[u8]) -> Result<Json, ReadError> {
    read_borrowed(bytes).map(Value::into_owned)
}

/// As [`read`], but a value whose strings stand in the text.
///
/// # Errors
/// The first mistake, with its line and column.
pub fn read_borrowed(bytes: &[u8]) -> Result<Value<'_>, ReadError> {
    read_within(bytes, MAX_JSON_DEPTH)
}

/// Reads an answer of the API: as [`read`], but some objects deeper, since answers carry the
/// caller's metadata further in than the request did.
///
/// # Errors
/// The first mistake, with its line and column.
pub fn read_answer(bytes: &[u8]) -> Result<Json, ReadError> {
    read_within(bytes, MAX_JSON_DEPTH + 8).map(Value::into_owned)
}

fn read_within(bytes: &[u8], limit: usize) -> Result<Value<'_>, ReadError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| error_at(bytes, error.valid_up_to(), ReadErrorKind::InvalidUtf8))?;
    if text.starts_with('\u{feff}') {
        return Err(error_at(bytes, 0, ReadErrorKind::ByteOrderMark));
    }
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
        limit,
        // Room for the members of most requests.
        members: Vec::with_capacity((bytes.len() / 32).min(64)),
        items: Vec::new(),
        failure: (0, ReadErrorKind::UnexpectedEnd),
    };
    reader.document().ok_or_else(|| {
        let (at, kind) = reader.failure;
        error_at(bytes, at, kind)
    })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    limit: usize,
    /// The members of all objects that are still open, so that each is allocated once, in its size.
    members: Vec<Member<'a>>,
    /// The items of all lists that are still open.
    items: Vec<Value<'a>>,
    /// Where and why it ended, once something was not there: apart from what is read, since that is
    /// handed on so often.
    failure: (usize, ReadErrorKind),
}

#[expect(
    clippy::inline_always,
    reason = "compilers that look at size alone call these for each character, at twice the time"
)]
impl<'a> Reader<'a> {
    fn document(&mut self) -> Option<Value<'a>> {
        let value = self.value(Envelope::Outer)?;
        self.skip_space();
        if self.at < self.text.len() {
            return self.fail(ReadErrorKind::TrailingCharacters);
        }
        Some(value)
    }

    fn value(&mut self, envelope: Envelope) -> Option<Value<'a>> {
        match self.skip_space() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'{') => self.object(envelope).map(Value::Object),
            Some(b'[') => self.array().map(Value::Array),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(_) => self.fail(ReadErrorKind::UnexpectedCharacter),
            None => self.fail(ReadErrorKind::UnexpectedEnd),
        }
    }

    fn enter(&mut self) -> Option<()> {
        if self.depth == self.limit {
            return self.fail(ReadErrorKind::TooDeep);
        }
        self.depth += 1;
        self.at += 1;
        Some(())
    }

    #[inline]
    fn object(&mut self, envelope: Envelope) -> Option<Members<'a>> {
        let outer_limit = self.limit;
        if envelope == Envelope::Attributes {
            // The two objects around it do not count.
            self.limit += 2;
        }
        self.enter()?;
        let first = self.members.len();
        if self.skip_space() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                let member = self.member(envelope)?;
                self.members.push(member);
                if self.is_last(b'}')? {
                    break;
                }
            }
        }
        self.depth -= 1;
        self.limit = outer_limit;
        Some(Members(close(&mut self.members, first)))
    }

    #[inline]
    fn member(&mut self, envelope: Envelope) -> Option<Member<'a>> {
        if self.skip_space() != Some(b'"') {
            return self.unexpected();
        }
        let name = self.string()?;
        self.skip_space();
        self.expect(b':')?;
        let value = self.value(envelope.member(&name))?;
        Some((name, value))
    }

    fn array(&mut self) -> Option<Vec<Value<'a>>> {
        self.enter()?;
        let first = self.items.len();
        if self.skip_space() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                let item = self.value(Envelope::None)?;
                self.items.push(item);
                if self.is_last(b']')? {
                    break;
                }
            }
        }
        self.depth -= 1;
        Some(close(&mut self.items, first))
    }

    /// Whether the list or object ends here, or goes on after a comma.
    #[inline(always)]
    fn is_last(&mut self, end: u8) -> Option<bool> {
        self.skip_space();
        if self.take(end) {
            return Some(true);
        }
        self.expect(b',').map(|()| false)
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Option<Value<'a>> {
        for byte in word.bytes() {
            self.expect(byte)?;
        }
        Some(value)
    }

    /// Skips white space; the byte that follows.
    #[inline]
    fn skip_space(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                other => return other,
            }
        }
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline(always)]
    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    #[inline(always)]
    fn expect(&mut self, byte: u8) -> Option<()> {
        if self.take(byte) {
            Some(())
        } else {
            self.unexpected()
        }
    }

    #[cold]
    fn unexpected<T>(&mut self) -> Option<T> {
        self.fail(if self.at < self.text.len() {
            ReadErrorKind::UnexpectedCharacter
        } else {
            ReadErrorKind::UnexpectedEnd
        })
    }

    #[cold]
    fn fail<T>(&mut self, kind: ReadErrorKind) -> Option<T> {
        self.fail_at(self.at, kind)
    }

    #[cold]
    fn fail_at<T>(&mut self, at: usize, kind: ReadErrorKind) -> Option<T> {
        self.failure = (at, kind);
        None
    }
}

/// What was added since `first`.
fn close<T>(open: &mut Vec<T>, first: usize) -> Vec<T> {
    if first == 0 {
        std::mem::take(open)
    } else {
        open.split_off(first)
    }
}

/// Where in a possible envelope the reader stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Envelope {
    /// The whole document.
    Outer,
    /// The value of its `data`.
    Data,
    /// The value of the `attributes` of that.
    Attributes,
    /// Anywhere else.
    None,
}

impl Envelope {
    fn member(self, name: &str) -> Self {
        match (self, name) {
            (Self::Outer, "data") => Self::Data,
            (Self::Data, "attributes") => Self::Attributes,
            _ => Self::None,
        }
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
