//! Text to modules: the choice of segments and version. The coding itself is the `qrcode` crate's.

use qrcode::bits::{Bits, encode_auto};
use qrcode::{Color, EcLevel, QrCode, Version};

use crate::TooLong;

const LEVEL: EcLevel = EcLevel::M;

/// What version 40 at level M holds, by the densest mode that all of the text has.
const MOST_DIGITS: usize = 5_596;
const MOST_ALPHANUMERIC: usize = 3_391;
const MOST_BYTES: usize = 2_331;

/// The modules of a QR code, without the quiet zone.
pub(crate) struct Symbol {
    width: usize,
    modules: Vec<Color>,
}

impl Symbol {
    pub(crate) fn encode(text: &str) -> Result<Self, TooLong> {
        let code = segments(text)
            .and_then(|bits| QrCode::with_bits(bits, LEVEL).ok())
            .ok_or_else(|| TooLong { limit: limit(text) })?;
        Ok(Self {
            width: code.width(),
            modules: code.into_colors(),
        })
    }

    /// Modules on each side.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// The rows from top to bottom, each from left to right.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[Color]> {
        self.modules.chunks_exact(self.width)
    }
}

/// The coded text in the smallest version that fits.
fn segments(text: &str) -> Option<Bits> {
    // Before the crate makes a list of segments as long as the text.
    if text.len() > MOST_DIGITS {
        return None;
    }
    // The crate takes UTF-8 for Shift-JIS and writes Kanji segments that read back as other text.
    let mixed = text
        .is_ascii()
        .then(|| encode_auto(text.as_bytes(), LEVEL).ok())
        .flatten();
    let Some(plain) = byte_version(text.len()) else {
        return mixed;
    };
    // The crate joins segments greedily, which in rare mixtures takes more than one byte segment.
    match mixed {
        Some(bits) if number(bits.version()) <= number(plain) => Some(bits),
        _ => byte_segment(text, plain),
    }
}

fn byte_segment(text: &str, version: Version) -> Option<Bits> {
    let mut bits = Bits::new(version);
    bits.push_byte_data(text.as_bytes()).ok()?;
    bits.push_terminator(LEVEL).ok()?;
    Some(bits)
}

/// The smallest version whose capacity holds one byte segment of this length.
fn byte_version(bytes: usize) -> Option<Version> {
    (1..=40).map(Version::Normal).find(|&version| {
        let length_bits = if number(version) < 10 { 8 } else { 16 };
        Bits::new(version)
            .max_len(LEVEL)
            .is_ok_and(|capacity| 4 + length_bits + 8 * bytes <= capacity)
    })
}

fn number(version: Version) -> i16 {
    match version {
        Version::Normal(number) | Version::Micro(number) => number,
    }
}

fn limit(text: &str) -> usize {
    let is_alphanumeric = |byte: &u8| matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b' ' | b'$' | b'%' | b'*' | b'+' | b'-'..=b'/' | b':');
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        MOST_DIGITS
    } else if text.as_bytes().iter().all(is_alphanumeric) {
        MOST_ALPHANUMERIC
    } else {
        MOST_BYTES
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn version_of(text: &str) -> Option<i16> {
        segments(text).map(|bits| number(bits.version()))
    }

    #[test]
    fn the_limit_of_each_kind_fits_and_one_more_does_not() {
        for (character, limit) in [('7', 5_596), ('A', 3_391), ('a', 2_331), ('\0', 2_331)] {
            let most = character.to_string().repeat(limit);
            assert_eq!(version_of(&most), Some(40));
            let error = Symbol::encode(&format!("{most}{character}")).err();
            assert_eq!(error, Some(TooLong { limit }));
        }
    }

    #[test]
    fn other_text_than_ascii_has_the_limit_of_bytes() {
        let most = "é".repeat(MOST_BYTES / 2);
        assert_eq!(version_of(&most), Some(40));
        let error = Symbol::encode(&format!("{most}é")).err();
        assert_eq!(error, Some(TooLong { limit: MOST_BYTES }));
    }

    #[test]
    fn a_capture_url_with_an_origin_of_26_characters_has_version_five() {
        let url = format!("https://verify.example.com/verify/{}", "a".repeat(50));
        assert_eq!((url.len(), version_of(&url)), (84, Some(5)));
        assert_eq!(version_of(&format!("{url}a")), Some(6));
    }

    #[test]
    fn a_mixture_never_takes_more_than_one_byte_segment_would() {
        // Digits before a capital letter and small letters: the greedy join costs a second header.
        for length in 0..=20 {
            for tail in 0..=20 {
                let text = format!("{}1234A{}", "a".repeat(length), "b".repeat(tail));
                let plain = byte_version(text.len()).map(number);
                assert!(version_of(&text).is_some(), "{text}");
                assert!(version_of(&text) <= plain, "{text}");
            }
        }
    }

    #[test]
    fn text_of_any_length_is_refused_before_it_is_segmented() {
        assert!(segments(&"1a".repeat(50_000_000)).is_none());
    }

    proptest! {
        #[test]
        fn any_ascii_text_up_to_the_limit_fits(
            bytes in "[0-9A-Za-c]{2200,2331}",
            alphanumeric in "([0-9]{0,20}[0-9A-F:]{0,20}){100}",
        ) {
            prop_assert!(segments(&bytes).is_some());
            let alphanumeric = alphanumeric.repeat(3);
            let end = alphanumeric.len().min(MOST_ALPHANUMERIC);
            prop_assert!(segments(&alphanumeric[..end]).is_some());
        }
    }
}
