//! Reads the body of a request, on its connection, within bounds (decisions 4 and 26).

mod drained;

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use vouchkey_types::limits::MAX_BODY_BYTES;
use vouchkey_types::problem::ErrorCode;

pub use drained::{Drained, Sender};

use super::error::ApiError;

/// How long a body may take to arrive.
pub const DEADLINE: Duration = Duration::from_secs(15);

/// How large a body may be.
#[derive(Debug, Clone, Copy)]
pub struct Bound {
    /// In bytes.
    pub bytes: usize,
    /// In words.
    pub words: &'static str,
}

/// The bound of the API's own bodies.
pub const OF_THE_API: Bound = Bound {
    bytes: MAX_BODY_BYTES,
    words: "4 MiB",
};

/// Checks that a body is declared as JSON in UTF-8, and but once. One without a declaration is read as JSON.
///
/// # Errors
///
/// 415 `unsupported_media_type`.
pub fn check_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    let is_plain = encodings.all(|value| value == "identity");
    let is_json = kinds
        .next()
        .is_none_or(|value| value.to_str().is_ok_and(is_json))
        && kinds.next().is_none();
    if is_plain && is_json {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::UnsupportedMediaType,
        "Send the body as application/json in UTF-8, uncompressed.",
    ))
}

fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let is_json = kind == "application/json"
        || kind
            .strip_prefix("application/")
            .is_some_and(|kind| kind.len() > 5 && kind.ends_with("+json"));
    is_json
        && parts.all(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            !name.trim().eq_ignore_ascii_case("charset")
                || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
}

/// Reads the whole body.
///
/// # Errors
///
/// 413 as soon as it is known to be over its bound, 408 when it is not there within `deadline`, 400
/// when it breaks off.
pub async fn read(body: Body, bound: Bound, deadline: Duration) -> Result<Bytes, ApiError> {
    if body.size_hint().lower() > bound.bytes as u64 {
        return Err(too_large(bound));
    }
    tokio::time::timeout(deadline, collect(body, bound))
        .await
        .unwrap_or_else(|_| {
            let error = ApiError::new(
                ErrorCode::RequestTimeout,
                "The body did not arrive in time.",
            );
            Err(error.closing())
        })
}

async fn collect(mut body: Body, bound: Bound) -> Result<Bytes, ApiError> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|_| ApiError::new(ErrorCode::InvalidJson, "The body broke off."))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if whole.len() + data.len() > bound.bytes {
            return Err(too_large(bound));
        }
        if whole.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

fn too_large(bound: Bound) -> ApiError {
    let detail = format!("The body is over {}; shorten its values.", bound.words);
    // What follows on the connection may be the rest of the body, or never come.
    ApiError::new(ErrorCode::PayloadTooLarge, detail).closing()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::drained::tests::Endless;
    use super::*;

    #[test]
    fn json_is_known_by_its_type() {
        for good in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/vnd.api+json",
            r#"application/json;charset="utf-8""#,
            "application/json; v=1",
        ] {
            assert!(is_json(good), "{good}");
        }
        for bad in [
            "",
            "text/json",
            "text/plain",
            "application/json; charset=latin1",
            "application/+json",
            "multipart/form-data",
            "application/jsonx",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
    }

    #[test]
    fn a_compressed_body_is_refused() {
        let mut headers = HeaderMap::new();
        assert!(check_type(&headers).is_ok());
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert_eq!(
            check_type(&headers).unwrap_err().code(),
            ErrorCode::UnsupportedMediaType
        );
    }

    #[test]
    fn a_type_is_declared_once() {
        let json = HeaderValue::from_static("application/json");
        let mut headers = HeaderMap::new();
        headers.append(header::CONTENT_TYPE, json.clone());
        assert!(check_type(&headers).is_ok());
        headers.append(header::CONTENT_TYPE, json);
        assert!(check_type(&headers).is_err());
    }

    #[tokio::test]
    async fn a_body_that_is_declared_too_large_is_refused_before_it_comes() {
        let length = HeaderValue::from(MAX_BODY_BYTES + 1);
        let headers = HeaderMap::from_iter([(header::CONTENT_LENGTH, length)]);
        let (body, _) = Drained::announced(Body::new(Endless::default()), &headers);
        let error = read(body, OF_THE_API, DEADLINE).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::PayloadTooLarge);
    }

    #[tokio::test]
    async fn a_body_of_four_mebibytes_is_read_and_one_byte_more_is_not() {
        let full = vec![b' '; MAX_BODY_BYTES];
        assert_eq!(
            read(Body::from(full.clone()), OF_THE_API, DEADLINE)
                .await
                .unwrap()
                .len(),
            MAX_BODY_BYTES
        );
        let over = [full, vec![b' ']].concat();
        let error = read(Body::from(over), OF_THE_API, DEADLINE)
            .await
            .unwrap_err();
        assert_eq!(error.code(), ErrorCode::PayloadTooLarge);
    }

    #[tokio::test]
    async fn a_body_that_never_ends_times_out() {
        let error = read(
            Body::new(Endless::default()),
            OF_THE_API,
            Duration::from_millis(1),
        )
        .await
        .unwrap_err();
        assert_eq!(error.code(), ErrorCode::RequestTimeout);
    }
}
