//! QR codes of what stands in the inbox.

use vouchkey_qr::{Options, TooLong};

use crate::js::room;

/// Draws a text.
pub(super) fn draw(
    text: usize,
    scale: usize,
    margin: usize,
    draw: impl FnOnce(&str, Options) -> Result<Vec<u8>, TooLong>,
) -> i32 {
    let Some(options) = Options::new(scale, margin) else {
        return i32::MIN;
    };
    let drawn = room::read([text], |[text]| {
        draw(str::from_utf8(text).unwrap_or_default(), options)
    });
    match drawn {
        Ok(picture) => room::answer(picture),
        Err(too_long) => i32::try_from(too_long.limit).map_or(i32::MIN, |limit| -limit),
    }
}
