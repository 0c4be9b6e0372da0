//! Strings: most of them stand in the text as they are, and the rest have escapes.

use super::{ReadErrorKind, Reader};
use std::borrow::Cow;

#[expect(
    clippy::inline_always,
    reason = "compilers that look at size alone call this for each string"
)]
impl<'a> Reader<'a> {
    #[inline(always)]
    pub(super) fn string(&mut self) -> Option<Cow<'a, str>> {
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
}

/// How many bytes of a string stand for themselves: up to a quote, a backslash or a control
/// character.
#[inline]
pub(in crate::json) fn plain_length(bytes: &[u8]) -> usize {
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
