//! Bounds on a request's headers (decision 26).

use http::Request;
use vouchkey_types::problem::ErrorCode;

use super::error::ApiError;

/// Most header fields.
const MAX_FIELDS: usize = 100;

/// Most bytes of request line and header fields.
const MAX_BYTES: usize = 16 * 1024;

/// Checks the request line and the headers.
///
/// # Errors
/// 431 `headers_too_large`.
pub fn check<B>(request: &Request<B>) -> Result<(), ApiError> {
    // ": " and the line's end.
    let fields = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4);
    let line = request
        .uri()
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    if request.headers().len() <= MAX_FIELDS && line + fields.sum::<usize>() <= MAX_BYTES {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::HeadersTooLarge,
        "The headers are over 16 KiB or 100 fields.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(fields: usize, value: &str) -> Request<()> {
        let request = (0..fields).fold(Request::builder(), |request, n| {
            request.header(format!("x-{n}"), value)
        });
        request.body(()).unwrap()
    }

    #[test]
    fn a_hundred_fields_or_sixteen_kibibytes_are_the_bound() {
        assert!(check(&request(100, "v")).is_ok());
        assert!(check(&request(101, "v")).is_err());
        assert!(check(&request(1, &"v".repeat(16_000))).is_ok());
        assert!(check(&request(1, &"v".repeat(16_384))).is_err());
    }
}
