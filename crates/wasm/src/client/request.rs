//! A request in the making.
//!
//! `gloo-net` has a builder too, but it formats its address by the standard library's means, which
//! weigh two kilobytes in a browser, compressed.

use gloo_net::http::{Headers, Request};
use wasm_bindgen::JsValue;
use web_sys::{RequestInit, RequestRedirect, UrlSearchParams};

use super::ClientError;

/// The headers are ours or checked before, so that none throws.
pub(super) struct Draft {
    address: String,
    headers: Headers,
    options: RequestInit,
}

impl Draft {
    pub(super) fn to(address: String) -> Self {
        Self {
            address,
            headers: Headers::new(),
            options: RequestInit::new(),
        }
    }

    pub(super) fn header(self, name: &str, value: &str) -> Self {
        self.headers.set(name, value);
        self
    }

    /// Has a redirect answered as it is.
    pub(super) fn without_redirects(self) -> Self {
        self.options.set_redirect(RequestRedirect::Manual);
        self
    }

    /// Adds the query, to an address that has none.
    pub(super) fn query<'q>(mut self, query: impl IntoIterator<Item = (&'q str, &'q str)>) -> Self {
        let Ok(parameters) = UrlSearchParams::new() else {
            return self;
        };
        for (name, value) in query {
            parameters.append(name, value);
        }
        let text = String::from(parameters.to_string());
        if !text.is_empty() {
            self.address.push('?');
            self.address.push_str(&text);
        }
        self
    }

    pub(super) fn get(self) -> Result<Request, ClientError> {
        self.build()
    }

    pub(super) fn post(self, json: impl Into<JsValue>) -> Result<Request, ClientError> {
        self.options.set_method("POST");
        self.options.set_body(&json.into());
        self.header("Content-Type", "application/json").build()
    }

    /// It cannot be built where the address is none, or has a form that `fetch` does not know.
    fn build(self) -> Result<Request, ClientError> {
        self.options.set_headers(&self.headers.into_raw().into());
        web_sys::Request::new_with_str_and_init(&self.address, &self.options)
            .map(Request::from)
            .map_err(|_| ClientError::offline())
    }
}
