//! A client of the API that shows what a test wants to see: status, headers, body, errors.

use std::collections::HashSet;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, RequestBuilder, redirect};
use serde_json::{Value, json};

/// The path of the collection that most tests talk to.
pub const SESSIONS: &str = "/api/v1/sessions";

/// What a creation answers, no more and no less.
pub const CREATED: [&str; 9] = [
    "id",
    "status",
    "capture_url",
    "is_sandbox",
    "created_at",
    "expires_at",
    "external_ref",
    "qr_code_data_url",
    "tags",
];

/// The names in an object.
pub fn names(object: &Value) -> HashSet<&str> {
    let members = object.as_object().expect("an object");
    members.keys().map(String::as_str).collect()
}

/// A client of one server, with or without a key.
#[derive(Clone, Debug)]
pub struct Api {
    client: Client,
    base: String,
    key: Option<String>,
}

/// A request on its way.
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct Call(RequestBuilder);

/// An answer that has wholly arrived.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
}

/// A client that follows no redirect, keeps no cookie and uses no proxy.
pub(crate) fn plain_client() -> reqwest::ClientBuilder {
    Client::builder()
        .redirect(redirect::Policy::none())
        .timeout(Duration::from_mins(1))
        .no_proxy()
}

impl Api {
    /// A client without a key.
    pub fn new(base: &str) -> Self {
        let client = plain_client().build().expect("an HTTP client");
        Self {
            client,
            base: base.to_owned(),
            key: None,
        }
    }

    /// The same server with a key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            ..self.clone()
        }
    }

    /// A request by any method.
    pub fn call(&self, method: &str, path: &str) -> Call {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(key) = &self.key {
            request = request.header("X-API-Key", key);
        }
        Call(request)
    }

    /// `GET`, sent at once.
    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send().await
    }

    /// `POST /api/v1/sessions` with this body, to be sent.
    pub fn creation(&self, body: &Value) -> Call {
        self.call("POST", SESSIONS).json(body)
    }

    /// The same as a dry run.
    pub fn dry_run(&self, body: &Value) -> Call {
        self.call("POST", &format!("{SESSIONS}?dry_run=true"))
            .json(body)
    }

    /// `POST /api/v1/sessions` with this body, sent at once.
    pub async fn create(&self, body: &Value) -> Answer {
        self.creation(body).send().await
    }

    /// Creates a session that must be accepted.
    pub async fn created(&self, body: &Value) -> Value {
        self.create(body).await.expect_status(201).json()
    }

    /// Creates under an idempotency key a session that must be accepted; its answer may be a replay.
    pub async fn created_under(&self, body: &Value, idempotency_key: &str) -> Answer {
        let call = self.creation(body).once(idempotency_key);
        call.send().await.expect_status(201)
    }

    /// A session that exists.
    pub async fn session(&self, id: &Value) -> Value {
        let id = id.as_str().expect("a session's id");
        self.get(&format!("{SESSIONS}/{id}"))
            .await
            .expect_status(200)
            .json()
    }

    /// How many sessions the caller's environment holds.
    pub async fn count(&self) -> u64 {
        let list = self
            .get(&format!("{SESSIONS}?limit=1"))
            .await
            .expect_status(200)
            .json();
        list["pagination"]["total"].as_u64().expect("a total")
    }
}

impl Call {
    /// Adds a header.
    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    /// Adds `Idempotency-Key`.
    pub fn once(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    /// A JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.text(body.to_string())
    }

    /// A body that says of itself that it is JSON.
    pub fn text(self, body: impl Into<reqwest::Body>) -> Self {
        Self(self.0.header(CONTENT_TYPE, "application/json").body(body))
    }

    /// A body as it is, without a content type.
    pub fn bare(self, body: impl Into<reqwest::Body>) -> Self {
        Self(self.0.body(body))
    }

    /// Sends it and reads the whole answer.
    pub async fn send(self) -> Answer {
        read(self.0.send().await)
            .await
            .expect("a whole answer from the server")
    }

    /// The same where the server may be gone: none if no whole answer came.
    pub async fn try_send(self) -> Option<Answer> {
        read(self.0.send().await).await.ok()
    }
}

async fn read(answer: reqwest::Result<reqwest::Response>) -> reqwest::Result<Answer> {
    let answer = answer?;
    Ok(Answer {
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        text: answer.text().await?,
    })
}

impl Answer {
    /// Stops the test if the status is another one.
    #[track_caller]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "unexpected answer: {}", self.text);
        self
    }

    /// The body, which must be JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error} in {} {}", self.status, self.text))
    }

    /// A header's text, or nothing.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("a header of visible ASCII"))
    }

    /// A header that must be a number.
    #[track_caller]
    pub fn number(&self, name: &str) -> u64 {
        let text = self
            .header(name)
            .unwrap_or_else(|| panic!("no header {name}: {}", self.text));
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {text}"))
    }

    /// The pairs of `errors[].field` and `errors[].code`.
    #[track_caller]
    pub fn errors(&self) -> Vec<(String, String)> {
        let body = self.json();
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        let text = |error: &Value, name: &str| error[name].as_str().unwrap_or("?").to_owned();
        errors
            .iter()
            .map(|error| (text(error, "field"), text(error, "code")))
            .collect()
    }

    /// Stops the test unless this is a refusal in the one error shape, with this code.
    #[track_caller]
    pub fn expect_error(self, status: u16, code: &str) -> Self {
        let answer = self.expect_status(status);
        let body = answer.json();
        assert_eq!(body["error"], code, "{body}");
        assert_eq!(body["status_code"], json!(status), "{body}");
        assert!(
            body["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty()),
            "{body}"
        );
        assert_eq!(
            body["request_id"].as_str(),
            answer.header("x-request-id"),
            "{body}"
        );
        let kind = answer.header("content-type").unwrap_or_default();
        assert!(
            kind.starts_with("application/json"),
            "an error is JSON, not {kind}"
        );
        answer
    }

    /// Stops the test unless this is a 422 with exactly these fields and codes, in this order.
    #[track_caller]
    pub fn expect_errors(self, expected: &[(&str, &str)]) -> Self {
        let answer = self.expect_error(422, "validation_failed");
        let expected: Vec<(String, String)> = expected
            .iter()
            .map(|(field, code)| ((*field).into(), (*code).into()))
            .collect();
        assert_eq!(answer.errors(), expected, "{}", answer.text);
        answer
    }
}

/// A request whose applicant is to be invited by e-mail.
pub fn invitation_to(address: &str) -> Value {
    json!({"send_email": true, "applicant_email": address})
}
