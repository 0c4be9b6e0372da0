//! Text to modules. The coding of data is the `qrcode` crate's; its error correction, where the modules
//! go and which mask they get are made here, with the same result.

use qrcode::bits::Bits;
use qrcode::{EcLevel, Version};

use crate::TooLong;
use crate::grid::Grid;
use crate::patterns::Patterns;
use crate::{codewords, mask, placement, segments};

/// The rows of the smallest QR code that holds a text, dark modules set.
pub(crate) fn encode(text: &str) -> Result<Grid, TooLong> {
    segments::encode(text)
        .and_then(|bits| draw(bits, segments::LEVEL))
        .ok_or_else(|| TooLong {
            limit: segments::limit(text),
        })
}

/// The modules on each side of that code.
pub(crate) fn modules(text: &str) -> Result<usize, TooLong> {
    segments::encode(text)
        .and_then(|bits| usize::try_from(bits.version().width()).ok())
        .ok_or_else(|| TooLong {
            limit: segments::limit(text),
        })
}

/// Draws what `QrCode::with_bits` draws of bits that end with the terminator of this level. None
/// for a Micro QR code.
pub(crate) fn draw(bits: Bits, level: EcLevel) -> Option<Grid> {
    let Version::Normal(version) = bits.version() else {
        return None;
    };
    let version = usize::try_from(version).ok()?;
    let patterns = Patterns::of(version);
    let count = patterns.free.count() / 8;
    let codewords = codewords::interleave(&bits.into_bytes(), count, version, level);
    let rows = placement::place(&patterns.free, &codewords);
    Some(mask::apply_best(&patterns, rows, level))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_the_modules_that_are_told_before() {
        for length in [0, 1, 14, 15, 62, 63, 180, 181, 1_000, 2_331] {
            let text = "\u{e9}".repeat(length / 2) + &"a".repeat(length % 2);
            let drawn = crate::svg(&text).unwrap();
            let side = modules(&text).unwrap() + 2 * crate::QUIET_ZONE;
            assert!(
                drawn.contains(&format!("viewBox=\"0 0 {side} {side}\"")),
                "{length}: {drawn}"
            );
        }
        assert_eq!(modules(&"a".repeat(2_332)), Err(TooLong { limit: 2_331 }));
    }
}
