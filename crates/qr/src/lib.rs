//! Text to a QR code as a PNG data URL or SVG; the same bytes in browser, Node and server.
//!
//! Every image has error correction level M, the smallest version that fits, and a quiet zone of
//! four modules inside the image, dark on white. The PNG has one bit and eight pixels to a module.

mod deflate;
mod png;
mod svg;
mod symbol;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::symbol::Symbol;

/// White modules on each side, as ISO/IEC 18004 asks.
pub const QUIET_ZONE: usize = 4;

/// Bytes of the longest text that fits, which consists of digits.
pub const MAX_BYTES: usize = 5_596;

/// Pixels on each side of a module in the PNG.
pub const MODULE_PIXELS: usize = 8;

/// Draws `text` as a PNG and returns it as a `data:image/png;base64,` URL.
///
/// # Errors
///
/// [`TooLong`] if no QR code at level M holds the text.
pub fn png_data_url(text: &str) -> Result<String, TooLong> {
    let mut url = String::from("data:image/png;base64,");
    STANDARD.encode_string(png_bytes(text)?, &mut url);
    Ok(url)
}

/// Draws `text` as a PNG file.
///
/// # Errors
///
/// [`TooLong`] if no QR code at level M holds the text.
pub fn png_bytes(text: &str) -> Result<Vec<u8>, TooLong> {
    Symbol::encode(text).map(|symbol| png::draw(&symbol))
}

/// Draws `text` as an SVG document, one unit to a module.
///
/// # Errors
///
/// [`TooLong`] if no QR code at level M holds the text.
pub fn svg(text: &str) -> Result<String, TooLong> {
    Symbol::encode(text).map(|symbol| svg::draw(&symbol))
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
            "The text is too long for a QR code: at most {} bytes of it fit.",
            self.limit
        )
    }
}

impl std::error::Error for TooLong {}
