//! E-mail addresses.

use crate::json::Json;
use crate::limits::MAX_EMAIL_CHARS;
use crate::problem::{Fault, FieldCode};
use crate::text;
use std::fmt;

/// An e-mail address by the rule of the HTML living standard (`input type=email`), at most 254
/// characters. Kept as sent.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Reads an address; nothing is trimmed.
    ///
    /// # Errors
    /// `empty`, `invalid_characters`, `too_long`, `invalid_format`.
    pub fn parse(address: &str) -> Result<Self, Fault> {
        Self::check(address).map(Self::of_checked)
    }

    /// As [`EmailAddress::parse`], without a copy.
    pub(crate) fn check(address: &str) -> Result<&str, Fault> {
        let address = text::check(address, MAX_EMAIL_CHARS)?;
        if is_email(address) {
            Ok(address)
        } else {
            Err(Fault::new(
                FieldCode::InvalidFormat,
                "Must be an e-mail address such as name@example.com.",
            ))
        }
    }

    /// The address of what passed [`EmailAddress::check`].
    pub(crate) fn of_checked(address: &str) -> Self {
        Self(address.to_owned())
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Personal data: not shown.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress([redacted])")
    }
}

impl From<&EmailAddress> for Json {
    fn from(address: &EmailAddress) -> Self {
        Self::from(address.as_str())
    }
}

fn is_email(address: &str) -> bool {
    let (local, rest) = text::cut(address, [b'@'; 3]);
    let Some(domain) = rest.strip_prefix('@') else {
        return false;
    };
    let is_local = !local.is_empty() && local.as_bytes().iter().all(|byte| is_local(*byte));
    let mut labels = domain.as_bytes().split(|byte| *byte == b'.');
    is_local && labels.all(is_label)
}

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

fn is_label(label: &[u8]) -> bool {
    (1..=63).contains(&label.len())
        && label
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        && !label.starts_with(b"-")
        && !label.ends_with(b"-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_follow_the_html_rule() {
        let long_label = "a".repeat(63);
        for good in [
            "a@b",
            "jane.doe+tag@mail.example",
            "!#$%&'*+/=?^_`{|}~-@x-1.y",
            ".a.@b.c",
            &format!("a@{long_label}.b"),
        ] {
            assert!(EmailAddress::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "a",
            "@b",
            "a@",
            "a@b@c",
            "a b@c",
            "a@b..c",
            "a@-b",
            "a@b-",
            "a@b.",
            "\"a\"@b",
            "a@[127.0.0.1]",
            "ä@b",
            "a@ä",
            &format!("a@{long_label}a"),
        ] {
            assert_eq!(
                EmailAddress::parse(bad).unwrap_err().code,
                FieldCode::InvalidFormat,
                "{bad}"
            );
        }
        assert_eq!(
            EmailAddress::parse("a@b\n").unwrap_err().code,
            FieldCode::InvalidCharacters
        );
        assert_eq!(EmailAddress::parse("").unwrap_err().code, FieldCode::Empty);
    }

    #[test]
    fn an_address_has_at_most_254_characters() {
        let of = |length: usize| format!("{}@b", "a".repeat(length - 2));
        assert!(EmailAddress::parse(&of(254)).is_ok());
        assert_eq!(
            EmailAddress::parse(&of(255)).unwrap_err().code,
            FieldCode::TooLong
        );
    }
}
