//! What the npm package exports. No argument makes these functions trap: what a user can type in
//! gets an ordinary verdict, what only a programmer can get wrong throws an `Error`.

mod body;
#[cfg(feature = "client")]
mod client;
mod context;
mod qr;
mod verdict;
#[cfg(feature = "client")]
mod webhooks;

#[cfg(feature = "client")]
pub use client::{api_request, key_kind};
use wasm_bindgen::prelude::*;
#[cfg(feature = "client")]
pub use webhooks::{event_order, verify_signature};

use crate::js::context::Rules;
use crate::js::verdict::Verdict;

/// Holds a request, given as the object that one would send, to the rules of the server.
///
/// The object is read as `JSON.stringify` writes it. Answers with `{ok: true, value, warnings}`,
/// `value` being the normalised request, or with `{ok: false, error, detail, errors, warnings}`,
/// where `error` is `invalid_json`, `payload_too_large` or `validation_failed`.
///
/// The optional context is `{today?: "YYYY-MM-DD", schemes?: string[]}`: today's date in UTC, by
/// default the clock's, and the schemes beside http and https that the organization allows.
///
/// # Errors
///
/// Throws a `TypeError` for a context of another form.
#[wasm_bindgen(js_name = validateCreateSession)]
pub fn validate_create_session(
    #[wasm_bindgen(unchecked_param_type = "unknown")] request: &JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "{ today?: string; schemes?: string[] }")]
    context: &JsValue,
) -> Result<JsValue, JsValue> {
    let rules = Rules::read(context)?;
    Verdict::of(body::stringify(request), &rules).into_js()
}

/// Holds a request, given as the JSON text or bytes that one would send, to the rules of the
/// server; otherwise as `validateCreateSession`.
///
/// # Errors
///
/// Throws a `TypeError` for a context of another form.
#[wasm_bindgen(js_name = validateCreateSessionJson)]
pub fn validate_create_session_json(
    #[wasm_bindgen(unchecked_param_type = "string | Uint8Array")] json: &JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "{ today?: string; schemes?: string[] }")]
    context: &JsValue,
) -> Result<JsValue, JsValue> {
    let rules = Rules::read(context)?;
    Verdict::of(body::text_or_bytes(json), &rules).into_js()
}

/// Draws a text as a QR code: a PNG as a `data:` URL.
///
/// # Errors
///
/// Throws an `Error` whose `code` is `too_long` and whose `limit` is the number of bytes that fit,
/// or a `TypeError` for what is not a string.
#[wasm_bindgen(js_name = qrPngDataUrl)]
pub fn qr_png_data_url(
    #[wasm_bindgen(unchecked_param_type = "string")] text: &JsValue,
) -> Result<String, JsValue> {
    qr::draw(text, vouchkey_qr::png_data_url)
}

/// Draws a text as a QR code: an SVG document.
///
/// # Errors
///
/// As `qrPngDataUrl`.
#[wasm_bindgen(js_name = qrSvg)]
pub fn qr_svg(
    #[wasm_bindgen(unchecked_param_type = "string")] text: &JsValue,
) -> Result<String, JsValue> {
    qr::draw(text, vouchkey_qr::svg)
}
