//! `Prefer: handling=strict` (RFC 7240): unknown fields are errors instead of being ignored
//! (decision 3).

use http::{HeaderMap, HeaderName};

/// The header that asks.
pub const HEADER: HeaderName = HeaderName::from_static("prefer");

/// The header that says that it was done.
pub const APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Whether the request asks for strict handling. Of several `handling` preferences the first counts.
pub fn is_strict(headers: &HeaderMap) -> bool {
    let preferences = headers
        .get_all(HEADER)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let handling = preferences.filter_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("handling")
            .then(|| value.trim().trim_matches('"'))
    });
    handling
        .take(1)
        .any(|value| value.eq_ignore_ascii_case("strict"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn strict_handling_is_found_among_other_preferences() {
        for (value, expected) in [
            ("handling=strict", true),
            ("Handling = \"strict\"", true),
            ("respond-async, wait=10, handling=strict; x=y", true),
            ("handling=lenient", false),
            ("handling=lenient, handling=strict", false),
            ("strict", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(HEADER, HeaderValue::from_static(value))]);
            assert_eq!(is_strict(&headers), expected, "{value}");
        }
    }
}
