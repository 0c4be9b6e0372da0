//! The client of the API for programs in a browser, over `fetch`.
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

use gloo_net::http::{Method, Request, RequestBuilder, Response};
use vouchkey_types::api_key::Environment;
use vouchkey_types::json::{self, Json};
use vouchkey_types::limits::MAX_IDEMPOTENCY_KEY_CHARS;
use vouchkey_types::problem::ErrorCode;

pub use error::ClientError;

const SESSIONS: &str = "/api/v1/sessions";

/// Calls one server, in one environment.
///
/// Every method answers with the JSON of a 2xx answer (`null` where it has no body), or with a
/// [`ClientError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    environment: Environment,
}

impl Client {
    /// The server that the page came from, as the user whose cookie the browser holds.
    pub const fn cookie(environment: Environment) -> Self {
        Self { environment }
    }

    /// The environment that every call names.
    pub const fn environment(self) -> Environment {
        self.environment
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
        // A character that no header can carry would throw in the middle of building the request.
        let is_sound = (1..=MAX_IDEMPOTENCY_KEY_CHARS).contains(&idempotency_key.len())
            && idempotency_key.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_sound {
            return Err(ClientError::unsent(
                ErrorCode::IdempotencyKeyInvalid,
                "The idempotency key must be 1 to 255 visible ASCII characters.",
            ));
        }
        let request = self
            .request(Method::POST, SESSIONS)
            .header("Idempotency-Key", idempotency_key);
        send_json(request, body).await
    }

    /// Asks what creating a session from this text would do, and does nothing.
    ///
    /// # Errors
    ///
    /// Whatever the server or the network refuses.
    pub async fn dry_run_session(self, body: &str) -> Result<Json, ClientError> {
        let request = self
            .request(Method::POST, SESSIONS)
            .query([("dry_run", "true")]);
        send_json(request, body).await
    }

    /// One session, by its id.
    ///
    /// # Errors
    ///
    /// Whatever the server or the network refuses.
    pub async fn get_session(self, id: &str) -> Result<Json, ClientError> {
        let id = js_sys::encode_uri_component(id);
        self.get(&format!("{SESSIONS}/{id}")).await
    }

    /// A page of sessions, newest first; names and values of the query as the API has them.
    ///
    /// # Errors
    ///
    /// Whatever the server or the network refuses.
    pub async fn list_sessions(self, query: &[(&str, &str)]) -> Result<Json, ClientError> {
        let request = self.request(Method::GET, SESSIONS);
        send(request.query(query.iter().copied()).build()).await
    }

    /// Reads any path of the server.
    ///
    /// # Errors
    ///
    /// Whatever the server or the network refuses.
    pub async fn get(self, path: &str) -> Result<Json, ClientError> {
        send(self.request(Method::GET, path).build()).await
    }

    /// Posts JSON to any path of the server.
    ///
    /// # Errors
    ///
    /// Whatever the server or the network refuses.
    pub async fn post(self, path: &str, body: &Json) -> Result<Json, ClientError> {
        send_json(self.request(Method::POST, path), &body.to_text()).await
    }

    fn request(self, method: Method, path: &str) -> RequestBuilder {
        RequestBuilder::new(path)
            .method(method)
            .header("Accept", "application/json")
            .header("Vouchkey-Environment", self.environment.as_str())
    }
}

async fn send_json(request: RequestBuilder, body: &str) -> Result<Json, ClientError> {
    let request = request.header("Content-Type", "application/json");
    send(request.body(body)).await
}

async fn send(request: Result<Request, gloo_net::Error>) -> Result<Json, ClientError> {
    let request = request.map_err(|_| ClientError::offline())?;
    let response = request.send().await.map_err(|_| ClientError::offline())?;
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

fn refusal(response: &Response, body: Option<&Json>) -> ClientError {
    let headers = response.headers();
    ClientError::from_answer(
        response.status(),
        headers.get("X-Request-Id"),
        headers.get("Retry-After").as_deref(),
        body,
    )
}
