//! The setting `VOUCHKEY_SMTP_URL`: `smtp[s]://user:password@host:port`, percent-encoded.

use std::net::IpAddr;

use lettre::transport::smtp::authentication::Credentials;
use url::{Host, Url};

/// Where mail is handed over, and how the way there is protected.
#[derive(Clone)]
pub struct SmtpAddress {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) credentials: Option<Credentials>,
}

/// How the connection is encrypted. There is no falling back from one to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    /// `smtps`: TLS from the first byte.
    Tls,
    /// `smtp`: the server must offer STARTTLS.
    StartTls,
    /// `smtp` to a loopback address: in clear.
    Loopback,
}

/// Why a setting cannot be used. No message repeats it, since it holds a password.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SmtpAddressError {
    /// It is no URL at all.
    #[error(
        "is no URL; write smtp://user:password@host:port, with special characters percent-encoded"
    )]
    Syntax,
    /// Another scheme than `smtp` or `smtps`.
    #[error("must begin with smtp:// (STARTTLS) or smtps:// (TLS)")]
    Scheme,
    /// No host.
    #[error("names no host")]
    Host,
    /// A path, query or fragment.
    #[error("must end after the port")]
    Trailing,
    /// A user without a password, or the reverse.
    #[error("needs both a user and a password, or neither")]
    Credentials,
    /// Bytes that are no UTF-8.
    #[error("has a user or password that is not UTF-8 once decoded")]
    Encoding,
}

impl SmtpAddress {
    /// Reads the setting. Ports default to 587 for `smtp` and 465 for `smtps`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, without repeating it.
    pub fn parse(setting: &str) -> Result<Self, SmtpAddressError> {
        let url = Url::parse(setting).map_err(|_| SmtpAddressError::Syntax)?;
        let implicit_tls = match url.scheme() {
            "smtp" => false,
            "smtps" => true,
            _ => return Err(SmtpAddressError::Scheme),
        };
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or(SmtpAddressError::Host)?;
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(SmtpAddressError::Trailing);
        }
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            ("", Some(_)) | (_, None) => return Err(SmtpAddressError::Credentials),
            (user, Some(password)) => Some(Credentials::new(decoded(user)?, decoded(password)?)),
        };
        let security = match implicit_tls {
            true => Security::Tls,
            false if is_loopback(&host) => Security::Loopback,
            false => Security::StartTls,
        };
        let port = url.port().unwrap_or(if implicit_tls { 465 } else { 587 });
        Ok(Self {
            host,
            port,
            security,
            credentials,
        })
    }

    /// Host and port.
    pub fn server(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl std::fmt::Debug for SmtpAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "SmtpAddress({}:{}, {:?})",
            self.host, self.port, self.security
        )
    }
}

fn is_loopback(host: &str) -> bool {
    // A scheme unknown to the URL standard keeps its host as opaque text, so that it is read once more here.
    match Host::parse(host) {
        Ok(Host::Domain(name)) => name == "localhost",
        Ok(Host::Ipv4(address)) => address.is_loopback(),
        Ok(Host::Ipv6(address)) => address.is_loopback(),
        Err(_) => host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback()),
    }
}

fn decoded(text: &str) -> Result<String, SmtpAddressError> {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| SmtpAddressError::Encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(setting: &str) -> SmtpAddress {
        SmtpAddress::parse(setting).unwrap()
    }

    #[test]
    fn the_scheme_decides_how_the_way_is_protected() {
        for (setting, port, security) in [
            ("smtp://mail.example.com", 587, Security::StartTls),
            ("smtp://mail.example.com:2525/", 2525, Security::StartTls),
            ("smtps://mail.example.com", 465, Security::Tls),
            ("smtps://127.0.0.1:465", 465, Security::Tls),
            ("smtp://127.0.0.1:1025", 1025, Security::Loopback),
            ("smtp://localhost:25", 25, Security::Loopback),
            ("smtp://[::1]:25", 25, Security::Loopback),
            ("smtp://10.0.0.1:25", 25, Security::StartTls),
            ("smtp://localhost.example.com", 587, Security::StartTls),
        ] {
            let address = parse(setting);
            assert_eq!(
                (address.port, address.security),
                (port, security),
                "{setting}"
            );
        }
        assert_eq!(parse("smtp://[::1]:25").host, "::1");
    }

    #[test]
    fn user_and_password_are_percent_decoded() {
        let address = parse("smtps://mail%40example.com:p%3Aw%2F%C3%A9@mail.example.com");
        assert_eq!(
            address.credentials,
            Some(Credentials::new("mail@example.com".into(), "p:w/é".into()))
        );
    }

    #[test]
    fn what_cannot_be_used_says_why_and_never_repeats_the_password() {
        for (setting, error) in [
            ("mail.example.com:25", SmtpAddressError::Scheme),
            ("nonsense", SmtpAddressError::Syntax),
            ("https://mail.example.com", SmtpAddressError::Scheme),
            ("smtp://", SmtpAddressError::Host),
            (
                "smtp://user@mail.example.com",
                SmtpAddressError::Credentials,
            ),
            (
                "smtp://user:secret@mail.example.com/path",
                SmtpAddressError::Trailing,
            ),
            (
                "smtp://user:se%ffcret@mail.example.com",
                SmtpAddressError::Encoding,
            ),
        ] {
            let found = SmtpAddress::parse(setting).unwrap_err();
            assert_eq!(found, error, "{setting}");
            assert!(!found.to_string().contains("cret"));
        }
        assert!(!format!("{:?}", parse("smtp://user:secret@mail.example.com")).contains("secret"));
    }
}
