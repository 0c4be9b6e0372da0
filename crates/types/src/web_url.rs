//! URLs that a caller gives: where the applicant goes next, and where support is.
//!
//! A defined subset of the WHATWG URL standard that needs no parser of its own (decision 5):
//! whatever passes here is read by every parser with the same scheme and host.

use crate::json::Json;
use crate::limits::MAX_URL_CHARS;
use crate::problem::{Fault, FieldCode};
use crate::text;

/// Schemes that no organization can allow: they run code, or read what is local.
pub const FORBIDDEN_SCHEMES: [&str; 6] =
    ["javascript", "data", "vbscript", "file", "blob", "about"];

/// A URL `scheme://host[:port][/…][?…][#…]` of ASCII characters. Kept as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebUrl(String);

impl WebUrl {
    /// Reads an http or https URL, or one of a scheme in `schemes`.
    ///
    /// # Errors
    /// `empty`, `invalid_characters`, `too_long`, `invalid_format`; `not_allowed` for a well-formed
    /// one with another scheme or with user info.
    pub fn parse(url: &str, schemes: &[String]) -> Result<Self, Fault> {
        Self::check(url, schemes).map(|_| Self::of_checked(url))
    }

    /// The URL of what passed [`WebUrl::check`].
    pub(crate) fn of_checked(url: &str) -> Self {
        Self(url.to_owned())
    }

    /// The URL as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its scheme as sent, without the colon.
    pub fn scheme(&self) -> &str {
        text::cut(&self.0, [b':'; 3]).0
    }

    /// Its host as sent; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        let rest = self.0.get(self.scheme().len() + 3..).unwrap_or_default();
        split_port(text::cut(rest, *b"/?#").0).unwrap_or_default()
    }

    /// As [`WebUrl::parse`], but gives only the host.
    pub(crate) fn check<'r>(url: &'r str, schemes: &[String]) -> Result<&'r str, Fault> {
        let url = text::check(url, MAX_URL_CHARS)?;
        if !url.is_ascii() {
            return Err(format(
                "Must be written in ASCII characters: a host in its xn-- form, all else percent-encoded.",
            ));
        }
        if !text::cut(url, *b" \\\\").1.is_empty() {
            return Err(format(
                "Must not contain spaces or backslashes; percent-encode them.",
            ));
        }
        let (scheme, rest) = text::cut(url, [b':'; 3]);
        let Some(rest) = rest.strip_prefix("://").filter(|_| is_scheme(scheme)) else {
            return Err(format(EXAMPLE));
        };
        let authority = text::cut(rest, *b"/?#").0;
        let mut host_and_port = authority;
        while let Some(after) = text::cut(host_and_port, [b'@'; 3]).1.strip_prefix('@') {
            host_and_port = after;
        }
        let Some(host) = split_port(host_and_port) else {
            return Err(format(
                "Must have a port from 0 to 65535 after the colon, or none.",
            ));
        };
        if !is_host(host) {
            return Err(format(HOST));
        }
        let is = |known: &str| scheme.eq_ignore_ascii_case(known);
        let is_listed = || {
            schemes.iter().any(|listed| is(listed))
                && !FORBIDDEN_SCHEMES.iter().any(|known| is(known))
        };
        let message = if host_and_port.len() < authority.len() {
            "Must not contain a user name or password."
        } else if is("https") || is("http") || is_listed() {
            return Ok(host);
        } else if schemes.is_empty() {
            "Must be an http or https URL."
        } else {
            "Must be an http or https URL, or have a scheme that the organization allows."
        };
        Err(Fault::new(FieldCode::NotAllowed, message))
    }
}

impl From<&WebUrl> for Json {
    fn from(url: &WebUrl) -> Self {
        Self::from(url.as_str())
    }
}

const EXAMPLE: &str = "Must be a whole URL such as https://example.com/path.";
const HOST: &str = "Must have a host of letters, digits, hyphens and dots (others in their xn-- form), an IPv4 address of four decimal parts, or an IPv6 address in brackets.";

fn format(message: &'static str) -> Fault {
    Fault::new(FieldCode::InvalidFormat, message)
}

