//! The one table of settings: names, defaults and what they mean. The reference in
//! `docs/settings.md` is made from it.

use std::fmt::Write as _;

/// A setting. Its environment variable is `VOUCHKEY_` and the name in upper case, its flag the
/// name with hyphens.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The key in `vouchkey.toml`.
    pub name: &'static str,
    /// Which commands take it as a flag; secrets none, since everybody on a machine sees flags.
    pub flag: Option<&'static str>,
    /// Whether its value may be shown.
    pub is_secret: bool,
    /// The default as the reference shows it.
    pub default: &'static str,
    /// What it does.
    pub meaning: &'static str,
}

impl Setting {
    /// Its environment variable.
    pub fn variable(&self) -> String {
        format!("VOUCHKEY_{}", self.name.to_ascii_uppercase())
    }
}

/// All settings, in the order of the reference.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "listen",
        flag: Some("`serve`"),
        is_secret: false,
        default: "`127.0.0.1:8080`",
        meaning: "The address and port to listen on. Port 0 picks a free one.",
    },
    Setting {
        name: "public_url",
        flag: Some("`serve` and commands that print links"),
        is_secret: false,
        default: "`http://` and the address that was bound",
        meaning: "The address under which applicants and admins reach the server: scheme, host and port, no path. Every link, QR code and e-mail is built from it.",
    },
    Setting {
        name: "data",
        flag: Some("all"),
        is_secret: false,
        default: "`./vouchkey-data`",
        meaning: "The data folder, made with mode 0700. Holds the SQLite database, the root key and `vouchkey.toml`.",
    },
    Setting {
        name: "database_url",
        flag: Some("all"),
        is_secret: true,
        default: "SQLite in the data folder",
        meaning: "The database: `sqlite://FILE`, or `postgres://…` for PostgreSQL.",
    },
    Setting {
        name: "shared_commits",
        flag: None,
        is_secret: false,
        default: "`on`",
        meaning: "Whether writes that wait together share a commit. `off` gives each its own, which only serves to measure the difference.",
    },
    Setting {
        name: "root_key",
        flag: None,
        is_secret: true,
        default: "the root key file",
        meaning: "The root key: 32 bytes in base64. It opens everything that is sealed at rest; without it the database cannot be read. Several with commas: the first seals, all open ([root keys](operations.md#root-keys)).",
    },
    Setting {
        name: "root_key_file",
        flag: None,
        is_secret: false,
        default: "`root.key` in the data folder",
        meaning: "A file that holds the root key, or several, one a line, of which the first seals; mode 0600. Made on the first start. Keep a copy where the database's copies are not.",
    },
    Setting {
        name: "smtp_url",
        flag: None,
        is_secret: true,
        default: "none: mail lands in the mailbox that the dashboard shows",
        meaning: "The SMTP server: `smtp[s]://user:password@host:port`, percent-encoded. `smtp` demands STARTTLS and `smtps` TLS, except to loopback.",
    },
    Setting {
        name: "mail_from",
        flag: None,
        is_secret: false,
        default: "none; required with `smtp_url`",
        meaning: "The sender's address of invitations. The brand is its display name.",
    },
    Setting {
        name: "rate_limit_requests",
        flag: None,
        is_secret: false,
        default: "`1000`",
        meaning: "Requests a minute that one key, or one signed-in user, may make. 0 for no limit.",
    },
    Setting {
        name: "rate_limit_creates",
        flag: None,
        is_secret: false,
        default: "`300`",
        meaning: "Sessions a minute that one key, or one signed-in user, may create. 0 for no limit.",
    },
    Setting {
        name: "rate_limit_publishable",
        flag: None,
        is_secret: false,
        default: "`10`",
        meaning: "Sessions a minute that one publishable key may create, instead of the limit above. Everybody who visits its pages knows such a key. 0 for no limit.",
    },
    Setting {
        name: "servers",
        flag: None,
        is_secret: false,
        default: "`1`",
        meaning: "How many servers share the callers of this database. Each counts by itself and lets through that part of the limits above, rounded down and at least 1, so that all together keep to them.",
    },
    Setting {
        name: "trusted_proxies",
        flag: None,
        is_secret: false,
        default: "none",
        meaning: "Addresses or networks of proxies whose `X-Forwarded-For` is believed: a list in the file, with commas elsewhere.",
    },
    Setting {
        name: "metrics_listen",
        flag: None,
        is_secret: false,
        default: "none",
        meaning: "The address and port of a listener of its own for `/metrics`, such as `127.0.0.1:9464`. Who reaches it reads how busy the server is; it shows nobody's data.",
    },
    Setting {
        name: "otlp_endpoint",
        flag: None,
        is_secret: false,
        default: "none",
        meaning: "The OpenTelemetry collector that is sent traces by OTLP over HTTP, such as `http://127.0.0.1:4318`. Plain HTTP only: have a collector beside the server.",
    },
];

/// The reference of all settings, in Markdown: `docs/settings.md`.
pub fn reference() -> String {
    let mut text = String::from(
        "# Settings\n\n\
         <!-- Made from the code by a test of the server: run it with UPDATE_DOCS=1 to refresh this file. -->\n\n\
         Each setting is an environment variable and a key of `vouchkey.toml`, which lies in the data folder or where \
         `--config` says; some are flags too. A flag wins over the environment, and that over the file. An unknown key in \
         the file, or a value that cannot be read, stops the start and is named. A file that holds a secret must have \
         mode 0600, or 0640 if root owns it. `RUST_LOG` sets what is logged; `vouchkey check-config` shows what would run.\n\n\
         | `vouchkey.toml` | environment | flag of | default | meaning |\n| --- | --- | --- | --- | --- |\n",
    );
    for setting in SETTINGS {
        let flag = setting.flag.map_or_else(String::new, |commands| {
            format!("`--{}`: {commands}", setting.name.replace('_', "-"))
        });
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| `{}` | `{}` | {flag} | {} | {} |",
            setting.name,
            setting.variable(),
            setting.default,
            setting.meaning
        );
    }
    text
}
