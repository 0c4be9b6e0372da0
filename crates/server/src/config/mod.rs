//! Every setting, in documented structs, one a concern.
//!
//! A setting comes from a flag, else the environment, else `vouchkey.toml`, else its default. They
//! are read once, at the start; what cannot be read stops it with the setting's name.

mod environment;
mod listeners;
mod log_filter;
mod masked;
mod public_url;
mod settings;
mod sources;

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use secrecy::SecretString;
use vouchkey_types::email::EmailAddress;

pub use environment::UnknownVariable;
pub use log_filter::log_filter;
pub use public_url::PublicUrl;
pub use settings::{SETTINGS, Setting};
pub use sources::{ConfigError, Flags, Given};

use sources::Sources;

use crate::invitations::{MailAuthorities, Smtp, SmtpAddress};
use crate::telemetry::OtlpEndpoint;
use crate::{store, vault};

/// All settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// The API, the dashboard and the hosted pages.
    pub http: HttpConfig,
    /// The data folder.
    pub data: DataConfig,
    /// The database.
    pub database: DatabaseConfig,
    /// Invitations.
    pub mail: MailConfig,
    /// Rate limits.
    pub limits: LimitConfig,
    /// What the server tells of its own work.
    pub telemetry: TelemetryConfig,
    /// The key above all keys.
    pub root_key: RootKeySource,
}

/// Where the server listens and how it is reached.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// The address to bind; port 0 picks a free one.
    pub listen: SocketAddr,
    /// What every link, QR code and e-mail is built from. By default the address that was bound.
    pub public_url: Option<PublicUrl>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

/// Where the server keeps its own files.
#[derive(Debug, Clone)]
pub struct DataConfig {
    /// The data folder, made with mode 0700.
    pub folder: PathBuf,
}

/// Which database is used.
#[derive(Debug, Clone, Default)]
pub struct DatabaseConfig {
    /// `postgres://…` or `sqlite://FILE`; by default SQLite in the data folder. Secret, as it may hold a password.
    pub url: Option<SecretString>,
    /// Whether each write has a commit of its own, to measure what sharing one is worth.
    pub commit_each: bool,
}

/// The sender that the embedded mailbox shows where none is configured.
const MAILBOX_FROM: &str = "no-reply@localhost";

/// How invitations leave.
#[derive(Debug, Clone)]
pub enum MailConfig {
    /// They land in the mailbox that the dashboard shows.
    Mailbox {
        /// The sender's address that the mailbox shows.
        from: String,
    },
    /// They are handed to an SMTP server.
    Smtp {
        /// Which one.
        server: Smtp,
        /// The sender's address.
        from: EmailAddress,
    },
}

impl MailConfig {
    /// The embedded mailbox, with the sender's address that it shows.
    pub fn mailbox(from: Option<EmailAddress>) -> Self {
        let from = from.map_or_else(|| MAILBOX_FROM.to_owned(), |from| from.as_str().to_owned());
        Self::Mailbox { from }
    }

    /// The sender's address that the embedded mailbox shows; none if invitations leave by a server.
    pub fn mailbox_from(&self) -> Option<&str> {
        match self {
            Self::Mailbox { from } => Some(from),
            Self::Smtp { .. } => None,
        }
    }
}

/// Rate limits of one key, or of one signed-in user, in this process (decision 16): the share that the number of
/// servers leaves to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitConfig {
    /// Requests a minute; 0 for no limit.
    pub requests_per_minute: u32,
    /// Creations a minute; 0 for no limit.
    pub creates_per_minute: u32,
    /// Creations a minute by one publishable key; 0 for no limit.
    pub publishable_creates_per_minute: u32,
}

/// What the server tells of its own work, and to whom.
#[derive(Debug, Clone, Default)]
pub struct TelemetryConfig {
    /// Where `/metrics` listens, for itself; nowhere by default. Port 0 picks a free one.
    pub metrics_listen: Option<SocketAddr>,
    /// Which collector is sent traces; none by default.
    pub otlp_endpoint: Option<OtlpEndpoint>,
}

/// Where the root key is, which opens everything that is sealed (decision 25).
#[derive(Debug, Clone)]
pub enum RootKeySource {
    /// The key itself, or several: each 32 bytes in base64.
    Value(SecretString),
    /// A file that holds them, mode 0600; made on the first start.
    File(PathBuf),
}

impl Config {
    /// Reads all settings: `flags` before the environment before the file before the defaults.
    ///
    /// # Errors
    /// What cannot be read, by the name under which it was given. Never repeats a secret.
    pub fn load(flags: &Flags) -> Result<Self, ConfigError> {
        Self::read(flags, |name| std::env::var(name).ok()).map(|(config, _)| config)
    }

