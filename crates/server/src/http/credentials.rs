//! What a request shows for itself: an API key, or the cookie of a signed-in user (decision 10).

use http::{HeaderMap, HeaderName, header};
use vouchkey_types::api_key::ApiKey;

use super::error::ApiError;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The API key of a request; `None` if it shows none at all, and a cookie may be looked at.
///
/// Of the schemes of `Authorization` only `Bearer` carries a key of ours. Another one is for whoever stands in front of
/// this server, and passed over.
///
/// # Errors
///
/// 401 for a key that is malformed, and for two that differ.
pub fn api_key(headers: &HeaderMap) -> Result<Option<ApiKey>, ApiError> {
    let keys = headers
        .get_all(API_KEY)
        .iter()
        .map(|value| value.to_str().ok());
    let bearers = headers
        .get_all(header::AUTHORIZATION)
        .iter()
        .filter_map(|value| bearer(value.as_bytes()))
        .map(|token| str::from_utf8(token).ok());
    let mut found: Option<&str> = None;
    for key in keys.chain(bearers) {
        let key = key.ok_or_else(ApiError::unauthorized)?;
        if found.is_some_and(|first| first != key) {
            return Err(ApiError::unauthorized());
        }
        found = Some(key);
    }
    found
        .map(|key| ApiKey::parse(key).ok_or_else(ApiError::unauthorized))
        .transpose()
}

/// What follows the scheme `Bearer`.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(b"bearer".len())?;
    let is_bearer =
        scheme.eq_ignore_ascii_case(b"bearer") && token.first().is_none_or(u8::is_ascii_whitespace);
    is_bearer.then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use vouchkey_types::api_key::{Environment, KeyKind};

    use super::*;

    fn key(n: u8) -> String {
        ApiKey::from_random(Environment::Live, KeyKind::Secret, [n; 32])
            .expose()
            .to_owned()
    }

    fn read(headers: &[(HeaderName, String)]) -> Result<Option<String>, ApiError> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
            .collect();
        Ok(api_key(&headers)?.map(|key| key.expose().to_owned()))
    }

    #[test]
    fn a_key_comes_in_either_header() {
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&[(API_KEY, key(1))]).unwrap(), Some(key(1)));
        assert_eq!(
            read(&[(header::AUTHORIZATION, format!("bearer {}", key(1)))]).unwrap(),
            Some(key(1))
        );
        assert_eq!(
            read(&[
                (API_KEY, key(1)),
                (header::AUTHORIZATION, format!("Bearer {}", key(1)))
            ])
            .unwrap(),
            Some(key(1))
        );
    }

    #[test]
    fn two_keys_that_differ_or_one_that_is_malformed_are_refused() {
        assert!(read(&[(API_KEY, key(1)), (API_KEY, key(2))]).is_err());
        assert!(
            read(&[
                (API_KEY, key(1)),
                (header::AUTHORIZATION, format!("Bearer {}", key(2)))
            ])
            .is_err()
        );
        for bearer in ["Bearer", "Bearer ", "bearer x"] {
            let bearer = (header::AUTHORIZATION, bearer.into());
            assert!(read(&[(API_KEY, key(1)), bearer]).is_err());
        }
        assert!(read(&[(API_KEY, "vk_live_x".into())]).is_err());
        assert!(read(&[(API_KEY, String::new())]).is_err());
    }

    #[test]
    fn what_is_for_a_proxy_is_passed_over() {
        for other in ["Basic eA==", "Bearers x", "Digest", "vk_live_x"] {
            let other = || (header::AUTHORIZATION, other.into());
            let beside = read(&[other(), (API_KEY, key(1))]).unwrap();
            assert_eq!(beside, Some(key(1)));
            assert_eq!(read(&[other()]).unwrap(), None);
        }
    }
}
