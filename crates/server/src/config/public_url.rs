//! The one address from which links, QR codes and e-mails are built (decision 23).

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use vouchkey_types::web_url::WebUrl;

/// Scheme, host and port; no path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// Reads `https://verify.example.com` or `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// What would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let url = WebUrl::parse(text, &[]).map_err(|fault| fault.message.into_owned())?;
        let authority = &text[url.scheme().len() + 3..];
        if authority.contains(['/', '?', '#']) {
            return Err(
                "must be scheme, host and port without a path, such as https://verify.example.com"
                    .to_owned(),
            );
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The address under which a bound one is reached: on all addresses, that of this machine.
    pub fn of_bound(address: SocketAddr) -> Self {
        let host = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
            ip => ip,
        };
        Self(format!("http://{}", SocketAddr::new(host, address.port())))
    }

    /// Without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether browsers see it as secure by encryption.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Whether only this machine reaches it.
    pub fn is_loopback(&self) -> bool {
        let authority = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let host = match authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next(),
            None => authority.split(':').next(),
        };
        let host = host.unwrap_or_default();
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheme_host_and_port_and_nothing_else() {
        let parse = |text| PublicUrl::parse(text).map(|url| url.to_string());
        assert_eq!(
            parse("https://Verify.Example.com/"),
            Ok("https://verify.example.com".into())
        );
        assert_eq!(parse("http://[::1]:8080"), Ok("http://[::1]:8080".into()));
        for bad in [
            "verify.example.com",
            "https://a/b",
            "https://a?b",
            "https://a//",
            "ftp://a",
            "https://u@a",
            "",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn loopback_is_told_from_the_world() {
        for (url, is_loopback) in [
            ("http://127.0.0.1:8080", true),
            ("http://127.8.0.1", true),
            ("http://[::1]:1", true),
            ("http://localhost:3", true),
            ("http://localhost.example.com", false),
            ("https://192.0.2.1", false),
        ] {
            assert_eq!(
                PublicUrl::parse(url).unwrap().is_loopback(),
                is_loopback,
                "{url}"
            );
        }
    }

    #[test]
    fn a_server_on_all_addresses_is_reached_on_this_machine() {
        for (bound, url) in [
            ("0.0.0.0:80", "http://127.0.0.1:80"),
            ("[::]:80", "http://127.0.0.1:80"),
            ("[::1]:80", "http://[::1]:80"),
            ("192.0.2.1:80", "http://192.0.2.1:80"),
        ] {
            assert_eq!(PublicUrl::of_bound(bound.parse().unwrap()).as_str(), url);
        }
    }
}
