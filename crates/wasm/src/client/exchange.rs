//! Sending a request and reading its answer.

use gloo_net::http::{Request, Response};
use js_sys::Promise;
use vouchkey_types::json::{self, Json};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::ClientError;

#[wasm_bindgen]
extern "C" {
    /// The global function: `gloo-net` looks for it in a window or a worker, which Node, Deno and
    /// the runtimes at the edge are not.
    #[wasm_bindgen(catch)]
    fn fetch(request: &web_sys::Request) -> Result<Promise, JsValue>;
}

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
    let response = JsFuture::from(fetch(&request.into())?).await?;
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
