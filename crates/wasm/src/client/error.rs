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
