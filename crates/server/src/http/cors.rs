//! What browsers are told about pages of other origins (decision 10, and the fetch standard).
//!
//! Pages on an origin that a live publishable key lists may send requests to the API and read the
//! answers, refusals included. What a request may do, its own key decides; and since
//! `Access-Control-Allow-Credentials` is never sent, no page acts by a visitor's cookie.

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::origin;
use crate::app::AppState;

/// What a page may set on its request.
const ALLOWED_HEADERS: HeaderValue = HeaderValue::from_static(
    "X-API-Key, Authorization, Content-Type, Idempotency-Key, Verifa-Version, Key-Inflection, Prefer, X-Request-Id",
);

/// Beside GET and HEAD, which every page may send. Publishable keys create, and nothing else.
const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("POST");

/// What a page may read of an answer, beside the body and what the standard lists.
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static(
    "X-Request-Id, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, Idempotency-Replayed, \
     Verifa-Version, Vouchkey-Ignored-Fields, Preference-Applied, Location, WWW-Authenticate",
);

/// How long a browser may remember a preflight, in seconds: as long as Chromium does at most.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// Whose page asks.
#[derive(Debug)]
pub enum Page {
    /// It does not ask the API, and nothing is said.
    Elsewhere,
    /// No page that a publishable key lists, or no page at all.
    Unlisted,
    /// One on this origin, which a live publishable key lists.
    Listed(HeaderValue),
}

impl Page {
    /// Finds out whose page sent a request.
    pub async fn of(state: &AppState, path: &str, headers: &HeaderMap) -> Self {
        if !is_api(path) {
            return Self::Elsewhere;
        }
        let (Some(origin), Some(value)) = (origin::sent(headers), headers.get(header::ORIGIN))
        else {
            return Self::Unlisted;
        };
        if state.directory.origins.contain(state, origin).await {
            Self::Listed(value.clone())
        } else {
            Self::Unlisted
        }
    }

    /// The answer to a browser that asks whether the page may send its request. It carries no key,
    /// so it is answered by the origin alone; other pages get the answer that their method has.
    pub fn preflight(&self, request: &Request) -> Option<Response> {
        let is_preflight = request.method() == Method::OPTIONS
            && request
                .headers()
                .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if !is_preflight || !matches!(self, Self::Listed(_)) {
            return None;
        }
        let mut response = (StatusCode::NO_CONTENT, Body::empty()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        Some(response)
    }

    /// Says on an answer who may read it.
    pub fn mark(self, headers: &mut HeaderMap) {
        if matches!(self, Self::Elsewhere) {
            return;
        }
        // A shared cache must not give one page what was said to another.
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        if let Self::Listed(origin) = self {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
        }
    }
}

fn is_api(path: &str) -> bool {
    path.strip_prefix("/api/v1")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_api_speaks_to_other_pages() {
        for (path, expected) in [
            ("/api/v1", true),
            ("/api/v1/sessions", true),
            ("/api/v10/sessions", false),
            ("/admin/v1/me", false),
            ("/verify/x", false),
            ("/", false),
        ] {
            assert_eq!(is_api(path), expected, "{path}");
        }
    }
}
