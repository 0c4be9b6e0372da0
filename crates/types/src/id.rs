//! Identifiers: a prefix that says what, and a `UUIDv7` that sorts by time.

use crate::text;
use std::fmt;
use std::str::FromStr;

/// Crockford's base32, lower case.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const DIGITS: usize = 26;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal),* $(,)?) => {$(
        $(#[$doc])*
        ///
        /// On the wire a prefix and 26 characters of Crockford's base32 for the 128 bits.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// What its text begins with.
            pub const PREFIX: &'static str = $prefix;

            /// The id made at this Unix time in milliseconds, from 10 random bytes (RFC 9562,
            /// version 7: 74 of their bits are used).
            pub const fn from_parts(unix_ms: u64, random: [u8; 10]) -> Self {
                Self(uuid_v7(unix_ms, random))
            }

            /// The id of these 16 bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Its 16 bytes.
            pub const fn to_bytes(self) -> [u8; 16] {
                self.0
            }

            /// Its text.
            pub fn to_text(self) -> String {
                text::join(&[$prefix, &encode(self.0)])
            }

            /// Reads its text; only the one spelling that is written.
            pub fn parse(text: &str) -> Option<Self> {
                decode(text.strip_prefix($prefix)?).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.to_text())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                Self::parse(text).ok_or(NotAnId($prefix))
            }
        }

        impl From<$name> for crate::json::Json {
            fn from(id: $name) -> Self {
                Self::from(id.to_text())
            }
        }
    )*};
}

ids! {
    /// A verification session.
    SessionId = "ses_",
    /// A workflow.
    WorkflowId = "wfl_",
    /// An organization.
    OrganizationId = "org_",
    /// An API key.
    KeyId = "key_",
    /// An identity.
    IdentityId = "idn_",
    /// A document.
    DocumentId = "doc_",
    /// A capture link.
    LinkId = "lnk_",
    /// A webhook endpoint.
    WebhookEndpointId = "whe_",
    /// An event, or an entry of the outbox.
    EventId = "evt_",
    /// A user of the dashboard.
    UserId = "usr_",
}

/// A text that is not an id of the wanted kind, which begins with the prefix given here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnId(pub &'static str);

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not an id: it must be `{}` and 26 characters", self.0)
    }
}

impl std::error::Error for NotAnId {}

const fn uuid_v7(unix_ms: u64, random: [u8; 10]) -> [u8; 16] {
    let time = unix_ms.to_be_bytes();
    let r = random;
    [
        time[2],
        time[3],
        time[4],
        time[5],
        time[6],
        time[7],
        0x70 | (r[0] & 0x0f),
        r[1],
        0x80 | (r[2] & 0x3f),
        r[3],
        r[4],
        r[5],
        r[6],
        r[7],
        r[8],
        r[9],
    ]
}

fn encode(bytes: [u8; 16]) -> String {
    let number = u128::from_be_bytes(bytes);
    let digit = |place: usize| char::from(ALPHABET[((number >> (5 * place)) & 31) as usize]);
    (0..DIGITS).rev().map(digit).collect()
}

fn decode(text: &str) -> Option<[u8; 16]> {
    if text.len() != DIGITS {
        return None;
    }
    let mut number = 0_u128;
    for (index, byte) in text.bytes().enumerate() {
        let digit = ALPHABET.iter().position(|letter| *letter == byte)?;
        // 26 digits hold 130 bits: the first may use three of its five.
        if index == 0 && digit > 7 {
            return None;
        }
        number = (number << 5) | digit as u128;
    }
    Some(number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_look_as_promised_and_sort_by_time() {
        let early = SessionId::from_parts(1_000, [0xff; 10]);
        let late = SessionId::from_parts(1_001, [0; 10]);
        assert!(early < late && early.to_string() < late.to_string());
        let text = late.to_string();
        assert_eq!(text.len(), 30);
        assert!(text.starts_with("ses_0"));
        assert_eq!(late.to_bytes()[6] >> 4, 7);
        assert_eq!(late.to_bytes()[8] >> 6, 2);
    }

    #[test]
    fn only_the_one_spelling_is_read() {
        let text = WorkflowId::from_bytes([0xab; 16]).to_string();
        assert!(WorkflowId::parse(&text).is_some());
        assert!(WorkflowId::parse(&text.to_uppercase()).is_none());
        assert!(SessionId::parse(&text).is_none());
        assert!(WorkflowId::parse("wfl_").is_none());
        assert!(WorkflowId::parse("wfl_80000000000000000000000000").is_none());
        assert!(WorkflowId::parse("wfl_0000000000000000000000000i").is_none());
    }

    proptest! {
        #[test]
        fn ids_read_back(bytes in any::<[u8; 16]>()) {
            let id = LinkId::from_bytes(bytes);
            prop_assert_eq!(LinkId::parse(&id.to_string()), Some(id));
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = LinkId::parse(&text);
            let _ = LinkId::parse(&format!("lnk_{text}"));
        }
    }
}
