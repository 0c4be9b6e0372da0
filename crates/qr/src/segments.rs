//! Text to data bits: the choice of segments and version. The coding is the `qrcode` crate's.

use std::iter::once;

use qrcode::bits::{Bits, encode_auto};
use qrcode::optimize::Segment;
use qrcode::types::Mode;
use qrcode::{EcLevel, Version};

/// The error correction level of all symbols.
pub(crate) const LEVEL: EcLevel = EcLevel::M;

/// Bytes that version 40 holds at level M in one segment of each mode.
const MOST_DIGITS: usize = crate::MAX_BYTES;
const MOST_ALPHANUMERIC: usize = 3_391;
const MOST_BYTES: usize = 2_331;

/// The coded text in the smallest version that fits.
pub(crate) fn encode(text: &str) -> Option<Bits> {
    // Before the crate makes a list of segments as long as the text.
    if text.len() > MOST_DIGITS {
        return None;
    }
    // The crate takes UTF-8 for Shift-JIS and writes Kanji segments that read back as other text.
    let mixed = text
        .is_ascii()
        .then(|| encode_auto(text.as_bytes(), LEVEL).ok())
        .flatten();
    let Some(single) = version_for_one_segment(text) else {
        return mixed;
    };
    // The crate joins segments greedily, which in rare mixtures takes more room than a single one.
    match mixed {
        Some(bits) if number(bits.version()) <= number(single) => Some(bits),
        _ => one_segment(text, single),
    }
}

fn one_segment(text: &str, version: Version) -> Option<Bits> {
    let mut bits = Bits::new(version);
    bits.push_segments(text.as_bytes(), once(whole(text)))
        .ok()?;
    bits.push_terminator(LEVEL).ok()?;
    Some(bits)
}

/// The smallest version that holds the text in one segment.
fn version_for_one_segment(text: &str) -> Option<Version> {
    let segment = whole(text);
    (1..=40).map(Version::Normal).find(|&version| {
        Bits::new(version)
            .max_len(LEVEL)
            .is_ok_and(|capacity| segment.encoded_len(version) <= capacity)
    })
}

/// The whole text as one segment, in the densest mode that has all its characters.
fn whole(text: &str) -> Segment {
    let is_alphanumeric = |byte: &u8| matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b' ' | b'$' | b'%' | b'*' | b'+' | b'-'..=b'/' | b':');
    let mode = if text.bytes().all(|byte| byte.is_ascii_digit()) {
        Mode::Numeric
    } else if text.as_bytes().iter().all(is_alphanumeric) {
        Mode::Alphanumeric
    } else {
        Mode::Byte
    };
    Segment {
        mode,
        begin: 0,
        end: text.len(),
    }
}

/// Bytes that fit of text of this kind.
pub(crate) fn limit(text: &str) -> usize {
    match whole(text).mode {
        Mode::Numeric => MOST_DIGITS,
        Mode::Alphanumeric => MOST_ALPHANUMERIC,
        Mode::Byte | Mode::Kanji => MOST_BYTES,
    }
}

fn number(version: Version) -> i16 {
    match version {
        Version::Normal(number) | Version::Micro(number) => number,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn version_of(text: &str) -> Option<i16> {
        encode(text).map(|bits| number(bits.version()))
    }

    #[test]
    fn the_limit_of_each_kind_fits_and_one_more_does_not() {
        for (character, most) in [('7', 5_596), ('A', 3_391), ('a', 2_331), ('\0', 2_331)] {
            let text = character.to_string().repeat(most);
            assert_eq!((version_of(&text), limit(&text)), (Some(40), most));
            assert_eq!(version_of(&format!("{text}{character}")), None);
        }
    }

    #[test]
    fn other_text_than_ascii_has_the_limit_of_bytes() {
        let text = "é".repeat(MOST_BYTES / 2);
        assert_eq!((version_of(&text), limit(&text)), (Some(40), MOST_BYTES));
        assert_eq!(version_of(&format!("{text}é")), None);
    }

    #[test]
    fn a_capture_url_with_an_origin_of_26_characters_has_version_five() {
        let url = format!("https://verify.example.com/verify/{}", "a".repeat(50));
        assert_eq!((url.len(), version_of(&url)), (84, Some(5)));
        assert_eq!(version_of(&format!("{url}a")), Some(6));
    }

    #[test]
    fn a_mixture_never_takes_more_room_than_one_segment() {
        // Digits before a capital letter and small letters: the greedy join costs a second header.
        for length in 0..=20 {
            for tail in 0..=20 {
                let text = format!("{}1234A{}", "a".repeat(length), "b".repeat(tail));
                let single = version_for_one_segment(&text).map(number);
                assert!(version_of(&text).is_some(), "{text}");
                assert!(version_of(&text) <= single, "{text}");
            }
        }
    }

    #[test]
    fn text_of_any_length_is_refused_before_it_is_segmented() {
        assert!(encode(&"1a".repeat(50_000_000)).is_none());
    }

    proptest! {
        #[test]
        fn any_ascii_text_up_to_the_limit_fits(
            bytes in "[0-9A-Za-c]{2200,2331}",
            alphanumeric in "([0-9]{0,20}[0-9A-F:]{0,20}){100}",
        ) {
            prop_assert!(encode(&bytes).is_some());
            let alphanumeric = alphanumeric.repeat(3);
            let end = alphanumeric.len().min(MOST_ALPHANUMERIC);
            prop_assert!(encode(&alphanumeric[..end]).is_some());
        }
    }
}