    /// What was given for each setting and where, secrets hidden.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn given(flags: &Flags) -> Result<Vec<Given>, ConfigError> {
        Self::read(flags, |name| std::env::var(name).ok()).map(|(_, sources)| sources.given())
    }

    fn read(
        flags: &Flags,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<(Self, Sources), ConfigError> {
        let sources = Sources::read(flags, variable)?;
        let config = Self::from_sources(&sources)?;
        if flags.are_of_server {
            listeners::check(&config, &sources)?;
        }
        Ok((config, sources))
    }

    /// The variables of the environment that look like settings and are none.
    pub fn unknown_variables() -> Vec<UnknownVariable> {
        environment::unknown(std::env::vars_os())
    }

    fn from_sources(sources: &Sources) -> Result<Self, ConfigError> {
        let folder = sources.parse("data", |text| Ok(PathBuf::from(text)))?;
        let folder = folder.unwrap_or_else(|| PathBuf::from("vouchkey-data"));
        let servers = sources
            .parse("servers", servers)?
            .unwrap_or(NonZeroU32::MIN);
        let root_key_file = sources.parse("root_key_file", |text| Ok(PathBuf::from(text)))?;
        let root_key = sources.parse("root_key", root_keys)?.map_or_else(
            || RootKeySource::File(root_key_file.unwrap_or_else(|| folder.join("root.key"))),
            RootKeySource::Value,
        );
        Ok(Self {
            http: HttpConfig {
                listen: sources
                    .parse("listen", listeners::address)?
                    .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
                public_url: sources.parse("public_url", PublicUrl::parse)?,
                trusted_proxies: sources
                    .parse("trusted_proxies", networks)?
                    .unwrap_or_default(),
            },
            mail: mail(sources)?,
            limits: LimitConfig {
                requests_per_minute: share(
                    sources
                        .parse("rate_limit_requests", count)?
                        .unwrap_or(1_000),
                    servers,
                ),
                creates_per_minute: share(
                    sources.parse("rate_limit_creates", count)?.unwrap_or(300),
                    servers,
                ),
                publishable_creates_per_minute: share(
                    sources
                        .parse("rate_limit_publishable", count)?
                        .unwrap_or(10),
                    servers,
                ),
            },
            database: DatabaseConfig {
                url: sources.parse("database_url", database_url)?,
                commit_each: !sources.parse("shared_commits", switch)?.unwrap_or(true),
            },
            data: DataConfig { folder },
            telemetry: TelemetryConfig {
                metrics_listen: sources.parse("metrics_listen", listeners::address)?,
                otlp_endpoint: sources.parse("otlp_endpoint", otlp_endpoint)?,
            },
            root_key,
        })
    }
}

fn database_url(text: &str) -> Result<SecretString, String> {
    let url = SecretString::from(text);
    store::check_url(&url).map_err(|error| error.to_string())?;
    Ok(url)
}

fn root_keys(text: &str) -> Result<SecretString, String> {
    vault::check_root_keys(text)?;
    Ok(text.into())
}

fn mail(sources: &Sources) -> Result<MailConfig, ConfigError> {
    let from = sources.parse("mail_from", |text| {
        EmailAddress::parse(text).map_err(|fault| fault.message.into_owned())
    })?;
    let smtp = sources.parse("smtp_url", |text| {
        SmtpAddress::parse(text).map_err(|error| error.to_string())
    })?;
    let authorities = sources.parse("smtp_ca_file", |text| {
        MailAuthorities::read(Path::new(text)).map_err(|error| error.to_string())
    })?;
    match (smtp, from) {
        (None, from) => Ok(MailConfig::mailbox(from)),
        (Some(address), Some(from)) => Ok(MailConfig::Smtp {
            server: Smtp::new(address, authorities.unwrap_or_default()),
            from,
        }),
        (Some(_), None) => Err(ConfigError::new(
            "VOUCHKEY_MAIL_FROM",
            "is required with VOUCHKEY_SMTP_URL: the address that invitations come from",
        )),
    }
}

/// What one of several servers lets through, so that all of them together do not exceed the limit. 0 is no limit, and
/// stays so; a limit is never shared out to nothing.
fn share(limit: u32, servers: NonZeroU32) -> u32 {
    match limit {
        0 => 0,
        limit => (limit / servers).max(1),
    }
}

fn servers(text: &str) -> Result<NonZeroU32, String> {
    text.parse()
        .map_err(|_| format!("must be a whole number from 1 to {}", u32::MAX))
}

/// OpenTelemetry's `OTEL_EXPORTER_OTLP_ENDPOINT` is a base to which the path of traces is added, and so is this.
fn otlp_endpoint(text: &str) -> Result<OtlpEndpoint, String> {
    let endpoint = OtlpEndpoint::parse(text)?;
    match endpoint.to_string().strip_suffix("/v1/traces") {
        Some(base) => Err(format!(
            "must be the collector's address without /v1/traces, which is added: write {base}"
        )),
        None => Ok(endpoint),
    }
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("must be on or off".to_owned()),
    }
}

fn count(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| {
        format!(
            "must be a whole number from 0 to {}, 0 for no limit",
            u32::MAX
        )
    })
}

fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(parse_network)
        .collect()
}

/// Reads an address or a network, such as `192.0.2.7` or `10.0.0.0/8`.
///
/// # Errors
/// What would be right.
pub fn parse_network(text: &str) -> Result<IpNet, String> {
    text.parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "must be addresses or networks, such as 192.0.2.7 or 10.0.0.0/8".to_owned())
}

#[cfg(test)]
mod tests;
