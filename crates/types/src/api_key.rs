//! API keys: what they look like, and a checksum that finds typing errors offline (decision 10).

use std::fmt;

/// Which of an organization's two worlds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Environment {
    /// Real applicants.
    Live,
    /// Trial data.
    Sandbox,
}

impl Environment {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Live, Self::Sandbox];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Sandbox => "sandbox",
        }
    }

    /// The environment of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|environment| environment.as_str() == word)
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// For servers.
    Secret,
    /// For browsers: may only create.
    Publishable,
}

impl KeyKind {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Publishable => "publishable",
        }
    }

    /// The kind of this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Secret, Self::Publishable]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SECRET_DIGITS: usize = 43;
const CHECK_DIGITS: usize = 6;

/// An API key that is well formed: `^vk_(pub_)?(live|sandbox)_[0-9A-Za-z]{49}$` with the right
/// checksum. Whether anybody holds it, only the server knows.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    text: String,
    environment: Environment,
    kind: KeyKind,
}

impl ApiKey {
    /// The key of 256 random bits.
    pub fn from_random(environment: Environment, kind: KeyKind, random: [u8; 32]) -> Self {
        let mut text = prefix(environment, kind).to_owned();
        text.push_str(&base62(random, SECRET_DIGITS));
        text.push_str(&checksum(&text));
        Self {
            text,
            environment,
            kind,
        }
    }

    /// Reads a key: shape and checksum.
    pub fn parse(text: &str) -> Option<Self> {
        // Without an index anywhere: the text of the panic that it could be weighs more than all
        // this in a browser.
        let (environment, kind) = [
            (Environment::Live, KeyKind::Secret),
            (Environment::Live, KeyKind::Publishable),
            (Environment::Sandbox, KeyKind::Secret),
            (Environment::Sandbox, KeyKind::Publishable),
        ]
        .into_iter()
        .find(|(environment, kind)| text.starts_with(prefix(*environment, *kind)))?;
        let digits = text.strip_prefix(prefix(environment, kind))?;
        let is_shaped = digits.len() == SECRET_DIGITS + CHECK_DIGITS
            && digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let (body, check) = text.split_at_checked(text.len().checked_sub(CHECK_DIGITS)?)?;
        (is_shaped && check == checksum(body)).then(|| Self {
            text: text.to_owned(),
            environment,
            kind,
        })
    }

    /// The key itself: for its holder, and for hashing.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The environment that it opens.
    pub const fn environment(&self) -> Environment {
        self.environment
    }

    /// What it is for.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Its last four characters, by which people tell keys apart.
    pub fn hint(&self) -> &str {
        &self.text[self.text.len() - 4..]
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ApiKey({}[redacted])",
            prefix(self.environment, self.kind)
        )
    }
}

const fn prefix(environment: Environment, kind: KeyKind) -> &'static str {
    match (kind, environment) {
        (KeyKind::Secret, Environment::Live) => "vk_live_",
        (KeyKind::Secret, Environment::Sandbox) => "vk_sandbox_",
        (KeyKind::Publishable, Environment::Live) => "vk_pub_live_",
        (KeyKind::Publishable, Environment::Sandbox) => "vk_pub_sandbox_",
    }
}

fn checksum(text: &str) -> String {
    let mut number = crc32(text.as_bytes());
    let mut digits = ['0'; CHECK_DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = char::from(ALPHABET[number as usize % ALPHABET.len()]);
        number /= 62;
    }
    digits.iter().collect()
}

/// The CRC-32 of zlib. Bit by bit, since a key has sixty bytes, and since the tables that make it fast
/// weigh more in a browser than all rules of a request.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ if crc & 1 == 0 { 0 } else { 0xedb8_8320 }
        })
    })
}

/// A big-endian number in base62, padded on the left.
fn base62(mut number: [u8; 32], digits: usize) -> String {
    let mut text = vec![b'0'; digits];
    for digit in text.iter_mut().rev() {
        let mut remainder = 0_u16;
        for byte in &mut number {
            let value = remainder << 8 | u16::from(*byte);
            // Below 62 * 256 / 62.
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            remainder = value % 62;
        }
        *digit = ALPHABET[usize::from(remainder)];
    }
    text.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_checksum_is_that_of_zlib() {
        assert_eq!(crc32(b""), 0);
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_key_of_zeros_is_padded() {
        let key = ApiKey::from_random(Environment::Live, KeyKind::Secret, [0; 32]);
        assert!(
            key.expose()
                .starts_with(&format!("vk_live_{}", "0".repeat(43)))
        );
        assert_eq!(key.expose().len(), 8 + 49);
    }

    #[test]
    fn the_largest_number_fits_43_digits() {
        let number = base62([0xff; 32], 44);
        assert!(number.starts_with('0') && !number.starts_with("00"));
    }

    #[test]
    fn debug_shows_no_secret() {
        let key = ApiKey::from_random(Environment::Sandbox, KeyKind::Secret, [7; 32]);
        assert_eq!(format!("{key:?}"), "ApiKey(vk_sandbox_[redacted])");
    }

    proptest! {
        #[test]
        fn keys_read_back(random in any::<[u8; 32]>(), live in any::<bool>(), public in any::<bool>()) {
            let environment = if live { Environment::Live } else { Environment::Sandbox };
            let kind = if public { KeyKind::Publishable } else { KeyKind::Secret };
            let key = ApiKey::from_random(environment, kind, random);
            prop_assert_eq!(ApiKey::parse(key.expose()), Some(key));
        }

        #[test]
        fn one_wrong_character_is_found(random in any::<[u8; 32]>(), at in 11_usize..60, letter in "[0-9A-Za-z]") {
            let key = ApiKey::from_random(Environment::Sandbox, KeyKind::Secret, random);
            let mut text = key.expose().to_owned();
            text.replace_range(at..=at, &letter);
            prop_assert_eq!(ApiKey::parse(&text).is_some(), text == key.expose());
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = ApiKey::parse(&text);
            let _ = ApiKey::parse(&format!("vk_live_{text}"));
        }
    }
}
