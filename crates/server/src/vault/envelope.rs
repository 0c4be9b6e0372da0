//! The one form of ciphertext: a version byte, a nonce, and what XChaCha20-Poly1305 makes of the text and its place.

use chacha20::cipher::array::Array;
use chacha20::{R20, hchacha};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use secrecy::zeroize::Zeroizing;

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
    let mut sealed = Vec::with_capacity(1 + NONCE + plain.len() + TAG);
    sealed.push(VERSION);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let (key, nonce) = cipher(key, &nonce);
    #[expect(
        clippy::expect_used,
        reason = "it fails beyond 256 GiB only, which no request can bring"
    )]
    let tag = key
        .seal_in_place_separate_tag(nonce, Aad::from(associated), &mut sealed[1 + NONCE..])
        .expect("the text is too long to be sealed");
    sealed.extend_from_slice(tag.as_ref());
    sealed
}

/// Opens what [`seal`] made for the same place.
pub(super) fn open(key: &[u8; 32], sealed: &[u8], associated: &[u8]) -> Result<Vec<u8>, OpenError> {
    let (version, rest) = sealed.split_first().ok_or(OpenError)?;
    let (nonce, text) = rest.split_first_chunk::<NONCE>().ok_or(OpenError)?;
    if *version != VERSION {
        return Err(OpenError);
    }
    let (key, nonce) = cipher(key, nonce);
    let mut plain = text.to_vec();
    let length = key
        .open_in_place(nonce, Aad::from(associated), &mut plain)
        .map_err(|_| OpenError)?
        .len();
    plain.truncate(length);
    Ok(plain)
}

/// XChaCha20-Poly1305 as ChaCha20-Poly1305 (draft-irtf-cfrg-xchacha 2.3): the first part of the nonce makes a key of its
/// own, the rest is the nonce under it. ring takes a fifth to a third of the time of the cipher's own library, whose
/// Poly1305 calls a function for each AVX2 instruction.
fn cipher(key: &[u8; 32], nonce: &[u8; NONCE]) -> (LessSafeKey, Nonce) {
    let mut head = [0; 16];
    head.copy_from_slice(&nonce[..16]);
    let mut tail = [0; 12];
    tail[4..].copy_from_slice(&nonce[16..]);
    let own = Zeroizing::new(<[u8; 32]>::from(hchacha::<R20>(&Array(*key), &Array(head))));
    #[expect(clippy::expect_used, reason = "the cipher takes keys of 32 bytes")]
    let own =
        UnboundKey::new(&CHACHA20_POLY1305, own.as_slice()).expect("a key of 32 bytes is refused");
    (LessSafeKey::new(own), Nonce::assume_unique_for_key(tail))
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
    use chacha20poly1305::aead::{Aead, KeyInit, Payload};
    use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
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
        fn the_ciphers_own_library_makes_the_same_bytes(
            plain in any::<Vec<u8>>(), place in any::<Vec<u8>>(), key: [u8; 32], nonce: [u8; NONCE],
        ) {
            let payload = Payload { msg: &plain, aad: &place };
            let cipher = XChaCha20Poly1305::new(&Key::from(key));
            let text = cipher.encrypt(&XNonce::from(nonce), payload).unwrap();
            let theirs = [&[VERSION], nonce.as_slice(), &text].concat();
            prop_assert_eq!(seal(&key, &plain, &place, nonce), theirs.as_slice());
            prop_assert_eq!(open(&key, &theirs, &place), Ok(plain));
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
