//! The small JSON bodies of the dashboard's own requests.

use axum::body::Body;
use http::{HeaderMap, header};
use vouchkey_types::json::{self, Object};
use vouchkey_types::problem::{ErrorCode, FieldCode, FieldError};

use crate::http::ApiError;
use crate::http::body::{self, Bound};

/// Anybody may send one: it holds an address and a password.
const BOUND: Bound = Bound {
    bytes: 16 * 1024,
    words: "16 KiB",
};

/// Reads a body that must be declared as JSON: a page elsewhere can send no such form.
///
/// # Errors
/// 415, 413 over 16 KiB, 400, or 422 if it is no object.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Object, ApiError> {
    if !headers.contains_key(header::CONTENT_TYPE) {
        return Err(ApiError::new(
            ErrorCode::UnsupportedMediaType,
            "Send the body as application/json.",
        ));
    }
    body::check_type(headers)?;
    let bytes = body::read(body, BOUND, body::DEADLINE).await?;
    let json = json::read(&bytes).map_err(|error| {
        let detail = format!(
            "The body is not valid JSON (line {}, column {}).",
            error.line, error.column
        );
        ApiError::new(ErrorCode::InvalidJson, detail)
    })?;
    match json {
        json::Json::Object(object) => Ok(object),
        _ => Err(ApiError::validation(vec![FieldError::new(
            "",
            FieldCode::WrongType,
            "Must be an object.",
        )])),
    }
}

/// Takes texts out of a body, all of which must be there.
///
/// # Errors
/// 422 that names each one that is missing or no text.
pub(super) fn texts<const N: usize>(
    object: &Object,
    names: [&'static str; N],
) -> Result<[String; N], ApiError> {
    let mut errors = Vec::new();
    let texts = names.map(|name| match object.get(name) {
        None | Some(json::Json::Null) => {
            errors.push(FieldError::new(name, FieldCode::Required, "Is required."));
            String::new()
        }
        Some(value) => {
            let text = value.as_str();
            if text.is_none() {
                errors.push(FieldError::new(
                    name,
                    FieldCode::WrongType,
                    "Must be a text.",
                ));
            }
            text.unwrap_or_default().to_owned()
        }
    });
    if errors.is_empty() {
        Ok(texts)
    } else {
        Err(ApiError::validation(errors))
    }
}
