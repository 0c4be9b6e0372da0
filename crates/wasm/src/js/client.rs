//! What the client of the npm package asks of Rust: whether its key is one, and the requests that
//! it sends. Sending, waiting and trying again are JavaScript's own.

use serde::Serialize;
use vouchkey_types::api_key::{ApiKey, KeyKind};
use vouchkey_types::version::ApiVersion;
use wasm_bindgen::prelude::*;

use crate::client::Client;
use crate::js::room;

/// What a key says of itself: its kind and its environment. In JavaScript a list of two texts, whose
/// reading weighs less than that of an object.
#[derive(Serialize)]
struct KeyFacts(&'static str, &'static str);

/// The kind of a key, `secret` or `publishable`, and its environment, `live` or `sandbox`;
/// `undefined` if its form or checksum is wrong.
#[wasm_bindgen]
pub fn key_facts(key: usize) -> JsValue {
    let inbox = room::take();
    let parsed = ApiKey::parse(text(inbox.parts([key])[0]));
    inbox.put_back();
    let Some(key) = parsed else {
        return JsValue::UNDEFINED;
    };
    let kind = match key.kind() {
        KeyKind::Secret => "secret",
        KeyKind::Publishable => "publishable",
    };
    let facts = KeyFacts(kind, key.environment().as_str());
    // A list of two texts is always one.
    serde_wasm_bindgen::to_value(&facts).unwrap_or_default()
}

/// One request of the API, by what stands on the lines of a text: the address of the server, the
/// key, the version, the idempotency key, the id of a session, and names and values of a query in
/// turn, none of which has a line break. What is absent is an empty line. With an idempotency key it
/// is the request that creates a session of this body, else with an id the one that reads a session,
/// else the one that lists them. `undefined` if something cannot be sent.
///
/// One function, not one for each: what they share weighs more than what they do not.
#[wasm_bindgen]
pub fn api_request(
    lines: usize,
    #[wasm_bindgen(unchecked_param_type = "string")] body: &JsValue,
) -> Option<web_sys::Request> {
    // Copied: what makes the request is JavaScript, which may be anybody's and call back.
    let inbox = room::take();
    let lines = text(inbox.parts([lines])[0]).to_owned();
    inbox.put_back();
    let lines: Vec<&str> = lines.split('\n').collect();
    let [base, key, version, idempotency_key, id, query @ ..] = lines.as_slice() else {
        return None;
    };
    let key = ApiKey::parse(key)?;
    let version = match *version {
        "" => None,
        date => Some(ApiVersion::parse(date)?),
    };
    let client = Client::with_key(base, &key, version);
    let request = if !idempotency_key.is_empty() {
        client.create_request(body, idempotency_key)
    } else if !id.is_empty() {
        client.get_request(id)
    } else {
        client.list_request(query.chunks_exact(2).map(|pair| (pair[0], pair[1])))
    };
    request.ok().map(Into::into)
}

/// It was text in JavaScript, and so it is UTF-8.
pub(super) fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap_or_default()
}