/// RFC 3986 3.1.
pub fn is_scheme(scheme: &str) -> bool {
    let is_mark = |byte: &u8| matches!(byte, b'+' | b'-' | b'.');
    let is_inner = |byte: &u8| byte.is_ascii_alphanumeric() || is_mark(byte);
    let [first, ..] = scheme.as_bytes() else {
        return false;
    };
    first.is_ascii_alphabetic() && scheme.as_bytes().iter().all(is_inner)
}

/// The host of `host[:port]`, if the port is one.
fn split_port(authority: &str) -> Option<&str> {
    let host_end = if authority.starts_with('[') {
        text::cut(authority, [b']'; 3]).0.len() + 1
    } else {
        text::cut(authority, [b':'; 3]).0.len()
    };
    let (host, port) = authority.split_at_checked(host_end)?;
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(host)
}

fn is_port(port: &str) -> bool {
    let value = port.bytes().try_fold(0_u32, |value, byte| {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
        Some(value.saturating_mul(10).saturating_add(digit))
    });
    (1..=5).contains(&port.len()) && value.is_some_and(|value| value <= 65_535)
}

/// Whether a host is of the subset.
pub fn is_host(host: &str) -> bool {
    if let [b'[', address @ .., b']'] = host.as_bytes() {
        return is_ipv6(address);
    }
    let mut last: &[u8] = b"";
    let has_labels = host.as_bytes().split(|byte| *byte == b'.').all(|label| {
        last = label;
        let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        !label.is_empty() && label.iter().all(is_letter)
    });
    // What parsers take for a number is an address to them: `127.1` and `0x7f.1` too.
    let is_number = last.iter().all(u8::is_ascii_digit) || matches!(last, [b'0', b'x' | b'X', ..]);
    has_labels && (!is_number || is_ipv4(host.as_bytes()))
}

