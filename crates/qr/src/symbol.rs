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
    let columns = placement::place(&patterns.free, &codewords);
    Some(mask::apply_best(&patterns, &columns, level))
}
