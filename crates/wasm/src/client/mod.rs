//! The client of the API, over `fetch`: in a browser, in its workers, and wherever else JavaScript
//! runs that has it.
//!
//! ```no_run
//! # async fn example() -> Result<(), vouchkey_wasm::client::ClientError> {
//! use vouchkey_types::api_key::Environment;
//! use vouchkey_wasm::client::Client;
//!
//! let client = Client::cookie(Environment::Sandbox);
//! let session = client.create_session(r#"{"country":"CH"}"#, "order-1001").await?;
//! let page = client.list_sessions(&[("status", "pending"), ("limit", "20")]).await?;
//! # Ok(())
//! # }
//! ```

mod error;
mod exchange;
mod request;

use gloo_net::http::Request;
use vouchkey_types::api_key::{ApiKey, Environment};
use vouchkey_types::inflection::Inflection;
use vouchkey_types::json::Json;
use vouchkey_types::limits::MAX_IDEMPOTENCY_KEY_CHARS;
use vouchkey_types::problem::ErrorCode;
use vouchkey_types::version::ApiVersion;
use wasm_bindgen::JsValue;

pub use error::ClientError;
use request::Draft;

const SESSIONS: &str = "/api/v1/sessions";

/// Calls one server, as one caller.
///
/// Every method answers with the JSON of a 2xx answer (`null` where it has no body), or with a
/// [`ClientError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client<'a> {
    /// What stands before every path; nothing for the server that the page came from.
    base: &'a str,
    caller: Caller<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller<'a> {
    /// A signed-in user, in one environment.
    Cookie(Environment),
    /// Who holds a key, in the key's environment.
    Key(&'a ApiKey, Option<ApiVersion>),
}

impl<'a> Client<'a> {
    /// The server that the page came from, as the user whose cookie the browser holds.
    pub const fn cookie(environment: Environment) -> Self {
        Self {
            base: "",
            caller: Caller::Cookie(environment),
        }
    }

    /// Any server, by its address without a slash at the end, as the holder of a key; in the given
    /// version of the API, else in the one that the key is pinned to.
    ///
    /// Answers are in `snake_case`, whatever the key is set to, and no redirect is followed: it
    /// would carry the key to who knows where.
    pub const fn with_key(base: &'a str, key: &'a ApiKey, version: Option<ApiVersion>) -> Self {
        Self {
            base,
            caller: Caller::Key(key, version),
        }
    }

    /// Creates a session from the text of a request.
    ///
    /// The idempotency key is 1 to 255 visible ASCII characters. A retry with the same key and
    /// body answers with the session that the first attempt created.
    ///
    /// # Errors
    ///
    /// Whatever the server or the network refuses.
    pub async fn create_session(
        self,
        body: &str,
        idempotency_key: &str,
    ) -> Result<Json, ClientError> {
        let request = self.create_request(body, idempotency_key)?;
        exchange::json(request).await
    }

    /// Asks what creating a session from this text would do, and does nothing.
    ///
    /// # Errors
    ///
    /// Whatever the server or the network refuses.
    pub async fn dry_run_session(self, body: &str) -> Result<Json, ClientError> {
        let request = self.request(SESSIONS).query([("dry_run", "true")]);
        exchange::json(request.post(body)?).await
    }

    /// One session, by its id.
    ///
    /// # Errors
    ///
    /// Whatever the server or the network refuses.
    pub async fn get_session(self, id: &str) -> Result<Json, ClientError> {
        exchange::json(self.get_request(id)?).await
    }

    /// A page of sessions, newest first; names and values of the query as the API has them.
    ///
    /// # Errors
    ///
    /// Whatever the server or the network refuses.
    pub async fn list_sessions(self, query: &[(&str, &str)]) -> Result<Json, ClientError> {
        let request = self.list_request(query.iter().copied())?;
        exchange::json(request).await
    }

    /// Reads any path of the server.
    ///
    /// # Errors
    ///
    /// Whatever the server or the network refuses.
    pub async fn get(self, path: &str) -> Result<Json, ClientError> {
        exchange::json(self.request(path).get()?).await
    }

    /// Posts JSON to any path of the server.
    ///
    /// # Errors
    ///
    /// Whatever the server or the network refuses.
    pub async fn post(self, path: &str, body: &Json) -> Result<Json, ClientError> {
        let request = self.request(path).post(body.to_text())?;
        exchange::json(request).await
    }

    /// The request that [`Client::create_session`] sends, for who sends it otherwise.
    ///
    /// # Errors
    ///
    /// If the idempotency key is malformed.
    pub fn create_request(
        self,
        body: impl Into<JsValue>,
        idempotency_key: &str,
    ) -> Result<Request, ClientError> {
        // A character that no header can carry would throw in the middle of building the request.
        let is_sound = (1..=MAX_IDEMPOTENCY_KEY_CHARS).contains(&idempotency_key.len())
            && idempotency_key.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_sound {
            return Err(ClientError::unsent(
                ErrorCode::IdempotencyKeyInvalid,
                "The idempotency key must be 1 to 255 visible ASCII characters.",
            ));
        }
        self.request(SESSIONS)
            .header("Idempotency-Key", idempotency_key)
            .post(body)
    }

    /// The request that [`Client::get_session`] sends, for who sends it otherwise.
    ///
    /// # Errors
    ///
    /// If there is no such address.
    pub fn get_request(self, id: &str) -> Result<Request, ClientError> {
        let id = String::from(js_sys::encode_uri_component(id));
        self.request(&[SESSIONS, "/", &id].concat()).get()
    }

    /// The request that [`Client::list_sessions`] sends, for who sends it otherwise.
    ///
    /// # Errors
    ///
    /// If there is no such address.
    pub fn list_request<'q>(
        self,
        query: impl IntoIterator<Item = (&'q str, &'q str)>,
    ) -> Result<Request, ClientError> {
        self.request(SESSIONS).query(query).get()
    }

    fn request(self, path: &str) -> Draft {
        let request = Draft::to([self.base, path].concat()).header("Accept", "application/json");
        match self.caller {
            Caller::Cookie(environment) => {
                request.header("Vouchkey-Environment", environment.as_str())
            }
            Caller::Key(key, version) => {
                let request = request
                    .without_redirects()
                    .header("X-API-Key", key.expose())
                    .header("Key-Inflection", Inflection::Snake.as_str());
                match version {
                    Some(version) => request.header("Verifa-Version", version.as_str()),
                    None => request,
                }
            }
        }
    }
}
