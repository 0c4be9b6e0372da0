//! The cookie of a signed-in user (decision 27): opaque, out of reach of scripts, and over https bound to this host.

use http::{HeaderMap, HeaderValue, header};

use crate::config::PublicUrl;

/// Its name where the public address is https: browsers take it only with `Secure`, `Path=/` and no `Domain`.
const OVER_HTTPS: &str = "__Host-vouchkey";
/// Its name on http, which is for loopback alone.
const ON_LOOPBACK: &str = "vouchkey";

/// The cookie's name; none where a cookie would travel in clear.
pub(super) fn name(public_url: &PublicUrl) -> Option<&'static str> {
    if public_url.is_https() {
        Some(OVER_HTTPS)
    } else if public_url.is_loopback() {
        Some(ON_LOOPBACK)
    } else {
        None
    }
}

/// The header that gives the cookie to a browser.
pub(super) fn set(name: &str, token: &str, seconds: i64) -> HeaderValue {
    let secure = if name == OVER_HTTPS { "; Secure" } else { "" };
    let text = format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    // The token is base64url, so that this cannot fail.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The header that takes it back.
pub(super) fn clear(name: &str) -> HeaderValue {
    set(name, "", 0)
}

/// The token that a request shows. Of several with the name the first counts, which browsers send for the longer path.
pub(super) fn token<'a>(name: &str, headers: &'a HeaderMap) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, token)| token)
        .filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_decides_name_and_protection() {
        for (address, name_of_it) in [
            ("https://verify.example.com", Some("__Host-vouchkey")),
            ("http://127.0.0.1:8080", Some("vouchkey")),
            ("http://verify.example.com", None),
        ] {
            assert_eq!(
                name(&PublicUrl::parse(address).unwrap()),
                name_of_it,
                "{address}"
            );
        }
        assert_eq!(
            set("__Host-vouchkey", "abc", 60),
            "__Host-vouchkey=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure"
        );
        assert_eq!(
            clear("vouchkey"),
            "vouchkey=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        );
    }

    #[test]
    fn a_token_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("a=b; vouchkeyx=no; vouchkey=yes"),
        );
        assert_eq!(token("vouchkey", &headers), Some("yes"));
        assert_eq!(token("__Host-vouchkey", &headers), None);
        assert_eq!(token("vouchkey", &HeaderMap::new()), None);
    }
}
