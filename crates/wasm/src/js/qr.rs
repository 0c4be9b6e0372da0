//! QR codes of what stands in the inbox.

use vouchkey_qr::{Options, TooLong};

use crate::js::room;

/// Draws a text.
pub(super) fn draw(
    text: usize,
    scale: usize,
    margin: usize,
    draw: fn(&str, Options) -> Result<Vec<u8>, TooLong>,
) -> i32 {
    let Some(options) = Options::new(scale, margin) else {
        return i32::MIN;
    };
    let inbox = room::take();
    let [text] = inbox.parts([text]);
    let answer = match draw(str::from_utf8(text).unwrap_or_default(), options) {
        Ok(picture) => room::answer(picture),
        Err(too_long) => i32::try_from(too_long.limit).map_or(i32::MIN, |limit| -limit),
    };
    inbox.put_back();
    answer
}
