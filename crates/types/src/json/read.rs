//! Bytes to [`Json`], strictly (decision 4).

use super::{Json, Number, Object, double};
use crate::limits::MAX_JSON_DEPTH;
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
        let what = match self.kind {
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
        };
        write!(
            f,
            "The body is not valid JSON: {what} (line {}, column {}).",
            self.line, self.column
        )
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
    read_within(bytes, MAX_JSON_DEPTH)
}

/// Reads an answer of the API: as [`read`], but some objects deeper, since answers carry the
/// caller's metadata further in than the request did.
///
/// # Errors
/// The first mistake, with its line and column.
pub fn read_answer(bytes: &[u8]) -> Result<Json, ReadError> {
    read_within(bytes, MAX_JSON_DEPTH + 8)
}

fn read_within(bytes: &[u8], limit: usize) -> Result<Json, ReadError> {
    let mut reader = Reader {
        bytes,
        at: 0,
        depth: 0,
        limit,
    };
    match std::str::from_utf8(bytes) {
        Ok(text) if text.starts_with('\u{feff}') => Err(reader.error(ReadErrorKind::ByteOrderMark)),
        Ok(_) => reader.document(),
        Err(error) => {
            reader.at = error.valid_up_to();
            Err(reader.error(ReadErrorKind::InvalidUtf8))
        }
    }
}

struct Reader<'a> {
    /// Valid UTF-8.
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    limit: usize,
}

type Read<T> = Result<T, ReadError>;

impl Reader<'_> {
    fn document(&mut self) -> Read<Json> {
        let value = self.value(Envelope::Outer)?;
        self.skip_space();
        if self.at < self.bytes.len() {
            return Err(self.error(ReadErrorKind::TrailingCharacters));
        }
        Ok(value)
    }

    fn value(&mut self, envelope: Envelope) -> Read<Json> {
        self.skip_space();
        match self.peek() {
            Some(b'{') => self
                .nested(|reader| reader.object(envelope))
                .map(Json::Object),
            Some(b'[') => self.nested(Self::array).map(Json::Array),
            Some(b'"') => self.string().map(Json::String),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(b'-' | b'0'..=b'9') => self.number().map(Json::Number),
            Some(_) => Err(self.error(ReadErrorKind::UnexpectedCharacter)),
            None => Err(self.error(ReadErrorKind::UnexpectedEnd)),
        }
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth == self.limit {
            return Err(self.error(ReadErrorKind::TooDeep));
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn object(&mut self, envelope: Envelope) -> Read<Object> {
        let mut members = Vec::new();
        self.skip_space();
        if self.take(b'}') {
            return Ok(Object(members));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected());
            }
            let name = self.string()?;
            self.skip_space();
            self.expect(b':')?;
            let within = envelope.member(&name);
            let outer_limit = self.limit;
            if within == Envelope::Attributes {
                self.limit = MAX_JSON_DEPTH + 2;
            }
            let value = self.value(within)?;
            self.limit = outer_limit;
            members.push((name, value));
            self.skip_space();
            if self.take(b'}') {
                return Ok(Object(members));
            }
            self.expect(b',')?;
        }
    }

    fn array(&mut self) -> Read<Vec<Json>> {
        let mut items = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Ok(items);
        }
        loop {
            items.push(self.value(Envelope::None)?);
            self.skip_space();
            if self.take(b']') {
                return Ok(items);
            }
            self.expect(b',')?;
        }
    }

    fn string(&mut self) -> Read<String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let from = self.at;
            while self
                .peek()
                .is_some_and(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\')
            {
                self.at += 1;
            }
            // The slice begins and ends beside ASCII characters, so it is whole characters.
            out.push_str(std::str::from_utf8(&self.bytes[from..self.at]).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                Some(_) => return Err(self.error(ReadErrorKind::ControlCharacter)),
                None => return Err(self.error(ReadErrorKind::UnexpectedEnd)),
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
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
            Some(_) => return Err(self.error_at(start, ReadErrorKind::InvalidEscape)),
            None => return Err(self.error(ReadErrorKind::UnexpectedEnd)),
        };
        self.at += 1;
        Ok(character)
    }

    fn unicode_escape(&mut self, start: usize) -> Read<char> {
        let first = self.hex4(start)?;
        if let Some(character) = char::from_u32(first) {
            return Ok(character);
        }
        let is_high = (0xd800..0xdc00).contains(&first);
        if is_high && self.bytes[self.at..].starts_with(b"\\u") {
            self.at += 2;
            let second = self.hex4(start)?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                // Every such pair is a character; the fall-through keeps this total.
                if let Some(character) = char::from_u32(code) {
                    return Ok(character);
                }
            }
        }
        Err(self.error_at(start, ReadErrorKind::LoneSurrogate))
    }

    fn hex4(&mut self, start: usize) -> Read<u32> {
        let mut value = 0;
        for _ in 0..4 {
            let Some(byte) = self.peek() else {
                return Err(self.error(ReadErrorKind::UnexpectedEnd));
            };
            let Some(digit) = char::from(byte).to_digit(16) else {
                return Err(self.error_at(start, ReadErrorKind::InvalidEscape));
            };
            value = value * 16 + digit;
            self.at += 1;
        }
        Ok(value)
    }

    fn number(&mut self) -> Read<Number> {
        let start = self.at;
        self.take(b'-');
        let leading_zero = self.peek() == Some(b'0');
        let digits = self.digits();
        if digits == 0 || (leading_zero && digits > 1) {
            return Err(self.error_at(start, ReadErrorKind::InvalidNumber));
        }
        let mut is_integer = true;
        if self.take(b'.') {
            is_integer = false;
            if self.digits() == 0 {
                return Err(self.error_at(start, ReadErrorKind::InvalidNumber));
            }
        }
        if self.take(b'e') || self.take(b'E') {
            is_integer = false;
            if !self.take(b'+') {
                self.take(b'-');
            }
            if self.digits() == 0 {
                return Err(self.error_at(start, ReadErrorKind::InvalidNumber));
            }
        }
        let text = std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or_default();
        if is_integer && text != "-0" {
            if let Ok(value) = text.parse() {
                return Ok(Number::I64(value));
            }
            if let Ok(value) = text.parse() {
                return Ok(Number::U64(value));
            }
        }
        let value = double::read(text);
        if value.is_finite() {
            Ok(Number::F64(value))
        } else {
            Err(self.error_at(start, ReadErrorKind::NumberOutOfRange))
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn word(&mut self, word: &str, value: Json) -> Read<Json> {
        for byte in word.bytes() {
            self.expect(byte)?;
        }
        Ok(value)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Read<()> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn unexpected(&self) -> ReadError {
        let kind = if self.at < self.bytes.len() {
            ReadErrorKind::UnexpectedCharacter
        } else {
            ReadErrorKind::UnexpectedEnd
        };
        self.error(kind)
    }

    fn error(&self, kind: ReadErrorKind) -> ReadError {
        self.error_at(self.at, kind)
    }

    fn error_at(&self, at: usize, kind: ReadErrorKind) -> ReadError {
        let before = &self.bytes[..at];
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
