//! What the client of the npm package asks of Rust: whether its key is one, and the requests that
//! it sends. Sending, waiting and trying again are JavaScript's own.

use gloo_net::http::Request;
use vouchkey_types::api_key::{ApiKey, KeyKind};
use vouchkey_types::version::ApiVersion;
use wasm_bindgen::prelude::*;

use crate::client::{Client, ClientError};

/// What a key is for: 1 for servers, 2 for browsers too; 0 if its form or checksum is wrong.
#[wasm_bindgen(js_name = keyKind)]
pub fn key_kind(key: &str) -> u32 {
    match ApiKey::parse(key).map(|key| key.kind()) {
        Some(KeyKind::Secret) => 1,
        Some(KeyKind::Publishable) => 2,
        None => 0,
    }
}

/// The request that creates a session; `undefined` if an argument cannot be sent.
#[wasm_bindgen(js_name = createRequest)]
pub fn create_request(
    base: &str,
    key: &str,
    version: &str,
    idempotency_key: &str,
    #[wasm_bindgen(unchecked_param_type = "string")] body: JsValue,
) -> Option<web_sys::Request> {
    with_client(base, key, version, |client| {
        client.create_request(body, idempotency_key)
    })
}

/// The request that reads a session; `undefined` if an argument cannot be sent.
#[wasm_bindgen(js_name = getRequest)]
pub fn get_request(base: &str, key: &str, version: &str, id: &str) -> Option<web_sys::Request> {
    with_client(base, key, version, |client| client.get_request(id))
}

/// The request that lists sessions; names and values of the query stand on lines in turn, since no
/// value has a line break. `undefined` if an argument cannot be sent.
#[wasm_bindgen(js_name = listRequest)]
pub fn list_request(base: &str, key: &str, version: &str, query: &str) -> Option<web_sys::Request> {
    let lines: Vec<&str> = query.split('\n').collect();
    let pairs = lines.chunks_exact(2).map(|pair| (pair[0], pair[1]));
    with_client(base, key, version, |client| client.list_request(pairs))
}

fn with_client(
    base: &str,
    key: &str,
    version: &str,
    request: impl FnOnce(Client<'_>) -> Result<Request, ClientError>,
) -> Option<web_sys::Request> {
    let key = ApiKey::parse(key)?;
    let version = match version {
        "" => None,
        date => Some(ApiVersion::parse(date)?),
    };
    request(Client::with_key(base, &key, version))
        .ok()
        .map(Into::into)
}
