//! The one error type of the edge, and its one way to the wire.

use std::fmt::Display;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use vouchkey_types::problem::{ErrorCode, FieldError, Problem};

use super::answer::Document;
use crate::store::StoreError;

/// A request that is refused: the problem, and the headers that go with it.
#[derive(Debug)]
pub struct ApiError {
    problem: Problem,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl ApiError {
    /// An error with a sentence for people, which never repeats what the caller sent.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            problem: Problem::new(code, detail),
            headers: Vec::new(),
        }
    }

    /// 422 with every mistake that was found.
    pub fn validation(errors: Vec<FieldError>) -> Self {
        Self {
            problem: Problem::validation(errors),
            headers: Vec::new(),
        }
    }

    /// The one 401, the same for missing, malformed, unknown, revoked and expired credentials.
    pub fn unauthorized() -> Self {
        Self::new(
            ErrorCode::Unauthorized,
            "A valid API key is required. Send it in the X-API-Key header, or as Authorization: Bearer.",
        )
        .with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 404 for an object that does not exist, or not in the caller's environment.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::NotFound, detail)
    }

    /// 500: a fault of ours. The cause goes to the log, and a general sentence to the caller.
    pub fn internal(cause: &dyn Display) -> Self {
        tracing::error!(%cause, "a request failed");
        Self::new(
            ErrorCode::Internal,
            "Something went wrong on our side. The request id helps to find out what.",
        )
    }

    /// 503: nothing was done, and the same request may be sent again.
    pub fn unavailable() -> Self {
        Self::new(
            ErrorCode::Unavailable,
            "The server cannot take this request now. Nothing was stored. Try again in a moment.",
        )
        .retry_after(1)
    }

    /// 503: it may have been done.
    pub fn undecided() -> Self {
        Self::new(
            ErrorCode::Unavailable,
            "The database broke off while this was being stored, and it is not known whether it was. Send it again with \
             the same Idempotency-Key; if it had none, look whether it is there.",
        )
        .retry_after(1)
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Says when it is worth trying again, in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.with(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Says that no further request is taken on the connection.
    #[must_use]
    pub fn closing(self) -> Self {
        self.with(header::CONNECTION, HeaderValue::from_static("close"))
    }

    /// Which kind of error it is.
    pub const fn code(&self) -> ErrorCode {
        self.problem.error
    }

    /// The sentence for people.
    pub fn detail(&self) -> &str {
        &self.problem.detail
    }

    /// What is wrong, field by field.
    pub fn errors(&self) -> &[FieldError] {
        &self.problem.errors
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            error if error.is_passing() => {
                tracing::warn!(cause = %error, "the store refused a request");
                match error {
                    StoreError::Undecided(_) => Self::undecided(),
                    _ => Self::unavailable(),
                }
            }
            other => Self::internal(&other),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.error.status())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.headers_mut().extend(self.headers);
        response
            .extensions_mut()
            .insert(Document::Problem(self.problem));
        response
    }
}
