//! Origins of web pages: scheme, host and port, in the one spelling that browsers send (RFC 6454).

use std::fmt;

use http::{HeaderMap, header};
use url::{Host, Url};

const FORM: &str = "must be scheme, host and port of a page, such as https://shop.example or http://localhost:3000";

/// An origin from which a publishable key may be used, spelled as browsers spell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Reads an origin: https, or http for this machine alone, as what others answer in clear could
    /// be changed on its way.
    ///
    /// # Errors
    /// What would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let lower = text.to_ascii_lowercase();
        let authority = lower
            .strip_prefix("https://")
            .or_else(|| lower.strip_prefix("http://"))
            .ok_or(FORM)?;
        if authority.contains('*') {
            return Err("must name each origin in full: there is no * in one".to_owned());
        }
        if authority.contains(['/', '?', '#']) {
            return Err(
                "must end after host or port, without a slash or path, such as https://shop.example"
                    .to_owned(),
            );
        }
        // The standard's parser overlooks these.
        if authority.contains(|c: char| {
            matches!(c, '@' | '\\' | ',') || c.is_whitespace() || c.is_control()
        }) {
            return Err(FORM.to_owned());
        }
        let url = Url::parse(text).map_err(|_| FORM)?;
        if url.scheme() != "https" && !is_loopback(&url) {
            return Err(
                "must be https; http is for this machine alone: localhost, 127.0.0.1 or [::1]"
                    .to_owned(),
            );
        }
        Ok(Self(url.origin().ascii_serialization()))
    }

    /// As browsers send it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names under `localhost` never leave the machine (RFC 6761 6.3).
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The origin that a request names. `None` for none, and for several: no browser sends those.
pub fn sent(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::ORIGIN).iter();
    let first = all.next()?;
    match all.next() {
        Some(_) => None,
        None => first.to_str().ok(),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn origins_are_spelled_as_browsers_send_them() {
        for (given, origin) in [
            ("https://shop.example", "https://shop.example"),
            ("HTTPS://Shop.Example:443", "https://shop.example"),
            ("https://shop.example:8443", "https://shop.example:8443"),
            (
                "https://b\u{fc}cher.example",
                "https://xn--bcher-kva.example",
            ),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://shop.localhost:80", "http://shop.localhost"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[0:0::1]:3000", "http://[::1]:3000"),
            ("https://[::ffff:192.0.2.1]", "https://[::ffff:c000:201]"),
        ] {
            let parsed = Origin::parse(given).map(|origin| origin.to_string());
            assert_eq!(parsed.as_deref(), Ok(origin), "{given}");
            let again = Origin::parse(origin).map(|origin| origin.to_string());
            assert_eq!(again.as_deref(), Ok(origin), "{origin}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused_with_what_would_be_right() {
        for (given, word) in [
            ("", "such as https://shop.example"),
            ("null", "such as"),
            ("*", "such as"),
            ("shop.example", "such as"),
            ("//shop.example", "such as"),
            ("ftp://shop.example", "such as"),
            ("chrome-extension://abcdef", "such as"),
            ("https://", "such as"),
            ("https://a b", "such as"),
            ("https://a\tb.example", "such as"),
            ("https://me@shop.example", "such as"),
            ("https://a\\b", "such as"),
            ("https://a.example,https://b.example", "path"),
            ("https://a:65536", "such as"),
            ("https://*.shop.example", "no *"),
            ("https://*", "no *"),
            ("https://shop.example/", "path"),
            ("https://shop.example/pay", "path"),
            ("https://shop.example?x", "path"),
            ("https://shop.example#x", "path"),
            ("http://shop.example", "https"),
            ("http://localhost.shop.example", "https"),
            ("http://192.168.0.1:3000", "https"),
            ("http://0.0.0.0", "https"),
        ] {
            let told = Origin::parse(given).expect_err(given);
            assert!(told.contains(word), "{given}: {told}");
        }
    }

    #[test]
    fn a_request_has_one_origin_or_none() {
        let of = |values: &[&'static str]| {
            let headers = values
                .iter()
                .map(|value| (header::ORIGIN, HeaderValue::from_static(value)));
            sent(&headers.collect()).map(str::to_owned)
        };
        assert_eq!(of(&[]), None);
        assert_eq!(
            of(&["https://a.example"]).as_deref(),
            Some("https://a.example")
        );
        assert_eq!(of(&["https://a.example", "https://a.example"]), None);
    }
}
