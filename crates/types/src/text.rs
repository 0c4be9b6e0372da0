//! Text: which characters the API's own strings may hold (decision 5).

use crate::json::Value;
use crate::problem::{Fault, FieldCode};
use std::ops::Deref;

/// Whether no text of the API's own may hold this character: Unicode's category Cc, and the
/// controls that change the direction of writing, with which a name can pose as another.
pub fn is_forbidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A number in decimal digits. What formats numbers otherwise weighs more than all rules of this
/// file in a browser.
pub(crate) struct Decimal {
    digits: [u8; 20],
    first: usize,
}

/// The digits of a number.
#[inline(never)]
pub(crate) fn decimal(number: u64) -> Decimal {
    let mut digits = [b'0'; 20];
    let mut rest = number;
    let mut first = digits.len();
    for digit in digits.iter_mut().rev() {
        // A digit always fits.
        *digit += u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        first -= 1;
        if rest == 0 {
            break;
        }
    }
    Decimal { digits, first }
}

impl Deref for Decimal {
    type Target = str;

    #[inline(never)]
    fn deref(&self) -> &str {
        let digits = self.digits.get(self.first..).unwrap_or_default();
        str::from_utf8(digits).unwrap_or_default()
    }
}

/// One text of several. What does it for parts of any kind weighs a kilobyte.
pub(crate) fn join(parts: &[&str]) -> String {
    let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        text.push_str(part);
    }
    text
}

/// What stands before the first of these ASCII bytes, and the rest, which begins with it. Always
/// three bytes, of which some may be the same: the loop over a text has no other in it then.
#[inline(never)]
pub(crate) fn cut(text: &str, stops: [u8; 3]) -> (&str, &str) {
    let [one, two, three] = stops;
    let is_stop = |byte: &u8| *byte == one || *byte == two || *byte == three;
    let end = text.as_bytes().iter().position(is_stop);
    text.split_at_checked(end.unwrap_or(text.len()))
        .unwrap_or_default()
}

/// How many characters (Unicode scalar values) a text has.
pub fn length(text: &str) -> usize {
    // Bytes that continue a character do not count.
    let is_first = |byte: &&u8| **byte & 0xc0 != 0x80;
    text.as_bytes().iter().filter(is_first).count()
}

/// The text of a JSON string.
///
/// # Errors
/// `wrong_type` for anything else.
pub fn string<'r>(value: &'r Value<'_>) -> Result<&'r str, Fault> {
    value
        .as_str()
        .ok_or_else(|| Fault::new(FieldCode::WrongType, "Must be a string."))
}

/// Text of 1 to `max` characters (Unicode scalar values), none of them forbidden.
///
/// # Errors
/// `empty`, `invalid_characters`, `too_long`.
pub fn check(text: &str, max: usize) -> Result<&str, Fault> {
    let text = check_characters(text)?;
    if text.len() > max && length(text) > max {
        return Err(Fault::new(
            FieldCode::TooLong,
            join(&[
                "Must be at most ",
                &decimal(max as u64),
                " characters long.",
            ]),
        ));
    }
    Ok(text)
}

/// Text that is not empty and holds no forbidden character.
///
/// # Errors
/// `empty`, `invalid_characters`.
pub fn check_characters(text: &str) -> Result<&str, Fault> {
    if text.is_empty() {
        return Err(Fault::new(
            FieldCode::Empty,
            "Must not be empty; leave the field out instead.",
        ));
    }
    // Most text is printable ASCII, of which nothing is forbidden.
    if !is_plain(text.as_bytes()) && text.chars().any(is_forbidden) {
        return Err(Fault::new(
            FieldCode::InvalidCharacters,
            "Must not contain line breaks, other control characters, or characters that change the direction of writing.",
        ));
    }
    Ok(text)
}

/// Whether this is printable ASCII.
fn is_plain(text: &[u8]) -> bool {
    // Eight bytes at a time: no highest bit, none where 32 is taken away or 1 added.
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (words, rest) = text.as_chunks();
    let is_plain_word = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        (word | word.wrapping_sub(ONES * 0x20) | word.wrapping_add(ONES)) & (ONES * 0x80) == 0
    };
    words.iter().all(is_plain_word) && rest.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// A name that enters mail headers: [`check`], and no `=?`, with which an encoded word begins
/// (RFC 2047).
///
/// # Errors
/// `empty`, `invalid_characters`, `too_long`.
pub fn check_header_name(text: &str, max: usize) -> Result<&str, Fault> {
    let text = check_characters(text)?;
    if text.as_bytes().windows(2).any(|pair| pair == b"=?") {
        return Err(Fault::new(
            FieldCode::InvalidCharacters,
            "Must not contain `=?`, which has a meaning of its own in e-mail.",
        ));
    }
    check(text, max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_of_all_kinds_are_forbidden_and_letters_are_not() {
        for bad in [
            "a\nb",
            "a\0",
            "\u{7f}",
            "\u{85}",
            "a\u{202e}b",
            "\u{2066}",
            "\u{200f}",
            "\u{61c}",
        ] {
            assert_eq!(
                check(bad, 9).unwrap_err().code,
                FieldCode::InvalidCharacters,
                "{bad:?}"
            );
        }
        for good in ["Jane Doe", "Łukasz", "محمد", "👩‍👩‍👧", "a\u{200d}b"] {
            assert!(check(good, 20).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn characters_are_counted_not_bytes() {
        assert!(check(&"é".repeat(10), 10).is_ok());
        assert_eq!(
            check(&"é".repeat(11), 10).unwrap_err().code,
            FieldCode::TooLong
        );
    }
}
