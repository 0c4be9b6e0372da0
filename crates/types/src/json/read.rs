//! Bytes to [`Json`], strictly (decision 4).

use super::{Json, Member, Members, Number, Value, double};
use crate::limits::MAX_JSON_DEPTH;
use crate::text::{self, decimal};
use std::borrow::Cow;
use std::fmt;

/// Why a text is not JSON that the API reads, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadError {
    /// Line of the mistake, from 1.
    pub line: usize,
    /// Column of the mistake in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub kind: ReadErrorKind,
}

/// What is wrong with a text that is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadErrorKind {
    /// The text ends before the value does.
    UnexpectedEnd,
    /// Something else was expected here.
    UnexpectedCharacter,
    /// More text after the value.
    TrailingCharacters,
    /// Not UTF-8.
    InvalidUtf8,
    /// A byte order mark, which RFC 8259 forbids to send.
    ByteOrderMark,
    /// A control character inside a string that is not escaped.
    ControlCharacter,
    /// An unknown escape in a string.
    InvalidEscape,
    /// An escape for half of a surrogate pair, which is no character.
    LoneSurrogate,
    /// A number that breaks the grammar, such as `01` or `1.`.
    InvalidNumber,
    /// A number beyond the largest double.
    NumberOutOfRange,
    /// Objects and lists nested more than 32 deep.
    TooDeep,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl ReadError {
    /// The mistake and its place, as a sentence about the body of a request.
    pub fn message(&self) -> String {
        let (line, column) = (decimal(self.line as u64), decimal(self.column as u64));
        let what = self.kind.as_str();
        let place = text::join(&[" (line ", &line, ", column ", &column, ")."]);
        text::join(&["The body is not valid JSON: ", what, &place])
    }
}

impl ReadErrorKind {
    /// What is wrong, as part of a sentence.
    pub const fn as_str(self) -> &'static str {
        match self {
            ReadErrorKind::UnexpectedEnd => "the text ends before the value is complete",
            ReadErrorKind::UnexpectedCharacter => "this character is not expected here",
            ReadErrorKind::TrailingCharacters => "there is more text after the value",
            ReadErrorKind::InvalidUtf8 => "the text is not valid UTF-8",
            ReadErrorKind::ByteOrderMark => {
                "the text begins with a byte order mark; send it without"
            }
            ReadErrorKind::ControlCharacter => "a control character in a string must be escaped",
            ReadErrorKind::InvalidEscape => "this escape is not known to JSON",
            ReadErrorKind::LoneSurrogate => "this escape is half of a surrogate pair",
            ReadErrorKind::InvalidNumber => "this is not a number that JSON knows",
            ReadErrorKind::NumberOutOfRange => "this number is too large",
            ReadErrorKind::TooDeep => "objects and lists are nested more than 32 deep",
        }
    }
}

