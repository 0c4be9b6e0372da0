//! Asks the module as the npm package's face does: by its memory. Part of every test of it.

use js_sys::{Uint8Array, WebAssembly::Memory};
use vouchkey_types::json::{Json, read_answer};
use vouchkey_types::object;
use vouchkey_wasm::js;
use wasm_bindgen::JsCast;

fn view(address: usize, length: usize) -> Uint8Array {
    let memory: Memory = wasm_bindgen::memory().unchecked_into();
    let place = |number: usize| u32::try_from(number).expect("an address");
    Uint8Array::new_with_byte_offset_and_length(&memory.buffer(), place(address), place(length))
}

/// Writes the parts, one behind the other.
pub(crate) fn put(parts: &[&[u8]]) {
    let all = parts.concat();
    view(js::reserve(all.len()), all.len()).copy_from(&all);
}

/// An answer of so many bytes.
pub(crate) fn answer(length: i32) -> Vec<u8> {
    let length = usize::try_from(length).expect("an answer");
    view(js::outbox(), length).to_vec()
}

fn json(length: i32) -> Json {
    read_answer(&answer(length)).expect("JSON")
}

/// The verdict of a body, as `validateCreateSessionJson` gives it, or the number that says what is
/// wrong with the context.
pub(crate) fn judge(body: &[u8], context: &str, now_ms: f64) -> Result<Json, i32> {
    put(&[context.as_bytes(), body]);
    let said = js::judge(context.len(), body.len(), now_ms);
    if said < 0 {
        return Err(said);
    }
    let warnings = match said {
        0 => Json::Array(Vec::new()),
        said => json(said),
    };
    if warnings.as_object().is_some() {
        return Ok(warnings);
    }
    let value = json(js::normalise(context.len(), body.len(), now_ms));
    Ok(object! { "ok": true, "value": value, "warnings": warnings }.into())
}
