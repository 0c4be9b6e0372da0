//! The name of one request, in its answer and in the log.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::clock::Clock;

/// The header that carries it, in and out.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Longest name that is taken over from a caller, in characters.
const MAX_CHARS: usize = 64;

/// What a request is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// The caller's name for the request if it is 1 to 64 of `[A-Za-z0-9_-]`, else a new one.
    pub fn of(headers: &HeaderMap, clock: &Clock) -> Self {
        let sent = headers
            .get(HEADER)
            .and_then(|value| value.to_str().ok())
            .filter(|name| is_name(name));
        sent.map_or_else(|| Self::new(clock), |name| Self(name.to_owned()))
    }

    /// A new name: 128 random bits.
    pub fn new(clock: &Clock) -> Self {
        Self(format!("req_{:032x}", u128::from_be_bytes(clock.name())))
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as a header's value.
    pub fn to_header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).unwrap_or(HeaderValue::from_static("unknown"))
    }
}

fn is_name(text: &str) -> bool {
    (1..=MAX_CHARS).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sent: &str) -> RequestId {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_str(sent).unwrap());
        RequestId::of(&headers, &Clock::fixed(0))
    }

    #[test]
    fn a_callers_name_is_taken_over() {
        assert_eq!(of("a-Z_9").as_str(), "a-Z_9");
        assert_eq!(of(&"a".repeat(64)).as_str(), "a".repeat(64));
    }

    #[test]
    fn anything_else_gets_a_name_of_ours() {
        for sent in ["", "a b", "jane@example.com", &"a".repeat(65)] {
            let id = of(sent);
            assert!(
                id.as_str().starts_with("req_") && is_name(id.as_str()),
                "{sent}"
            );
        }
    }
}
