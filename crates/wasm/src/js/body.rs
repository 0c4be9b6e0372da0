//! JavaScript values to the bytes of a body, as a request would carry them.

use js_sys::{JSON, JsString, Reflect, Uint8Array};
use vouchkey_types::limits::MAX_BODY_BYTES;
use vouchkey_types::problem::{ErrorCode, Problem};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    type TextEncoder;

    #[wasm_bindgen(constructor)]
    fn new() -> TextEncoder;

    #[wasm_bindgen(method)]
    fn encode(this: &TextEncoder, text: &JsString) -> Uint8Array;

    /// `new Uint8Array(array)`.
    #[wasm_bindgen(extends = Uint8Array, js_name = Uint8Array)]
    type Snapshot;

    #[wasm_bindgen(constructor, js_class = "Uint8Array", catch)]
    fn new(array: &Uint8Array) -> Result<Snapshot, JsValue>;
}

/// The bytes that `JSON.stringify` makes of a value.
pub(super) fn stringify(value: &JsValue) -> Result<Vec<u8>, Problem> {
    // It throws for cycles, BigInt and getters that throw, and gives `undefined` for `undefined`,
    // functions and symbols. What was thrown is not repeated: it may quote the value.
    let text = JSON::stringify(value).unwrap_or_else(|_| JsValue::UNDEFINED.unchecked_into());
    if text.is_string() {
        utf8(&text)
    } else {
        Err(invalid("The request cannot be written as JSON."))
    }
}

/// The bytes of a string, or of a `Uint8Array`.
pub(super) fn text_or_bytes(value: &JsValue) -> Result<Vec<u8>, Problem> {
    if let Some(text) = value.dyn_ref::<JsString>() {
        utf8(text)
    } else if let Some(array) = value.dyn_ref::<Uint8Array>() {
        bytes(array)
    } else {
        Err(not_a_body())
    }
}

/// The bytes of an array that may be detached, or of a class that overrides its members.
fn bytes(array: &Uint8Array) -> Result<Vec<u8>, Problem> {
    let length = Reflect::get(array, &"length".into()).map_err(|_| not_a_body())?;
    #[expect(clippy::cast_precision_loss, reason = "4 Mi is exact")]
    let is_longer = |length| length > MAX_BODY_BYTES as f64;
    if length.as_f64().is_some_and(is_longer) {
        return Err(too_large());
    }
    let snapshot = Snapshot::new(array).map_err(|_| not_a_body())?;
    copy(&snapshot)
}

/// The text in UTF-8, a lone surrogate as U+FFFD, just as `fetch` sends it.
fn utf8(text: &JsString) -> Result<Vec<u8>, Problem> {
    // A UTF-16 unit takes one to three bytes, so only texts between the two bounds are measured.
    let units = text.length() as usize;
    if units > MAX_BODY_BYTES {
        Err(too_large())
    } else if units > MAX_BODY_BYTES / 3 {
        copy(&TextEncoder::new().encode(text))
    } else {
        Ok(String::from(text).into_bytes())
    }
}

fn copy(bytes: &Uint8Array) -> Result<Vec<u8>, Problem> {
    if bytes.length() as usize > MAX_BODY_BYTES {
        return Err(too_large());
    }
    Ok(bytes.to_vec())
}

fn not_a_body() -> Problem {
    invalid("The body must be a string or a Uint8Array that holds JSON.")
}

fn invalid(detail: &str) -> Problem {
    Problem::new(ErrorCode::InvalidJson, detail)
}

fn too_large() -> Problem {
    Problem::new(ErrorCode::PayloadTooLarge, "The body is over 4 MiB.")
}
