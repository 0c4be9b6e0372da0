//! What the client of the npm package asks of Rust: whether its key is one, and the requests that
//! it sends. Sending, waiting and trying again are JavaScript's own.

use vouchkey_types::api_key::{ApiKey, KeyKind};
use vouchkey_types::version::ApiVersion;
use wasm_bindgen::prelude::*;

use crate::client::Client;

/// What a key is for: 1 for servers, 2 for browsers too; 0 if its form or checksum is wrong.
#[wasm_bindgen(js_name = keyKind)]
pub fn key_kind(key: &str) -> u32 {
    match ApiKey::parse(key).map(|key| key.kind()) {
        Some(KeyKind::Secret) => 1,
        Some(KeyKind::Publishable) => 2,
        None => 0,
    }
}

/// One request of the API: with an idempotency key the one that creates a session of this body,
/// else with an id the one that reads a session, else the one that lists them. Names and values of
/// its query stand on lines in turn, since no value has a line break. What is absent is an empty
/// string. `undefined` if an argument cannot be sent.
///
/// One function, not one for each: what they share weighs more than what they do not.
#[wasm_bindgen(js_name = apiRequest)]
pub fn api_request(
    base: &str,
    key: &str,
    version: &str,
    idempotency_key: &str,
    #[wasm_bindgen(unchecked_param_type = "string")] body: &JsValue,
    id: &str,
    query: &str,
) -> Option<web_sys::Request> {
    let key = ApiKey::parse(key)?;
    let version = match version {
        "" => None,
        date => Some(ApiVersion::parse(date)?),
    };
    let client = Client::with_key(base, &key, version);
    let request = if !idempotency_key.is_empty() {
        client.create_request(body, idempotency_key)
    } else if !id.is_empty() {
        client.get_request(id)
    } else {
        let lines: Vec<&str> = query.split('\n').collect();
        client.list_request(lines.chunks_exact(2).map(|pair| (pair[0], pair[1])))
    };
    request.ok().map(Into::into)
}
