//! What crosses into wasm for the npm package, whose face in TypeScript (`npm/src`) is all that
//! calls it. No argument that the face gives makes these functions trap. What does, as a stack that
//! overflows, leaves an instance that cannot be trusted: the face calls nothing of it any more.
//!
//! Reading a JavaScript value member by member costs more than handing over one text, and a text
//! must be read as the server reads bytes anyway (members given twice, large integers). So the
//! face calls `JSON.stringify`, writes the text into the inbox, and gets a number back:
//!
//! | number | what it says |
//! | --- | --- |
//! | 0 | there is nothing more to read: accepted, without warnings |
//! | above 0 | the length of the answer in the outbox, in bytes |
//! | -1, -2, -3 | the context is no object, or its `today` or its `schemes` cannot be |
//!
//! Measured under Node 20, medians in microseconds, with the requests and the peers of `tests/bench`
//! (`cargo xtask bench browser`; `docs/performance.md` has the whole table):
//!
//! | | typical, 1 KB | large, 50 values of 1 KB | ten mistakes |
//! | --- | ---: | ---: | ---: |
//! | `JSON.stringify` alone | 2.7 | 76 | 2.2 |
//! | **`validateCreateSession`** | **7.3** | **115** | **8.1** |
//! | `typebox` | 5.8 | 200 | 81 |
//! | `typia` | 6.8 | 197 | 11.6 |
//! | `ajv`, compiled ahead | 9.2 | 197 | 10.1 |
//! | `valibot` | 8.8 | 219 | 12.9 |
//! | `zod` | 13.1 | 213 | 42 |
//!
//! So it is the fastest where requests are large or wrong, and among the fastest where they are typical.
//!
//! The rules are built with `opt-level` `"z"`, and their functions put into each other as readily as
//! with `"s"` (`cargo xtask package` has the flag). In the module's own part of a typical request that
//! took 4.5, `"s"` 4.3 for 1.4 KB more, compressed, and `"z"` alone more than twice as long.
//!
//! Parts of the inbox stand one behind the other, in the order of the arguments that give their
//! lengths. A context of no bytes is none. `now_ms` is the Unix time in milliseconds.

#[cfg(feature = "client")]
mod client;
mod context;
mod qr;
mod room;
mod verdict;
#[cfg(feature = "client")]
mod webhooks;

#[cfg(feature = "client")]
pub use client::{api_request, key_facts};
use vouchkey_qr::Options;
use vouchkey_types::session::create::Context;
use wasm_bindgen::prelude::*;
#[cfg(feature = "client")]
pub use webhooks::{event_order, verify_signature};

use crate::js::context::Rules;

/// Makes room for just this many bytes in the inbox, and gives its address; what it held is gone.
#[wasm_bindgen]
pub fn reserve(bytes: usize) -> usize {
    room::reserve(bytes)
}

/// The address of the outbox, until the next call of anything but this.
#[wasm_bindgen]
pub fn outbox() -> usize {
    room::outbox()
}

/// Holds the body of a request to the rules. Answers with numbers, as [`verdict`] puts them.
#[wasm_bindgen]
pub fn judge(context: usize, body: usize, now_ms: f64) -> i32 {
    answer([context, body, 0], now_ms, verdict::judge)
}

/// The normalised request of a body that was accepted, as JSON.
#[wasm_bindgen]
pub fn normalise(context: usize, body: usize, now_ms: f64) -> i32 {
    answer([context, body, 0], now_ms, verdict::normalise)
}

/// Holds one field to the rules: its path as text, and its value. Answers as `judge`.
#[wasm_bindgen]
pub fn judge_field(context: usize, path: usize, value: usize, now_ms: f64) -> i32 {
    answer([context, path, value], now_ms, verdict::judge_field)
}

/// Has the parts behind the context judged.
fn answer(lengths: [usize; 3], now_ms: f64, judge: fn([&[u8]; 2], &Context<'_>) -> Vec<u8>) -> i32 {
    let inbox = room::take();
    let [context, first, second] = inbox.parts(lengths);
    let answer = match Rules::read(context, now_ms) {
        Ok(rules) => room::answer(judge([first, second], &rules.context())),
        Err(misuse) => misuse as i32,
    };
    inbox.put_back();
    answer
}

/// Draws a text as a QR code: a PNG as a `data:` URL, of so many pixels a module, with a margin of so
/// many modules. Of a text that does not fit, minus the number of bytes that would; the least number
/// there is for a size that cannot be.
#[wasm_bindgen]
pub fn qr_png_data_url(text: usize, scale: usize, margin: usize) -> i32 {
    qr::draw(text, scale, margin, |text, options: Options| {
        options.png_data_url(text).map(String::into_bytes)
    })
}

/// As `qr_png_data_url`, but the PNG file.
#[wasm_bindgen]
pub fn qr_png_bytes(text: usize, scale: usize, margin: usize) -> i32 {
    qr::draw(text, scale, margin, |text, options: Options| {
        options.png_bytes(text)
    })
}

/// As `qr_png_data_url`, but an SVG document, one unit a module.
#[wasm_bindgen]
pub fn qr_svg(text: usize, margin: usize) -> i32 {
    qr::draw(text, 1, margin, |text, options: Options| {
        options.svg(text).map(String::into_bytes)
    })
}
