//! Which version of the API a request speaks (decision 8).

use http::{HeaderMap, HeaderName};
use vouchkey_types::problem::ErrorCode;
use vouchkey_types::version::ApiVersion;

use super::error::ApiError;

/// The header that names it, in and out.
pub const HEADER: HeaderName = HeaderName::from_static("verifa-version");

/// The version that the request names explicitly.
///
/// # Errors
///
/// 400 `unsupported_version`, which names those that are supported.
pub fn sent(headers: &HeaderMap) -> Result<Option<ApiVersion>, ApiError> {
    let mut sent = None;
    for value in headers.get_all(HEADER) {
        let version = value
            .to_str()
            .ok()
            .and_then(ApiVersion::parse)
            .ok_or_else(unsupported)?;
        if sent.is_some_and(|first| first != version) {
            return Err(unsupported());
        }
        sent = Some(version);
    }
    Ok(sent)
}

fn unsupported() -> ApiError {
    let supported = ApiVersion::ALL.map(ApiVersion::as_str).join(", ");
    ApiError::new(
        ErrorCode::UnsupportedVersion,
        format!("This API version is not supported. Supported versions: {supported}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        values
            .iter()
            .map(|value| (HEADER, http::HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_known_version_is_read_and_an_unknown_one_refused() {
        assert_eq!(sent(&headers(&[])).unwrap(), None);
        assert_eq!(
            sent(&headers(&["2026-01-01"])).unwrap(),
            Some(ApiVersion::V20260101)
        );
        for wrong in [
            &["2026-01-02"][..],
            &[""],
            &["latest"],
            &["2026-01-01", "2026-02-01"],
        ] {
            let error = sent(&headers(wrong)).unwrap_err();
            assert_eq!(error.code(), ErrorCode::UnsupportedVersion);
            assert!(error.detail().contains("2026-01-01, 2026-02-01"));
        }
    }
}
