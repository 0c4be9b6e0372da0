//! The server's own secrets: random, sealed under the root key in a table of their own, so that another root key
//! changes none of them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use vouchkey_types::api_key::ApiKey;
use vouchkey_types::id::LinkId;

use super::envelope::length_prefixed;

/// A secret's key material.
pub(super) type Secret = SecretBox<[u8; 32]>;

/// The names of the secrets in the table, in the order of [`ServerSecrets::new`].
pub(super) const NAMES: [&str; 4] = [
    "api_key_pepper",
    "idempotency_key",
    "sign_in_key",
    "capture_key_1",
];

/// The number of the capture key with which tokens are made.
const CAPTURE_KEY: u8 = 1;
const TAG: usize = 20;
const TOKEN_BYTES: usize = 1 + 16 + TAG;
/// The characters of a capture token.
pub const TOKEN_LENGTH: usize = 50;

/// The server's secrets. What is hashed with one of them cannot be planted or guessed by whoever holds the database.
#[derive(Debug)]
pub struct ServerSecrets {
    api_key_pepper: Secret,
    idempotency_key: Secret,
    sign_in_key: Secret,
    capture_key: Secret,
}

/// What opens a session to its applicant: 50 characters of base64url (decision 12). It is never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct CaptureToken(String);

impl CaptureToken {
    /// The token itself, for links only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CaptureToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CaptureToken([redacted])")
    }
}

impl ServerSecrets {
    pub(super) fn new(
        [api_key_pepper, idempotency_key, sign_in_key, capture_key]: [Secret; 4],
    ) -> Self {
        Self {
            api_key_pepper,
            idempotency_key,
            sign_in_key,
            capture_key,
        }
    }

    /// The hash by which an API key is kept and found.
    pub fn api_key_hash(&self, key: &ApiKey) -> [u8; 32] {
        hash(&self.api_key_pepper, key.expose().as_bytes())
    }

    /// The hash of a client's idempotency key, or of a request: of a list of values, each with its length.
    pub fn idempotency_hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        hash(&self.idempotency_key, &length_prefixed(parts))
    }

    /// The hash of a one-time link's token, a sign-in's token or an address that failed to sign in; the first part says
    /// which.
    pub fn sign_in_hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        hash(&self.sign_in_key, &length_prefixed(parts))
    }

    /// The number of the key with which new capture tokens are made.
    pub const fn capture_key_id(&self) -> u8 {
        CAPTURE_KEY
    }

    /// The token of a link. The same link has the same token always.
    pub fn capture_token(&self, link: LinkId) -> CaptureToken {
        let mut bytes = [0; TOKEN_BYTES];
        bytes[0] = CAPTURE_KEY;
        bytes[1..17].copy_from_slice(&link.to_bytes());
        let tag = hash(&self.capture_key, &bytes[..17]);
        bytes[17..].copy_from_slice(&tag[..TAG]);
        CaptureToken(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The link of a token that this server made. Whether the link is live, the store knows.
    pub fn verify_capture_token(&self, token: &str) -> Option<LinkId> {
        if token.len() != TOKEN_LENGTH {
            return None;
        }
        let bytes: [u8; TOKEN_BYTES] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
        let tag = hash(&self.capture_key, &bytes[..17]);
        let genuine = bool::from(bytes[17..].ct_eq(&tag[..TAG])) && bytes[0] == CAPTURE_KEY;
        let link = *bytes[1..17].first_chunk()?;
        genuine.then(|| LinkId::from_bytes(link))
    }
}

fn hash(key: &Secret, message: &[u8]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mac =
        Hmac::<Sha256>::new_from_slice(key.expose_secret()).expect("a key of 32 bytes is refused");
    mac.chain_update(message).finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vouchkey_types::api_key::{Environment, KeyKind};

    use super::*;

    fn secrets(seed: u8) -> ServerSecrets {
        ServerSecrets::new([0, 1, 2, 3].map(|number| Secret::new(Box::new([seed + number; 32]))))
    }

    #[test]
    fn a_token_is_short_and_good_for_its_server_only() {
        let link = LinkId::from_bytes([0xa5; 16]);
        let token = secrets(1).capture_token(link);
        assert_eq!(token.expose().len(), TOKEN_LENGTH);
        assert_eq!(secrets(1).verify_capture_token(token.expose()), Some(link));
        assert_eq!(secrets(2).verify_capture_token(token.expose()), None);
        assert_eq!(format!("{token:?}"), "CaptureToken([redacted])");
    }

    #[test]
    fn every_changed_bit_of_a_token_is_refused() {
        let secrets = secrets(1);
        let token = secrets.capture_token(LinkId::from_bytes([7; 16]));
        let bytes = URL_SAFE_NO_PAD.decode(token.expose()).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                secrets.verify_capture_token(&URL_SAFE_NO_PAD.encode(changed)),
                None,
                "bit {bit}"
            );
        }
        // Base64 leaves four bits over: only one spelling counts.
        let (head, last) = token.expose().split_at(TOKEN_LENGTH - 1);
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars() {
            let is_the_token = last == letter.to_string();
            assert_eq!(
                secrets
                    .verify_capture_token(&format!("{head}{letter}"))
                    .is_some(),
                is_the_token
            );
        }
    }

    #[test]
    fn hashes_differ_by_secret_purpose_and_split() {
        let secrets = secrets(1);
        let key = ApiKey::from_random(Environment::Live, KeyKind::Secret, [3; 32]);
        assert_ne!(
            secrets.api_key_hash(&key),
            self::secrets(9).api_key_hash(&key)
        );
        assert_ne!(
            secrets.idempotency_hash(&[b"a"]),
            secrets.sign_in_hash(&[b"a"])
        );
        assert_ne!(
            secrets.idempotency_hash(&[b"ab", b"c"]),
            secrets.idempotency_hash(&[b"a", b"bc"])
        );
    }

    /// Computed with Python's `hmac` and `base64`, so that a change of the form is seen.
    #[test]
    fn the_form_of_a_token_is_fixed() {
        let token = secrets(1).capture_token(LinkId::from_bytes([0; 16]));
        assert_eq!(
            token.expose(),
            "AQAAAAAAAAAAAAAAAAAAAAAkKzky6fS1a8gp0eeMI7o71RHukw"
        );
    }

    proptest! {
        #[test]
        fn tokens_read_back(link: [u8; 16]) {
            let link = LinkId::from_bytes(link);
            let secrets = secrets(1);
            prop_assert_eq!(secrets.verify_capture_token(secrets.capture_token(link).expose()), Some(link));
        }

        #[test]
        fn no_text_is_a_token_by_chance(text in ".{0,60}") {
            prop_assert_eq!(secrets(1).verify_capture_token(&text), None);
        }
    }
}
