//! Arguments and errors of the QR functions.

use js_sys::{Error, JsString, Reflect, TypeError};
use vouchkey_qr::{MAX_BYTES, TooLong};
use wasm_bindgen::prelude::*;

/// Draws what is a string and fits.
pub(super) fn draw(
    text: &JsValue,
    draw: fn(&str) -> Result<String, TooLong>,
) -> Result<String, JsValue> {
    let Some(text) = text.dyn_ref::<JsString>() else {
        return Err(TypeError::new("text must be a string").into());
    };
    // One unit more than fits is enough to be refused, and all that is copied of a longer text.
    let most = u32::try_from(MAX_BYTES + 1).unwrap_or(u32::MAX);
    draw(&String::from(&text.slice(0, most))).map_err(too_long)
}

fn too_long(error: TooLong) -> JsValue {
    let js = JsValue::from(Error::new(&error.to_string()));
    let limit = u32::try_from(error.limit).unwrap_or(u32::MAX);
    for (name, value) in [("code", "too_long".into()), ("limit", limit.into())] {
        // A new error takes any member; if it did not, it would still be the right error.
        let _ = Reflect::set(&js, &name.into(), &value);
    }
    js
}
