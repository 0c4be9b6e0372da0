//! The one table of settings: names, defaults and what they mean. The reference in
//! `docs/settings.md` is made from it.

/// A setting. Its environment variable is `VOUCHKEY_` and the name in upper case, its flag the
/// name with hyphens, on commands that have it.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The key in `vouchkey.toml`, if it may stand there.
    pub name: &'static str,
    /// What it can be, with its range.
    pub values: &'static str,
    /// Whether its value must not be shown.
    pub is_secret: bool,
    /// The version that brought it.
    pub since: &'static str,
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

    /// Whether it may stand in `vouchkey.toml`: not the folder where that file is looked for.
    pub fn is_key_of_file(&self) -> bool {
        self.name != "data"
    }

    /// Its flag, without the hyphens before it.
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }
}

/// All settings, in the order of the reference.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "listen",
        values: "an address and a port",
        is_secret: false,
        since: "0.1.0",
        default: "`127.0.0.1:8080`",
        meaning: "The address and port to listen on. Port 0 picks a free one.",
    },
    Setting {
        name: "public_url",
        values: "`http://` or `https://`, host and port",
        is_secret: false,
        since: "0.1.0",
        default: "`http://` and the address that was bound",
        meaning: "The address under which applicants and admins reach the server: scheme, host and port, no path. Every link, QR code and e-mail is built from it.",
    },
    Setting {
        name: "data",
        values: "a folder",
        is_secret: false,
        since: "0.1.0",
        default: "`./vouchkey-data`",
        meaning: "The data folder, made with mode 0700. Holds the SQLite database, the root keys and `vouchkey.toml`.",
    },
    Setting {
        name: "database_url",
        values: "`sqlite://FILE` or `postgres://…`",
        is_secret: true,
        since: "0.1.0",
        default: "SQLite in the data folder",
        meaning: "The database: `sqlite://FILE`, or `postgres://…` for PostgreSQL. A password in it is safe in the environment and in the file; on the command line `ps` shows it to every user of the machine. Over a network end it in `?sslmode=verify-full&sslrootcert=FILE` ([PostgreSQL over a network](operations.md#postgresql-over-a-network)).",
    },
    Setting {
        name: "shared_commits",
        values: "`on` or `off`",
        is_secret: false,
        since: "0.1.0",
        default: "`on`",
        meaning: "Whether writes that wait together share a commit. `off` gives each its own, which only serves to measure the difference.",
    },
    Setting {
        name: "root_key",
        values: "32 bytes in base64, or several with commas",
        is_secret: true,
        since: "0.1.0",
        default: "the root key file",
        meaning: "The root key: 32 bytes in base64. It opens everything that is sealed at rest; without it the database cannot be read. Several with commas: the first seals, all open ([root keys](operations.md#root-keys)).",
    },
    Setting {
        name: "root_key_file",
        values: "a file",
        is_secret: false,
        since: "0.1.0",
        default: "`root.key` in the data folder",
        meaning: "A file that holds the root key, or several, one a line, of which the first seals; mode 0600. Made on the first start. Keep a copy where the database's copies are not.",
    },
    Setting {
        name: "smtp_url",
        values: "`smtp://…` or `smtps://…`",
        is_secret: true,
        since: "0.1.0",
        default: "none: mail lands in the mailbox that the dashboard shows",
        meaning: "The SMTP server: `smtp[s]://user:password@host:port`, percent-encoded. `smtp` demands STARTTLS and `smtps` TLS, except to loopback.",
    },
    Setting {
        name: "smtp_ca_file",
        values: "a file",
        is_secret: false,
        since: "0.1.0",
        default: "none: public authorities only",
        meaning: "A PEM file of certificates by which the SMTP server is trusted too: of your own authority, or its own. The public authorities are built in; the machine's own list is not read.",
    },
    Setting {
        name: "mail_from",
        values: "an e-mail address",
        is_secret: false,
        since: "0.1.0",
        default: "none; required with `smtp_url`",
        meaning: "The sender's address of invitations. The brand is its display name.",
    },
    Setting {
        name: "rate_limit_requests",
        values: "0 to 4294967295",
        is_secret: false,
        since: "0.1.0",
        default: "`1000`",
        meaning: "Requests a minute that one key, or one signed-in user, may make. 0 for no limit.",
    },
    Setting {
        name: "rate_limit_creates",
        values: "0 to 4294967295",
        is_secret: false,
        since: "0.1.0",
        default: "`300`",
        meaning: "Sessions a minute that one key, or one signed-in user, may create. 0 for no limit.",
    },
    Setting {
        name: "rate_limit_publishable",
        values: "0 to 4294967295",
        is_secret: false,
        since: "0.1.0",
        default: "`10`",
        meaning: "Sessions a minute that one publishable key may create, instead of the limit above. Everybody who visits its pages knows such a key. 0 for no limit.",
    },
    Setting {
        name: "servers",
        values: "1 to 4294967295",
        is_secret: false,
        since: "0.1.0",
        default: "`1`",
        meaning: "How many servers share the callers of this database. Each counts by itself and lets through that part of the limits above, rounded down and at least 1, so that all together keep to them.",
    },
    Setting {
        name: "trusted_proxies",
        values: "addresses or networks",
        is_secret: false,
        since: "0.1.0",
        default: "none",
        meaning: "Addresses or networks of proxies whose `X-Forwarded-For` is believed: a list in the file, with commas elsewhere.",
    },
    Setting {
        name: "metrics_listen",
        values: "an address and a port",
        is_secret: false,
        since: "0.1.0",
        default: "none",
        meaning: "The address and port of a listener of its own for `/metrics`, such as `127.0.0.1:9464`, not that of `listen`. Who reaches it reads how busy the server is; it shows nobody's data.",
    },
    Setting {
        name: "otlp_endpoint",
        values: "an `http://` address",
        is_secret: false,
        since: "0.1.0",
        default: "none",
        meaning: "The OpenTelemetry collector that is sent traces by OTLP over HTTP, such as `http://127.0.0.1:4318`; `/v1/traces` is added. Plain HTTP only: have a collector beside the server.",
    },
];
