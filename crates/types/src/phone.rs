//! Phone numbers.

use crate::problem::{Fault, FieldCode};

/// Whether this is a number in the international form of ITU-T E.164: `+`, a country code that does
/// not begin with 0, at most 15 digits in all.
///
/// # Errors
/// `invalid_format`.
pub fn check(number: &str) -> Result<&str, Fault> {
    let digits = number.strip_prefix('+').unwrap_or_default();
    let is_e164 = (2..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.as_bytes().iter().all(u8::is_ascii_digit);
    if is_e164 {
        Ok(number)
    } else {
        Err(Fault::new(
            FieldCode::InvalidFormat,
            "Must be a phone number in international form: +, country code and number, digits only, such as +14155550123.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_e164() {
        for good in ["+14155550123", "+12", "+123456789012345"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "14155550123",
            "+",
            "+1",
            "+0123456",
            "+1234567890123456",
            "+1 415 555",
            "+1-415",
            "+١٢٣",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
