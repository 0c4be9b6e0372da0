//! Text to data bits: the choice of segments and version. The coding is the `qrcode` crate's.

use std::iter::from_fn;

use qrcode::bits::Bits;
use qrcode::optimize::{Optimizer, Segment};
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
    // Before time is spent on it.
    if text.len() > MOST_DIGITS {
        return None;
    }
    let whole = whole(text);
    let single = smallest(|version| whole.encoded_len(version));
    match mixture(text) {
        // The crate joins segments greedily, which in rare mixtures takes more room than one.
        Some((segments, version)) if single.is_none_or(|single| version <= single) => {
            code(text, version, &segments)
        }
        _ => code(text, single?, &[whole]),
    }
}

/// A mixture of segments and the smallest version for it. The lengths in their headers have other
/// sizes from version 10 on and from 27 on.
///
/// The crate takes UTF-8 for Shift-JIS and would write Kanji segments that read back as other text.
fn mixture(text: &str) -> Option<(Vec<Segment>, i16)> {
    if !text.is_ascii() {
        return None;
    }
    [9, 26, 40].into_iter().find_map(|class| {
        let version = Version::Normal(class);
        let segments: Vec<Segment> = Optimizer::new(runs(text), version).collect();
        let sizes = segments.iter().map(|segment| segment.encoded_len(version));
        let size: usize = sizes.sum();
        let version = smallest(|_| size)?;
        (version <= class).then_some((segments, version))
    })
}

/// ASCII text in segments of which each has characters of one kind, as the crate's parser cuts it.
fn runs(text: &str) -> impl Iterator<Item = Segment> {
    let bytes = text.as_bytes();
    let mut end = 0;
    from_fn(move || {
        let begin = end;
        let mode = mode_of(*bytes.get(begin)?);
        while bytes.get(end).is_some_and(|&byte| mode_of(byte) == mode) {
            end += 1;
        }
        Some(Segment { mode, begin, end })
    })
}

/// The densest mode that has a character.
fn mode_of(byte: u8) -> Mode {
    match byte {
        b'0'..=b'9' => Mode::Numeric,
        b'A'..=b'Z' | b' ' | b'$' | b'%' | b'*' | b'+' | b'-'..=b'/' | b':' => Mode::Alphanumeric,
        _ => Mode::Byte,
    }
}

/// The smallest version that holds so many bits.
fn smallest(size: impl Fn(Version) -> usize) -> Option<i16> {
    (1..=40).find(|&number| {
        let version = Version::Normal(number);
        Bits::new(version)
            .max_len(LEVEL)
            .is_ok_and(|capacity| size(version) <= capacity)
    })
}

fn code(text: &str, version: i16, segments: &[Segment]) -> Option<Bits> {
    let mut bits = Bits::new(Version::Normal(version));
    for segment in segments {
        let data = text.as_bytes().get(segment.begin..segment.end)?;
        match segment.mode {
            Mode::Numeric => bits.push_numeric_data(data),
            Mode::Alphanumeric => bits.push_alphanumeric_data(data),
            Mode::Byte | Mode::Kanji => bits.push_byte_data(data),
        }
        .ok()?;
    }
    bits.push_terminator(LEVEL).ok()?;
    Some(bits)
}

/// The whole text as one segment, in the densest mode that has all its characters.
fn whole(text: &str) -> Segment {
    let modes = text.bytes().map(mode_of);
    Segment {
        mode: modes.fold(Mode::Numeric, Mode::max),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use qrcode::optimize::Parser;

    use super::*;

    fn version_of(text: &str) -> Option<i16> {
        encode(text).map(|bits| match bits.version() {
            Version::Normal(number) | Version::Micro(number) => number,
        })
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
                let single = smallest(|version| whole(&text).encoded_len(version));
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
        fn runs_are_the_segments_of_the_parser(text in "[ -~\\x00]{0,40}|[0-9A-Fa-c:]{0,80}") {
            let parser = Parser::new(text.as_bytes());
            prop_assert_eq!(runs(&text).collect::<Vec<_>>(), parser.collect::<Vec<_>>());
        }

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
