//! Whether somebody between this program and PostgreSQL can read or change what is said.

use std::fmt;
use std::net::IpAddr;

use secrecy::ExposeSecret as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::config::DatabaseConfig;

/// A way through a network on which the server is not sure to be the right one. Shown, it says so and what to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenWay {
    host: String,
    mode: Mode,
}

/// What `sslmode` asks for where it is too little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// `disable` and `allow`: no TLS.
    Clear,
    /// `prefer`, which is the default: TLS if the server offers it.
    Prefer,
    /// `require`: TLS with anybody.
    Require,
    /// `verify-ca`: any name. The driver trusts the public authorities beside `sslrootcert`, and those certify everybody.
    AnyName,
}

impl OpenWay {
    /// Looks at where the settings lead; none if the way is safe: a file, a socket, loopback, or a certificate that is
    /// looked at.
    pub fn of(database: &DatabaseConfig) -> Option<Self> {
        let url = database.url.as_ref()?.expose_secret();
        if !url.starts_with("postgres") {
            return None;
        }
        // A URL that cannot be read is said elsewhere.
        let options: PgConnectOptions = url.parse().ok()?;
        let host = options.get_host();
        if options.get_socket().is_some() || host.starts_with('/') || is_loopback(host) {
            return None;
        }
        let mode = match options.get_ssl_mode() {
            PgSslMode::VerifyFull => return None,
            PgSslMode::VerifyCa => Mode::AnyName,
            PgSslMode::Require => Mode::Require,
            PgSslMode::Prefer => Mode::Prefer,
            PgSslMode::Disable | PgSslMode::Allow => Mode::Clear,
        };
        Some(Self {
            host: host.to_owned(),
            mode,
        })
    }
}

impl fmt::Display for OpenWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let risk = match self.mode {
            Mode::Clear => "goes in clear: others on the way can read and change all of it",
            Mode::Prefer => {
                "is in clear if its TLS is off or somebody on the way takes it out, and nobody looks at its certificate"
            }
            Mode::Require => {
                "is encrypted, but nobody looks at the certificate: somebody on the way can pass for it"
            }
            Mode::AnyName => {
                "takes a certificate for any name: whoever has one of a public authority can pass for it"
            }
        };
        write!(
            f,
            "the way to PostgreSQL at {} {risk}; add ?sslmode=verify-full&sslrootcert=FILE to VOUCHKEY_DATABASE_URL, where \
             FILE is the PEM of its authority, or leave sslrootcert out for a public one",
            self.host
        )
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_network_without_a_certificate_that_is_looked_at_is_open() {
        let all = "sslmode=verify-full&sslrootcert=/etc/vouchkey/ca.pem";
        for (url, mode) in [
            ("sqlite:///srv/vouchkey.db".to_owned(), None),
            ("postgres://a:b@localhost/v".to_owned(), None),
            ("postgres://a:b@127.0.0.1:5433/v".to_owned(), None),
            ("postgresql://a:b@[::1]/v".to_owned(), None),
            ("postgres://a:b@%2Fvar%2Frun/v".to_owned(), None),
            ("postgres://a@/v?host=/var/run/postgresql".to_owned(), None),
            (format!("postgres://a:b@db.example.com/v?{all}"), None),
            (format!("postgres://a:b@10.0.0.5/v?{all}"), None),
            (
                "postgres://a:b@db.example.com/v".to_owned(),
                Some(Mode::Prefer),
            ),
            (
                "postgresql://a:b@[2001:db8::1]/v".to_owned(),
                Some(Mode::Prefer),
            ),
            (
                "postgres://a:b@localhost.example.com/v?sslmode=disable".to_owned(),
                Some(Mode::Clear),
            ),
            (
                "postgres://a:b@localhost/v?host=10.0.0.5&sslmode=allow".to_owned(),
                Some(Mode::Clear),
            ),
            (
                "postgres://a:b@10.0.0.5/v?sslmode=require".to_owned(),
                Some(Mode::Require),
            ),
            (
                "postgres://a:b@10.0.0.5/v?sslmode=verify-ca".to_owned(),
                Some(Mode::AnyName),
            ),
        ] {
            let database = DatabaseConfig {
                url: Some(url.as_str().into()),
                ..DatabaseConfig::default()
            };
            let way = OpenWay::of(&database);
            assert_eq!(way.as_ref().map(|way| way.mode), mode, "{url}");
            if let Some(said) = way.map(|way| way.to_string()) {
                assert!(said.contains("sslmode=verify-full"), "{said}");
                assert!(!said.contains("a:b"), "{said}");
            }
        }
        assert_eq!(OpenWay::of(&DatabaseConfig::default()), None);
    }
}
