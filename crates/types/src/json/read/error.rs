//! What is said of a text that is not JSON.

use crate::text::{self, decimal};
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

pub(super) fn error_at(bytes: &[u8], at: usize, kind: ReadErrorKind) -> ReadError {
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
