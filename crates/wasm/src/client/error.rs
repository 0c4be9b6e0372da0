//! Why a call failed, as the server said it or as near to it as can be known.

use std::fmt;

use vouchkey_types::json::Json;
use vouchkey_types::problem::{ErrorCode, FieldError, Problem};

/// A call that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientError {
    /// The HTTP status; `None` if no answer came.
    pub status: Option<u16>,
    /// The code of the error; `None` if no answer came or it is not in the API's form, as from a
    /// proxy on the way.
    pub error: Option<ErrorCode>,
    /// A sentence for people.
    pub detail: String,
    /// What is wrong with which field, for [`ErrorCode::ValidationFailed`].
    pub errors: Vec<FieldError>,
    /// The id of the request, under which the server's log has it.
    pub request_id: Option<String>,
    /// Seconds after which another attempt makes sense.
    pub retry_after: Option<u32>,
    /// The server was not reached, or the connection broke before its answer was complete: whether
    /// the call was carried out is unknown.
    pub offline: bool,
}

impl ClientError {
    /// A request that was refused before it was sent.
    pub(super) fn unsent(error: ErrorCode, detail: &str) -> Self {
        Self {
            status: None,
            error: Some(error),
            detail: detail.to_owned(),
            errors: Vec::new(),
            request_id: None,
            retry_after: None,
            offline: false,
        }
    }

    /// No complete answer came.
    pub(super) fn offline() -> Self {
        Self {
            status: None,
            error: None,
            detail: "The server cannot be reached. Check the connection and try again.".to_owned(),
            errors: Vec::new(),
            request_id: None,
            retry_after: None,
            offline: true,
        }
    }

    /// An answer that is not 2xx, or whose body is not JSON.
    pub(super) fn from_answer(
        status: u16,
        request_id: Option<String>,
        retry_after: Option<&str>,
        body: Option<&Json>,
    ) -> Self {
        let problem = body.and_then(Problem::from_json);
        let (error, detail, errors) = match problem {
            Some(problem) => (Some(problem.error), problem.detail, problem.errors),
            None => (None, unreadable(status), Vec::new()),
        };
        Self {
            status: Some(status),
            error,
            detail,
            errors,
            request_id,
            retry_after: retry_after.and_then(|seconds| seconds.parse().ok()),
            offline: false,
        }
    }
}

fn unreadable(status: u16) -> String {
    format!("The server answered with status {status} in a form that is not the API's.")
}

impl fmt::Display for ClientError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)
    }
}

impl std::error::Error for ClientError {}

#[cfg(test)]
mod tests {
    use super::*;
    use vouchkey_types::problem::FieldCode;

    #[test]
    fn a_refusal_carries_all_that_the_server_said() {
        let errors = vec![FieldError::new(
            "country",
            FieldCode::UnknownValue,
            "Not a country.",
        )];
        let body = Problem::validation(errors.clone()).to_json(Some("req-1"));
        let error = ClientError::from_answer(422, Some("req-1".into()), None, Some(&body));
        assert_eq!(error.status, Some(422));
        assert_eq!(error.error, Some(ErrorCode::ValidationFailed));
        assert_eq!(error.errors, errors);
        assert_eq!(error.request_id.as_deref(), Some("req-1"));
        assert!(!error.offline);
    }

    #[test]
    fn a_limit_says_when_to_come_back() {
        let body = Problem::new(ErrorCode::RateLimited, "Too many requests.").to_json(None);
        let error = ClientError::from_answer(429, None, Some("12"), Some(&body));
        assert_eq!(
            (error.retry_after, error.to_string()),
            (Some(12), "Too many requests.".into())
        );
    }

    #[test]
    fn an_answer_of_a_proxy_is_an_error_without_a_code() {
        let error =
            ClientError::from_answer(502, None, Some("Wed, 21 Oct 2026 07:28:00 GMT"), None);
        assert_eq!(
            (error.status, error.error, error.retry_after),
            (Some(502), None, None)
        );
        assert!(error.detail.contains("502"), "{error}");
    }
}
