//! What every request must be, whatever it asks for (RFC 9112 3.2 and 6.1). What two programs on its way may read in two
//! ways is refused.

use std::net::Ipv6Addr;

use http::{HeaderMap, HeaderValue, Request, Version, header};
use vouchkey_types::problem::ErrorCode;

use super::error::ApiError;

/// Checks the headers that say for whom a request is and where it ends.
///
/// # Errors
/// 400 `invalid_header`.
pub fn check<B>(request: &Request<B>) -> Result<(), ApiError> {
    let headers = request.headers();
    if !is_framed_plainly(headers) {
        let error = ApiError::new(
            ErrorCode::InvalidHeader,
            "Transfer-Encoding must be chunked alone; send the body as it is, or with Content-Length.",
        );
        return Err(error.closing());
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    let is_addressed = match (hosts.next(), hosts.next()) {
        // It is older than the header, and what health checks speak.
        (None, _) => request.version() < Version::HTTP_11,
        (Some(host), None) => host.to_str().is_ok_and(is_host),
        (Some(_), Some(_)) => false,
    };
    if is_addressed {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::InvalidHeader,
        "Host must be sent once, as a host name or an address, and perhaps a port.",
    ))
}

fn is_framed_plainly(headers: &HeaderMap) -> bool {
    let mut encodings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let is_chunked = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"chunked");
    encodings.next().is_none_or(is_chunked) && encodings.next().is_none()
}

/// Whether this is `uri-host [ ":" port ]`. An empty one is, and health checks of load balancers send it.
fn is_host(value: &str) -> bool {
    let (is_name, port) = if let Some(address) = value.strip_prefix('[') {
        let (address, port) = address.split_once(']').unwrap_or(("", ""));
        (address.parse::<Ipv6Addr>().is_ok(), port)
    } else {
        let end = value.find(':').unwrap_or(value.len());
        let (name, port) = value.split_at(end);
        (name.bytes().all(is_of_a_name), port)
    };
    let is_port = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    is_name && is_port
}

/// `reg-name` of RFC 3986, of which an IPv4 address is one.
fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(version: Version, headers: &[(&str, &str)]) -> Option<ErrorCode> {
        let mut request = Request::builder().version(version);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(&request.body(()).unwrap())
            .err()
            .map(|error| error.code())
    }

    #[test]
    fn a_request_names_one_host() {
        for good in [
            "x",
            "x:80",
            "x:",
            "",
            "a_b.example",
            "127.0.0.1:1",
            "[::1]",
            "[2001:db8::1]:443",
        ] {
            assert_eq!(told(Version::HTTP_11, &[("host", good)]), None, "{good}");
        }
        for bad in [
            "a b", "a/b", "u@x", "x:y", "x:1:2", "[::1", "[x]", "[::1]x", "http://x", "x?", "é",
        ] {
            let told = told(Version::HTTP_11, &[("host", bad)]);
            assert_eq!(told, Some(ErrorCode::InvalidHeader), "{bad}");
        }
        let twice = [("host", "x"), ("host", "x")];
        for version in [Version::HTTP_10, Version::HTTP_11] {
            assert_eq!(told(version, &twice), Some(ErrorCode::InvalidHeader));
        }
        assert_eq!(told(Version::HTTP_11, &[]), Some(ErrorCode::InvalidHeader));
        assert_eq!(told(Version::HTTP_10, &[]), None);
    }

    #[test]
    fn a_body_comes_in_chunks_or_as_it_is() {
        let told = |encodings: &[&'static str]| {
            let encodings = encodings.iter().map(|value| ("transfer-encoding", *value));
            let headers: Vec<_> = encodings.chain([("host", "x")]).collect();
            told(Version::HTTP_11, &headers)
        };
        assert_eq!(told(&[]), None);
        assert_eq!(told(&["Chunked"]), None);
        for bad in [
            &["gzip, chunked"][..],
            &["gzip", "chunked"],
            &["chunked", "chunked"],
            &["identity"],
            &[""],
        ] {
            assert_eq!(told(bad), Some(ErrorCode::InvalidHeader), "{bad:?}");
        }
    }
}