/// Four decimal parts without leading zeros.
fn is_ipv4(address: &[u8]) -> bool {
    let is_part = |part: &[u8]| match part {
        [digit] => digit.is_ascii_digit(),
        [b'0', ..] => false,
        [_, _] | [b'1', _, _] => part.iter().all(u8::is_ascii_digit),
        [b'2', ..] if part.len() == 3 => part <= b"255" && part.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    let mut parts = 0;
    address.split(|byte| *byte == b'.').all(|part| {
        parts += 1;
        is_part(part)
    }) && parts == 4
}

/// Eight groups of hexadecimal digits, the last two perhaps as an IPv4 address, and once `::` for
/// groups of zeros (RFC 4291 2.2).
fn is_ipv6(address: &[u8]) -> bool {
    let gap = address.windows(2).position(|pair| pair == b"::");
    let Some((before, after)) = gap.and_then(|gap| address.split_at_checked(gap)) else {
        return groups(address, true) == Some(8);
    };
    let after = after.get(2..).unwrap_or_default();
    let count = |part: &[u8], is_last| {
        if part.is_empty() {
            Some(0)
        } else {
            groups(part, is_last)
        }
    };
    // The gap stands for one group at least.
    let both = count(before, false).zip(count(after, true));
    both.is_some_and(|(before, after)| before + after < 8)
}

/// How many groups these are, if they are groups between single colons.
fn groups(part: &[u8], may_end_in_ipv4: bool) -> Option<usize> {
    let mut groups = part.split(|byte| *byte == b':').peekable();
    let mut count = 0;
    while let Some(group) = groups.next() {
        let is_hexadecimal =
            (1..=4).contains(&group.len()) && group.iter().all(u8::is_ascii_hexdigit);
        if is_hexadecimal {
            count += 1;
        } else if may_end_in_ipv4 && groups.peek().is_none() && is_ipv4(group) {
            count += 2;
        } else {
            return None;
        }
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn code(url: &str) -> Result<(), FieldCode> {
        WebUrl::parse(url, &["myapp".to_owned()])
            .map(drop)
            .map_err(|fault| fault.code)
    }

    #[test]
    fn the_subset_is_as_decided() {
        for good in [
            "https://example.com",
            "HTTP://Example.com:8080/a?b=c#d",
            "https://a.b-c.example/%20",
            "http://127.0.0.1:3000/",
            "http://[::1]:80/x",
            "https://xn--bcher-kva.example",
            "http://localhost",
            "https://example.com?x",
            "https://example.com#x",
            "myapp://done",
            "MyApp://done/x",
            "http://h:0/",
            "http://h:65535",
            "https://1password.com/",
            "https://example.com/a@b:c",
            "http://-a-.b",
        ] {
            assert_eq!(code(good), Ok(()), "{good}");
        }
        for bad in [
            "example.com",
            "/path",
            "//example.com",
            "https:example.com",
            "https:/example.com",
            "https://",
            "https:///x",
            "https://a..b",
            "https://a.b.",
            "https://a_b.c",
            "https://a b",
            "https://a\\b",
            "https://bücher.example",
            "http://127.1",
            "http://0x7f.1",
            "http://1.2.3.4.5",
            "http://01.2.3.4",
            "http://256.1.1.1",
            "http://2130706433",
            "http://h:65536",
            "http://h:",
            "http://h:x",
            "http://[::1",
            "http://[::g]",
            "http://::1",
            "javascript:alert(1)",
            "http://1.2.3.4.",
            "http://%31.com",
            "1http://a",
            "http://h:000080",
            "http://[::1]x",
        ] {
            assert_eq!(code(bad), Err(FieldCode::InvalidFormat), "{bad}");
        }
        for refused in [
            "ftp://example.com",
            "javascript://x/%0aalert(1)",
            "file://host/etc",
            "https://user@example.com",
            "https://u:p@example.com:1/",
        ] {
            assert_eq!(code(refused), Err(FieldCode::NotAllowed), "{refused}");
        }
        assert_eq!(code("https://a\n.b"), Err(FieldCode::InvalidCharacters));
        assert_eq!(code(""), Err(FieldCode::Empty));
        assert_eq!(
            code(&format!("https://a/{}", "x".repeat(2_039))),
            Err(FieldCode::TooLong)
        );
        assert_eq!(code(&format!("https://a/{}", "x".repeat(2_038))), Ok(()));
    }

    #[test]
    fn a_forbidden_scheme_stays_forbidden_when_an_organization_lists_it() {
        for scheme in FORBIDDEN_SCHEMES {
            let url = format!("{scheme}://x");
            assert_eq!(
                WebUrl::parse(&url, &[scheme.to_owned()]).unwrap_err().code,
                FieldCode::NotAllowed
            );
        }
    }

    /// Whether the `url` crate reads it with the same scheme and host.
    fn agrees(url: &WebUrl) -> bool {
        let Ok(parsed) = url::Url::parse(url.as_str()) else {
            return false;
        };
        let same_host = match (
            url.host().trim_matches(['[', ']']).parse::<Ipv6Addr>(),
            parsed.host(),
        ) {
            (Ok(ours), Some(url::Host::Ipv6(theirs))) => ours == theirs,
            (Err(_), Some(_)) => parsed
                .host_str()
                .is_some_and(|theirs| theirs.eq_ignore_ascii_case(url.host())),
            _ => false,
        };
        same_host
            && parsed.scheme().eq_ignore_ascii_case(url.scheme())
            && parsed.username().is_empty()
            && parsed.password().is_none()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn what_passes_is_read_alike_by_the_url_crate(
            url in "(http|https|HTTP|myapp|ftp)://([a-z0-9A-Z.:@\\[\\]-]{0,14}|[0-9x.]{1,10}|\\[[0-9a-f:.]{2,12}\\])(:[0-9]{0,6})?([/?#][!-~]{0,12})?"
        ) {
            if let Ok(url) = WebUrl::parse(&url, &["myapp".to_owned()])
                && !url.host().to_ascii_lowercase().contains("xn--")
            {
                prop_assert!(agrees(&url), "{}", url.as_str());
            }
        }

        #[test]
        fn addresses_are_those_of_the_standard_library(
            four in "[0-9]{1,3}(\\.[0-9]{1,4}){2,4}|[0-9.]{0,12}",
            six in "[0-9a-f:]{0,24}|([0-9a-fA-F]{0,5}:){1,8}(:[0-9a-f]{1,4}){0,3}([0-9.]{7,12})?|::([0-9a-f]{1,4}:){0,6}[0-9]{1,3}(\\.[0-9]{1,3}){3}",
        ) {
            prop_assert_eq!(is_ipv4(four.as_bytes()), four.parse::<Ipv4Addr>().is_ok(), "{}", four);
            prop_assert_eq!(is_ipv6(six.as_bytes()), six.parse::<Ipv6Addr>().is_ok(), "{}", six);
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = WebUrl::parse(&text, &[]);
            let _ = WebUrl::parse(&format!("http://{text}"), &[]);
        }
    }
}
