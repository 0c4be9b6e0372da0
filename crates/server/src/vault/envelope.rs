//! The one form of ciphertext: a version byte, a nonce, and what XChaCha20-Poly1305 makes of the text and its place.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

/// The form below. Another cipher would be another version.
const VERSION: u8 = 1;
const NONCE: usize = 24;
const TAG: usize = 16;

/// Why a sealed value was not opened. One reason for all, since whoever changed it should learn no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value was changed, moved, or sealed with another key")]
pub struct OpenError;

/// Seals `plain` for the place that `associated` names. A nonce must be random, and used once.
pub(super) fn seal(key: &[u8; 32], plain: &[u8], associated: &[u8], nonce: [u8; NONCE]) -> Vec<u8> {
    let cipher = XChaCha20Poly1305::new(&Key::from(*key));
    let payload = Payload {
        msg: plain,
        aad: associated,
    };
    #[expect(
        clippy::expect_used,
        reason = "it fails beyond 256 GiB only, which no request can bring"
    )]
    let text = cipher
        .encrypt(&XNonce::from(nonce), payload)
        .expect("the text is too long to be sealed");
    let mut sealed = Vec::with_capacity(1 + NONCE + text.len());
    sealed.push(VERSION);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&text);
    sealed
}

/// Opens what [`seal`] made for the same place.
pub(super) fn open(key: &[u8; 32], sealed: &[u8], associated: &[u8]) -> Result<Vec<u8>, OpenError> {
    let (version, rest) = sealed.split_first().ok_or(OpenError)?;
    let (nonce, text) = rest.split_first_chunk::<NONCE>().ok_or(OpenError)?;
    if *version != VERSION || text.len() < TAG {
        return Err(OpenError);
    }
    let cipher = XChaCha20Poly1305::new(&Key::from(*key));
    let payload = Payload {
        msg: text,
        aad: associated,
    };
    cipher
        .decrypt(&XNonce::from(*nonce), payload)
        .map_err(|_| OpenError)
}

/// Several values as one, each after its length, so that no two lists are the same bytes.
pub(super) fn length_prefixed(parts: &[&[u8]]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(parts.iter().map(|part| 8 + part.len()).sum());
    for part in parts {
        joined.extend_from_slice(&(part.len() as u64).to_be_bytes());
        joined.extend_from_slice(part);
    }
    joined
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_flipped_bit_is_refused() {
        let sealed = seal(&[7; 32], b"Jane Doe", b"place", [9; NONCE]);
        assert_eq!(open(&[7; 32], &sealed, b"place").unwrap(), b"Jane Doe");
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                open(&[7; 32], &changed, b"place"),
                Err(OpenError),
                "bit {bit}"
            );
        }
        for length in 0..sealed.len() {
            assert_eq!(
                open(&[7; 32], &sealed[..length], b"place"),
                Err(OpenError),
                "{length} bytes"
            );
        }
        assert_eq!(open(&[8; 32], &sealed, b"place"), Err(OpenError));
        assert_eq!(open(&[7; 32], &sealed, b"other"), Err(OpenError));
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_and_does_not_show(plain in any::<Vec<u8>>(), key: [u8; 32], nonce: [u8; NONCE]) {
            let sealed = seal(&key, &plain, b"place", nonce);
            prop_assert_eq!(sealed.len(), 1 + NONCE + plain.len() + TAG);
            prop_assert_eq!(open(&key, &sealed, b"place"), Ok(plain));
        }

        #[test]
        fn no_bytes_panic(sealed in any::<Vec<u8>>()) {
            prop_assert_eq!(open(&[1; 32], &sealed, b""), Err(OpenError));
        }

        #[test]
        fn different_lists_are_different_bytes(one in any::<Vec<Vec<u8>>>(), two in any::<Vec<Vec<u8>>>()) {
            let joined = |list: &[Vec<u8>]| length_prefixed(&list.iter().map(Vec::as_slice).collect::<Vec<_>>());
            prop_assert_eq!(joined(&one) == joined(&two), one == two);
        }
    }
}
