//! Text to a QR code as a PNG data URL or SVG; the same bytes in browser, Node and server.
//!
//! Every code has error correction level M and the smallest version that fits. Every image is dark
//! on white and contains the quiet zone.
//!
//! ```
//! let image = vouchkey_qr::png_data_url("https://example.com/verify/42")?;
//! assert!(image.starts_with("data:image/png;base64,"));
//! # Ok::<(), vouchkey_qr::TooLong>(())
//! ```
//!
//! Time goes into the choice among the eight masks and into the image, so both are done without a
//! look at single modules or pixels: the masks with sixty modules to a machine word (`penalty`),
//! the image from what is known of its lines (`png`, `deflate`).

#[cfg(test)]
mod against_qrcode;
mod base64;
mod bits;
mod checksums;
mod codewords;
mod correction;
mod deflate;
mod grid;
mod mask;
mod patterns;
mod penalty;
mod placement;
mod png;
mod segments;
mod svg;
mod symbol;

use std::fmt;

/// White modules on each side, as ISO/IEC 18004 asks, unless [`Options`] say otherwise.
pub const QUIET_ZONE: usize = 4;

/// Bytes of the longest text that fits, which consists of digits.
pub const MAX_BYTES: usize = 5_596;

/// Pixels on each side of a module in the PNG, unless [`Options`] say otherwise.
pub const MODULE_PIXELS: usize = 8;

/// Draws `text` as a PNG and returns it as a `data:image/png;base64,` URL.
///
/// # Errors
///
/// [`TooLong`] if no QR code at level M holds the text.
pub fn png_data_url(text: &str) -> Result<String, TooLong> {
    Options::default().png_data_url(text)
}

/// Draws `text` as a PNG file.
///
/// # Errors
///
/// [`TooLong`] if no QR code at level M holds the text.
pub fn png_bytes(text: &str) -> Result<Vec<u8>, TooLong> {
    Options::default().png_bytes(text)
}

/// Draws `text` as an SVG document, one unit to a module.
///
/// # Errors
///
/// [`TooLong`] if no QR code at level M holds the text.
pub fn svg(text: &str) -> Result<String, TooLong> {
    Options::default().svg(text)
}

/// The modules on each side of the code for `text`, without the quiet zone; nothing is drawn.
///
/// # Errors
///
/// [`TooLong`] if no QR code at level M holds the text.
pub fn modules(text: &str) -> Result<usize, TooLong> {
    symbol::modules(text)
}

/// The size of an image; by default eight pixels a module and a quiet zone of four modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    scale: usize,
    margin: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scale: MODULE_PIXELS,
            margin: QUIET_ZONE,
        }
    }
}

impl Options {
    /// The most pixels on each side of a module.
    pub const MAX_SCALE: usize = 32;
    /// The most modules of the quiet zone on each side.
    pub const MAX_MARGIN: usize = 32;

    /// `scale` pixels on each side of a module, which an SVG knows nothing of, and `margin` white
    /// modules around the code. Readers expect four of them; what is around the image counts too.
    ///
    /// None unless the scale is 1 to 32 and the margin 0 to 32.
    pub fn new(scale: usize, margin: usize) -> Option<Self> {
        let is_valid = (1..=Self::MAX_SCALE).contains(&scale) && margin <= Self::MAX_MARGIN;
        is_valid.then_some(Self { scale, margin })
    }

    /// As [`png_data_url`], of this size.
    ///
    /// # Errors
    ///
    /// [`TooLong`] if no QR code at level M holds the text.
    pub fn png_data_url(self, text: &str) -> Result<String, TooLong> {
        let png = self.png_bytes(text)?;
        let start = b"data:image/png;base64,";
        let mut url = Vec::with_capacity(start.len() + png.len().div_ceil(3) * 4);
        url.extend_from_slice(start);
        base64::append(&mut url, &png);
        // All of it is ASCII.
        Ok(String::from_utf8(url).unwrap_or_default())
    }

    /// As [`png_bytes`], of this size.
    ///
    /// # Errors
    ///
    /// [`TooLong`] if no QR code at level M holds the text.
    pub fn png_bytes(self, text: &str) -> Result<Vec<u8>, TooLong> {
        symbol::encode(text).map(|rows| png::draw(&rows, self))
    }

    /// As [`svg`], of this size.
    ///
    /// # Errors
    ///
    /// [`TooLong`] if no QR code at level M holds the text.
    pub fn svg(self, text: &str) -> Result<String, TooLong> {
        symbol::encode(text).map(|rows| svg::draw(&rows, self.margin))
    }
}

/// The text does not fit into the largest QR code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong {
    /// Bytes of UTF-8 that always fit, for text of the same kind: 5,596 digits, 3,391 characters
    /// of the alphanumeric set (`0-9A-Z $%*+-./:`), 2,331 bytes of anything else.
    pub limit: usize,
}

impl fmt::Display for TooLong {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "The text is too long for a QR code: at most {} bytes fit.",
            self.limit
        )
    }
}

impl std::error::Error for TooLong {}
