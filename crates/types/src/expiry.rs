//! How long a capture URL stays valid.

use crate::json::{Number, Value};
use crate::limits::{DEFAULT_EXPIRY_MINUTES, MAX_EXPIRY_MINUTES, MIN_EXPIRY_MINUTES};
use crate::problem::{Fault, FieldCode};

/// A number of minutes from 10 to 4320, by default 1440 (`seed.txt`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExpiryMinutes(u16);

impl ExpiryMinutes {
    /// Reads a whole number of minutes; `1440.0` is one.
    ///
    /// # Errors
    /// `wrong_type`, `out_of_range`.
    pub fn parse(value: &Value<'_>) -> Result<Self, Fault> {
        let out_of_range = || Fault::new(FieldCode::OutOfRange, BOUNDS);
        match value {
            Value::Number(Number::F64(number)) if number.fract() != 0.0 => {}
            Value::Number(_) => {
                return value
                    .as_i64()
                    .and_then(Self::from_minutes)
                    .ok_or_else(out_of_range);
            }
            _ => {}
        }
        Err(Fault::new(
            FieldCode::WrongType,
            "Must be a whole number of minutes.",
        ))
    }

    /// This many minutes, if they are within the bounds.
    pub fn from_minutes(minutes: i64) -> Option<Self> {
        let is_within = (MIN_EXPIRY_MINUTES..=MAX_EXPIRY_MINUTES).contains(&minutes);
        u16::try_from(minutes).ok().filter(|_| is_within).map(Self)
    }

    /// In minutes.
    pub const fn minutes(self) -> i64 {
        self.0 as i64
    }

    /// In milliseconds.
    pub const fn as_ms(self) -> i64 {
        self.minutes() * 60_000
    }
}

const BOUNDS: &str = "Must be from 10 to 4320 minutes.";

const _: () = assert!(MIN_EXPIRY_MINUTES == 10 && MAX_EXPIRY_MINUTES == 4_320);

const _: () = assert!(
    DEFAULT_EXPIRY_MINUTES >= MIN_EXPIRY_MINUTES && DEFAULT_EXPIRY_MINUTES <= MAX_EXPIRY_MINUTES
);

impl Default for ExpiryMinutes {
    fn default() -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "within the bounds, as asserted above"
        )]
        Self(DEFAULT_EXPIRY_MINUTES as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read;

    #[test]
    fn the_bounds_are_those_of_the_specification() {
        let parse = |text: &str| {
            ExpiryMinutes::parse(&read(text.as_bytes()).unwrap())
                .map(ExpiryMinutes::minutes)
                .map_err(|fault| fault.code)
        };
        for (text, minutes) in [
            ("10", 10),
            ("4320", 4320),
            ("1440.0", 1440),
            ("1.44e3", 1440),
        ] {
            assert_eq!(parse(text), Ok(minutes));
        }
        for text in [
            "9",
            "4321",
            "0",
            "-1",
            "9223372036854775808",
            "1e300",
            "-1e300",
            "99999999999999999999",
        ] {
            assert_eq!(parse(text), Err(FieldCode::OutOfRange), "{text}");
        }
        for text in ["10.5", "\"60\"", "true", "[]"] {
            assert_eq!(parse(text), Err(FieldCode::WrongType), "{text}");
        }
        assert_eq!(ExpiryMinutes::default().minutes(), 1440);
    }
}
