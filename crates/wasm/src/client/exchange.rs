//! Sending a request and reading its answer.

use gloo_net::http::{Request, Response};
use js_sys::Promise;
use vouchkey_types::json::{self, Json};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestInit};

use super::ClientError;

#[wasm_bindgen]
extern "C" {
    /// The global function: `gloo-net` looks for it in a window or a worker, which Node, Deno and
    /// the runtimes at the edge are not.
    #[wasm_bindgen(catch)]
    fn fetch(request: &web_sys::Request, options: &RequestInit) -> Result<Promise, JsValue>;

    /// Absent from browsers before 2022, which then wait as long as they like.
    #[wasm_bindgen(catch, js_namespace = AbortSignal, js_name = timeout)]
    fn abort_after(ms: u32) -> Result<AbortSignal, JsValue>;
}

/// After so long without a complete answer none is waited for: far longer than the server takes for any.
const PATIENCE_MS: u32 = 30_000;

/// The JSON of a 2xx answer, `null` for one without a body.
pub(super) async fn json(request: Request) -> Result<Json, ClientError> {
    let response = send(request).await.map_err(|_| ClientError::offline())?;
    let text = response.text().await.map_err(|_| ClientError::offline())?;
    let body = match text.as_str() {
        "" => Some(Json::Null),
        text => json::read_answer(text.as_bytes()).ok(),
    };
    match body {
        Some(body) if response.ok() => Ok(body),
        body => Err(refusal(&response, body.as_ref())),
    }
}

async fn send(request: Request) -> Result<Response, JsValue> {
    let options = RequestInit::new();
    if let Ok(signal) = abort_after(PATIENCE_MS) {
        options.set_signal(Some(&signal));
    }
    let response = JsFuture::from(fetch(&request.into(), &options)?).await?;
    Ok(response.dyn_into::<web_sys::Response>()?.into())
}

fn refusal(response: &Response, body: Option<&Json>) -> ClientError {
    let headers = response.headers();
    ClientError::from_answer(
        response.status(),
        headers.get("X-Request-Id"),
        headers.get("Retry-After").as_deref(),
        body,
    )
}
