//! The end of the line: an answer becomes bytes, in the casing asked for.
//!
//! Handlers answer with a [`Document`] in the response's extensions. It is written here, once, for
//! successes and errors alike, so that no answer can miss its casing or its request id.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use vouchkey_types::inflection::Inflection;
use vouchkey_types::json::Json;
use vouchkey_types::problem::Problem;

use super::request_id::{self, RequestId};

/// A body that is not yet written.
#[derive(Debug, Clone)]
pub enum Document {
    /// What was asked for, with keys in `snake_case`.
    Json(Json),
    /// What was asked for, as JSON in the casing that was settled.
    Text(Bytes),
    /// Why it was refused.
    Problem(Problem),
}

/// The casing that was settled for a request, where it came so far.
#[derive(Debug, Clone, Copy)]
pub struct Settled(pub Inflection);

/// A success.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    document: Document,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Answer {
    /// 200 with a body, whose keys are in `snake_case`.
    pub fn ok(document: impl Into<Json>) -> Self {
        Self::new(StatusCode::OK, document)
    }

    /// 200 with a body that is written already, in the casing that was settled.
    pub const fn written(text: Bytes) -> Self {
        Self {
            status: StatusCode::OK,
            document: Document::Text(text),
            headers: Vec::new(),
        }
    }

    /// Any other status with a body.
    pub fn new(status: StatusCode, document: impl Into<Json>) -> Self {
        Self {
            status,
            document: Document::Json(document.into()),
            headers: Vec::new(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.headers_mut().extend(self.headers);
        response.extensions_mut().insert(self.document);
        response
    }
}

/// Names the request of an answer, and settles the casing of one that was given before it was settled.
pub fn name(response: &mut Response, id: &RequestId, unsettled: Inflection) {
    let headers = response.headers_mut();
    headers.insert(request_id::HEADER, id.to_header());
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
        .extensions_mut()
        .get_or_insert_with(|| Settled(unsettled));
}

/// Writes the document of an answer that was [named](name), if it has one.
pub fn write(mut response: Response) -> Response {
    let Some(document) = response.extensions_mut().remove::<Document>() else {
        return response;
    };
    let inflection = response
        .extensions()
        .get::<Settled>()
        .map_or_else(Inflection::default, |settled| settled.0);
    let text = match document {
        Document::Json(json) => inflection.apply(json).to_text().into(),
        Document::Problem(problem) => {
            let id = response.headers().get(request_id::HEADER);
            let json = problem.to_json(id.and_then(|id| id.to_str().ok()));
            inflection.apply(json).to_text().into()
        }
        Document::Text(text) => text,
    };
    set_body(&mut response, text);
    response
}

fn set_body(response: &mut Response, text: Bytes) {
    let length = text.len();
    *response.body_mut() = Body::from(text);
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    // Answers hold personal data and links that open a session, and so may addresses: no cache may keep the ones, and no
    // other page learn the others.
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
}