impl std::error::Error for ReadError {}

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

    #[inline(always)]
    fn string(&mut self) -> Option<Cow<'a, str>> {
        self.at += 1;
        let from = self.at;
        self.at += plain_length(&self.text.as_bytes()[from..]);
        if self.peek() != Some(b'"') {
            return self.escaped_string(from).map(Cow::Owned);
        }
        // The slice begins and ends beside ASCII characters, so it is whole characters.
        let plain = self.text.get(from..self.at).unwrap_or_default();
        self.at += 1;
        Some(Cow::Borrowed(plain))
    }

    /// The rest of a string whose plain beginning was read.
    #[cold]
    fn escaped_string(&mut self, mut from: usize) -> Option<String> {
        let mut out = String::new();
        loop {
            out.push_str(self.text.get(from..self.at).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Some(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                Some(_) => return self.fail(ReadErrorKind::ControlCharacter),
                None => return self.fail(ReadErrorKind::UnexpectedEnd),
            }
            from = self.at;
            self.at += plain_length(&self.text.as_bytes()[from..]);
        }
    }

    fn escape(&mut self) -> Option<char> {
        let start = self.at;
        self.at += 1;
        let character = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode_escape(start);
            }
            Some(_) => return self.fail_at(start, ReadErrorKind::InvalidEscape),
            None => return self.fail(ReadErrorKind::UnexpectedEnd),
        };
        self.at += 1;
        Some(character)
    }

    fn unicode_escape(&mut self, start: usize) -> Option<char> {
        let first = self.hex4(start)?;
        if let Some(character) = char::from_u32(first) {
            return Some(character);
        }
        let is_high = (0xd800..0xdc00).contains(&first);
        if is_high && self.text.as_bytes()[self.at..].starts_with(b"\\u") {
            self.at += 2;
            let second = self.hex4(start)?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                // Every such pair is a character; the fall-through keeps this total.
                if let Some(character) = char::from_u32(code) {
                    return Some(character);
                }
            }
        }
        self.fail_at(start, ReadErrorKind::LoneSurrogate)
    }

    fn hex4(&mut self, start: usize) -> Option<u32> {
        let mut value = 0;
        for _ in 0..4 {
            let Some(byte) = self.peek() else {
                return self.fail(ReadErrorKind::UnexpectedEnd);
            };
            let Some(digit) = char::from(byte).to_digit(16) else {
                return self.fail_at(start, ReadErrorKind::InvalidEscape);
            };
            value = value * 16 + digit;
            self.at += 1;
        }
        Some(value)
    }

    fn number(&mut self) -> Option<Number> {
        let start = self.at;
        let is_negative = self.take(b'-');
        let leading_zero = self.peek() == Some(b'0');
        let (digits, magnitude) = self.integer();
        if digits == 0 || (leading_zero && digits > 1) {
            return self.fail_at(start, ReadErrorKind::InvalidNumber);
        }
        let mut is_integer = true;
        if self.take(b'.') {
            is_integer = false;
            if self.integer().0 == 0 {
                return self.fail_at(start, ReadErrorKind::InvalidNumber);
            }
        }
        if self.take(b'e') || self.take(b'E') {
            is_integer = false;
            if !self.take(b'+') {
                self.take(b'-');
            }
            if self.integer().0 == 0 {
                return self.fail_at(start, ReadErrorKind::InvalidNumber);
            }
        }
        // `-0` is no integer: it would lose its sign.
        let exact = magnitude.filter(|_| is_integer).and_then(|magnitude| {
            if !is_negative {
                return Some(i64::try_from(magnitude).map_or(Number::U64(magnitude), Number::I64));
            }
            0_i64
                .checked_sub_unsigned(magnitude)
                .filter(|value| *value != 0)
                .map(Number::I64)
        });
        if let Some(number) = exact {
            return Some(number);
        }
        let value = double::read(self.text.get(start..self.at).unwrap_or_default());
        if value.is_finite() {
            Some(Number::F64(value))
        } else {
            self.fail_at(start, ReadErrorKind::NumberOutOfRange)
        }
    }

    /// Reads digits: how many, and their value where 64 bits hold it.
    fn integer(&mut self) -> (usize, Option<u64>) {
        let start = self.at;
        let mut value = Some(0_u64);
        while let Some(byte @ b'0'..=b'9') = self.peek() {
            value = value
                .and_then(|value| value.checked_mul(10))
                .and_then(|value| value.checked_add(u64::from(byte - b'0')));
            self.at += 1;
        }
        (self.at - start, value)
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

/// How many bytes of a string stand for themselves: up to a quote, a backslash or a control
/// character.
#[inline]
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    // Eight bytes at a time: the lowest high bit that is set marks the first byte below a bound;
    // those above it may be marked by a borrow.
    let below = |word: u64, bound: u64| word.wrapping_sub(ONES * bound) & !word & HIGHS;
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = below(word, 0x20)
            | below(word ^ (ONES * u64::from(b'"')), 1)
            | below(word ^ (ONES * u64::from(b'\\')), 1);
        if found != 0 {
            return index * 8 + (found.trailing_zeros() / 8) as usize;
        }
    }
    let is_special = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
    words.len() * 8 + rest.iter().position(is_special).unwrap_or(rest.len())
}

fn error_at(bytes: &[u8], at: usize, kind: ReadErrorKind) -> ReadError {
    let before = &bytes[..at];
    let line = before.split(|byte| *byte == b'\n').count();
    let line_start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |newline| newline + 1);
    // Bytes that continue a character do not count.
    let column = 1 + before[line_start..]
        .iter()
        .filter(|byte| **byte & 0xc0 != 0x80)
        .count();
    ReadError { line, column, kind }
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
