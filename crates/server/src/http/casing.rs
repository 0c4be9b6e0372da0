//! How the keys of an answer are spelled (decision 9).

use http::{HeaderMap, HeaderName};
use vouchkey_types::inflection::Inflection;
use vouchkey_types::problem::ErrorCode;

use super::error::ApiError;

/// The header that asks for a casing.
pub const HEADER: HeaderName = HeaderName::from_static("key-inflection");

/// The casing that the request asks for.
///
/// # Errors
///
/// 400 `invalid_header` for anything but the three that exist.
pub fn sent(headers: &HeaderMap) -> Result<Option<Inflection>, ApiError> {
    let mut sent = None;
    for value in headers.get_all(HEADER) {
        let inflection = value
            .to_str()
            .ok()
            .and_then(Inflection::parse)
            .ok_or_else(unknown)?;
        if sent.is_some_and(|first| first != inflection) {
            return Err(unknown());
        }
        sent = Some(inflection);
    }
    Ok(sent)
}

/// The casing of an error that comes before the casing is settled: the header's if it is a known
/// one, else snake.
pub fn before_it_is_settled(headers: &HeaderMap) -> Inflection {
    sent(headers).ok().flatten().unwrap_or_default()
}

fn unknown() -> ApiError {
    let known = Inflection::ALL.map(Inflection::as_str).join(", ");
    ApiError::new(
        ErrorCode::InvalidHeader,
        format!("Key-Inflection must be one of {known}."),
    )
}
