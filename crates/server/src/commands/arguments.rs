//! What can be typed: commands, flags and their forms.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use ipnet::IpNet;
use secrecy::SecretString;
use vouchkey_types::api_key::{Environment, KeyKind};
use vouchkey_types::date::parse_utc;
use vouchkey_types::email::EmailAddress;
use vouchkey_types::id::{KeyId, OrganizationId};
use vouchkey_types::inflection::Inflection;
use vouchkey_types::limits::MAX_DISPLAY_NAME_CHARS;
use vouchkey_types::scope::{Scope, ScopeSet};
use vouchkey_types::text;
use vouchkey_types::version::ApiVersion;
use vouchkey_types::web_url::{FORBIDDEN_SCHEMES, WebUrl, is_host, is_scheme};

use crate::config::{Flags, PublicUrl, parse_network};
use crate::http::origin::Origin;
use crate::store::users::Role;

/// A self-hosted verification-session server.
#[derive(Debug, Parser)]
#[command(name = "vouchkey", version, propagate_version = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the server.
    Serve(ServeArguments),
    /// Set an installation up: an organization, its workflows and its owner.
    Init(InitArguments),
    /// Organizations.
    Org {
        #[command(subcommand)]
        command: OrgCommand,
    },
    /// API keys.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Users of the dashboard.
    Users {
        #[command(subcommand)]
        command: UsersCommand,
    },
    /// Show what would run, secrets hidden.
    CheckConfig(ServeArguments),
    /// Look at an installation and say what to mend; changes nothing.
    Doctor(DoctorArguments),
    /// Write the manual pages of all commands into a folder.
    #[command(hide = true)]
    Manual {
        /// The folder; it must be there.
        folder: PathBuf,
    },
    /// Bring the database's schema up to date; `serve` does it too.
    Migrate(MigrateArguments),
    /// Copy the SQLite database into one file, while servers run; the root key is not in it.
    Backup(BackupArguments),
    /// Put a backup into an empty data folder.
    Restore(RestoreArguments),
    /// Move an installation from SQLite to PostgreSQL, or back; run again, it goes on where it was.
    Transfer(TransferArguments),
}

/// Where the installation is.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// The data folder [default: ./vouchkey-data]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// The database: `sqlite://FILE` or `postgres://…` [default: SQLite in the data folder]
    #[arg(long, value_name = "URL")]
    database_url: Option<SecretString>,
    /// The settings file [default: vouchkey.toml in the data folder]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Place {
    pub(super) fn flags(&self) -> Flags {
        Flags {
            config: self.config.clone(),
            data: self.data.clone(),
            database_url: self.database_url.clone(),
            ..Flags::default()
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct BackupArguments {
    /// The file to make.
    pub(super) file: PathBuf,
    /// Replace the file if it is there.
    #[arg(long)]
    pub(super) overwrite: bool,
    /// Answer in JSON.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) place: Place,
}

#[derive(Debug, Args)]
pub(super) struct TransferArguments {
    /// The database that holds the installation; no server may use it meanwhile.
    #[arg(long, value_name = "URL")]
    pub(super) from: SecretString,
    /// An empty database of the other engine.
    #[arg(long, value_name = "URL")]
    pub(super) to: SecretString,
    /// Rows that share a commit, and are held in memory.
    #[arg(long, value_name = "ROWS", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) batch: u32,
    /// Answer in JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArguments {
    /// What `backup` made.
    pub(super) file: PathBuf,
    /// Answer in JSON.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) place: Place,
}

/// Where the installation is, and how people reach it.
#[derive(Debug, Args)]
pub(super) struct LinkPlace {
    #[command(flatten)]
    place: Place,
    /// The address that printed links begin with [default: that of the running server]
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

impl LinkPlace {
    pub(super) fn flags(&self) -> Flags {
        Flags {
            public_url: self.public_url.clone(),
            ..self.place.flags()
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct ServeArguments {
    #[command(flatten)]
    place: LinkPlace,
    /// The address and port to listen on; port 0 picks a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
}

impl ServeArguments {
    pub(super) fn flags(&self) -> Flags {
        Flags {
            listen: self.listen.clone(),
            ..self.place.flags()
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct DoctorArguments {
    /// Leave out what reads the whole database.
    #[arg(long)]
    pub(super) quick: bool,
    /// Answer in JSON.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    server: ServeArguments,
}

impl DoctorArguments {
    pub(super) fn flags(&self) -> Flags {
        self.server.flags()
    }
}

#[derive(Debug, Args)]
pub(super) struct MigrateArguments {
    /// Answer in JSON.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) place: Place,
}

#[derive(Debug, Args)]
pub(super) struct InitArguments {
    /// The owner's e-mail address.
    #[arg(long, value_name = "EMAIL", value_parser = email)]
    pub(super) owner: EmailAddress,
    /// The organization's name.
    #[arg(long, value_name = "NAME", default_value = "Example", value_parser = display_name)]
    pub(super) organization: String,
    /// Answer in JSON.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) place: LinkPlace,
}

#[derive(Debug, Subcommand)]
pub(super) enum OrgCommand {
    /// Add an organization with its workflows and its owner.
    Create(OrgCreateArguments),
    /// Change an organization's settings; an empty value clears one.
    Set(Box<OrgSetArguments>),
}

#[derive(Debug, Args)]
pub(super) struct OrgCreateArguments {
    /// Its name.
    #[arg(long, value_parser = display_name)]
    pub(super) name: String,
    /// The owner's e-mail address.
    #[arg(long, value_name = "EMAIL", value_parser = email)]
    pub(super) owner: EmailAddress,
    /// Answer in JSON.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) place: LinkPlace,
}

#[derive(Debug, Args)]
pub(super) struct OrgSetArguments {
    /// Its name.
    #[arg(long, value_parser = display_name)]
    pub(super) name: Option<String>,
    /// The brand in its e-mails, instead of its name.
    #[arg(long, value_name = "NAME", value_parser = or_empty(display_name))]
    pub(super) email_display_name: Option<String>,
    /// Where applicants get help: an http or https URL.
    #[arg(long, value_name = "URL", value_parser = or_empty(support_url))]
    pub(super) support_url: Option<String>,
    /// Hosts to which publishable keys may send applicants, with commas.
    #[arg(long, value_name = "HOSTS", value_delimiter = ',', value_parser = or_empty(host))]
    pub(super) redirect_hosts: Option<Vec<String>>,
    /// Schemes of its apps that `redirect_url` may have, with commas.
    #[arg(long, value_name = "SCHEMES", value_delimiter = ',', value_parser = or_empty(scheme))]
    pub(super) allowed_redirect_schemes: Option<Vec<String>>,
    /// Origins that may embed its hosted pages, with commas.
    #[arg(long, value_name = "ORIGINS", value_delimiter = ',', value_parser = or_empty(origin))]
    pub(super) embed_origins: Option<Vec<String>>,
    /// The colour of the button on its hosted pages: #rrggbb.
    #[arg(long, value_name = "COLOUR", value_parser = or_empty(colour))]
    pub(super) accent_colour: Option<String>,
    /// Which organization [default: the only one]
    #[arg(long, value_name = "ID")]
    pub(super) org: Option<OrganizationId>,
    #[command(flatten)]
    pub(super) place: Place,
}

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Make a key; it is shown once.
    Create(Box<KeyCreateArguments>),
    /// List the keys, without their secrets.
    List(KeyListArguments),
    /// End a key at once.
    Expire(KeyExpireArguments),
    /// Replace the root key while servers run; interrupted, it goes on from where it was.
    RotateRoot(RotateRootArguments),
}

impl KeysCommand {
    pub(super) fn place(&self) -> &Place {
        match self {
            Self::Create(arguments) => &arguments.place,
            Self::List(arguments) => &arguments.place,
            Self::Expire(arguments) => &arguments.place,
            Self::RotateRoot(arguments) => &arguments.place,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct KeyCreateArguments {
    /// live or sandbox.
    #[arg(long, default_value = "sandbox", value_parser = word(Environment::parse, "live or sandbox"))]
    pub(super) environment: Environment,
    /// secret, for servers, or publishable, for web pages: such a key may only create, from its origins.
    #[arg(long, default_value = "secret", value_parser = word(KeyKind::parse, "secret or publishable"))]
    pub(super) kind: KeyKind,
    /// Origins of the pages that may use a publishable key, with commas: scheme, host and port.
    #[arg(long, value_name = "ORIGINS", value_delimiter = ',', value_parser = Origin::parse)]
    pub(super) origins: Vec<Origin>,
    /// What a secret key may do, with commas [default: the five of everyday use]
    #[arg(long, value_parser = scopes)]
    pub(super) scopes: Option<ScopeSet>,
    /// What the key is called.
    #[arg(long, default_value = "", value_parser = or_empty(display_name))]
    pub(super) label: String,
    /// The API version of requests that name none.
    #[arg(long, default_value = ApiVersion::LATEST.as_str(), value_parser = word(ApiVersion::parse, "2026-01-01 or 2026-02-01"))]
    pub(super) api_version: ApiVersion,
    /// The casing of answers to requests that name none: snake, camel or kebab.
    #[arg(long, default_value = "snake", value_parser = word(Inflection::parse, "snake, camel or kebab"))]
    pub(super) inflection: Inflection,
    /// Addresses or networks from which the key may be used, with commas [default: all]
    #[arg(long, value_delimiter = ',', value_parser = parse_network)]
    pub(super) allowed_ips: Vec<IpNet>,
    /// When the key ends: 2026-12-31T12:00:00Z, or a date [default: never]
    #[arg(long, value_name = "TIME", value_parser = word(parse_utc, "a time such as 2026-12-31T12:00:00Z, or a date"))]
    pub(super) expires_at: Option<i64>,
    /// Answer in JSON.
    #[arg(long)]
    pub(super) json: bool,
    /// Which organization [default: the only one]
    #[arg(long, value_name = "ID")]
    pub(super) org: Option<OrganizationId>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct KeyListArguments {
    /// Answer in JSON.
    #[arg(long)]
    pub(super) json: bool,
    /// Which organization [default: the only one]
    #[arg(long, value_name = "ID")]
    pub(super) org: Option<OrganizationId>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct KeyExpireArguments {
    /// The key's id, key_…
    pub(super) id: KeyId,
    /// Which organization [default: the only one]
    #[arg(long, value_name = "ID")]
    pub(super) org: Option<OrganizationId>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct RotateRootArguments {
    /// Only put a new key into the root key file, to be copied to other machines before it is used.
    #[arg(long)]
    pub(super) prepare: bool,
    /// Take the older keys out of use, and out of the file; refused while anything is sealed with one of them.
    #[arg(long, conflicts_with = "prepare")]
    pub(super) retire: bool,
    /// Answer in JSON.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Subcommand)]
pub(super) enum UsersCommand {
    /// Add a user; prints the link with which they set a password.
    Create(UserCreateArguments),
    /// Print a new link with which a user sets a password.
    ResetPassword(UserResetArguments),
}

#[derive(Debug, Args)]
pub(super) struct UserCreateArguments {
    /// The user's e-mail address.
    #[arg(long, value_parser = email)]
    pub(super) email: EmailAddress,
    /// owner, admin, reviewer or viewer.
    #[arg(long, value_parser = word(Role::parse, "owner, admin, reviewer or viewer"))]
    pub(super) role: Role,
    /// Which organization [default: the only one]
    #[arg(long, value_name = "ID")]
    pub(super) org: Option<OrganizationId>,
    #[command(flatten)]
    pub(super) place: LinkPlace,
}

#[derive(Debug, Args)]
pub(super) struct UserResetArguments {
    /// The user's e-mail address.
    #[arg(long, value_parser = email)]
    pub(super) email: EmailAddress,
    #[command(flatten)]
    pub(super) place: LinkPlace,
}

/// A parser of one of a few words.
fn word<T>(
    parse: fn(&str) -> Option<T>,
    words: &'static str,
) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| parse(text).ok_or_else(|| format!("must be {words}"))
}

/// A parser that takes the empty text too, which clears a setting.
fn or_empty(
    parse: fn(&str) -> Result<String, String>,
) -> impl Fn(&str) -> Result<String, String> + Clone {
    move |text| {
        if text.is_empty() {
            Ok(String::new())
        } else {
            parse(text)
        }
    }
}

fn email(text: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(text).map_err(|fault| fault.message.into_owned())
}

fn display_name(text: &str) -> Result<String, String> {
    text::check_header_name(text, MAX_DISPLAY_NAME_CHARS)
        .map(str::to_owned)
        .map_err(|fault| fault.message.into_owned())
}

fn support_url(text: &str) -> Result<String, String> {
    WebUrl::parse(text, &[])
        .map(|url| url.as_str().to_owned())
        .map_err(|fault| fault.message.into_owned())
}

fn host(text: &str) -> Result<String, String> {
    is_host(text)
        .then(|| text.to_ascii_lowercase())
        .ok_or_else(|| "must be hosts such as app.example.com".to_owned())
}

fn scheme(text: &str) -> Result<String, String> {
    let lower = text.to_ascii_lowercase();
    if FORBIDDEN_SCHEMES.contains(&lower.as_str()) {
        return Err(format!("{lower} can never be allowed"));
    }
    is_scheme(text)
        .then_some(lower)
        .ok_or_else(|| "must be schemes such as myapp".to_owned())
}

fn origin(text: &str) -> Result<String, String> {
    PublicUrl::parse(text).map(|url| url.to_string())
}

fn colour(text: &str) -> Result<String, String> {
    text.strip_prefix('#')
        .filter(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .map(|_| text.to_ascii_lowercase())
        .ok_or_else(|| "must be a colour such as #0f5fd7".to_owned())
}

fn scopes(text: &str) -> Result<ScopeSet, String> {
    let known = || Scope::ALL.map(Scope::as_str).join(", ");
    let scopes = ScopeSet::parse_list(text)
        .map_err(|word| format!("{word:?} is no scope; there are {}", known()))?;
    if scopes.is_empty() {
        return Err(format!("must name at least one of {}", known()));
    }
    Ok(scopes)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn wrong_usage_is_refused_by_name() {
        for line in [
            "init",
            "init --owner me",
            "keys create --environment test",
            "keys create --scopes sessions:all",
            "keys create --scopes ,",
            "keys create --allowed-ips 10.0.0.0/40",
            "keys create --expires-at tomorrow",
            "keys create --kind public",
            "keys create --kind publishable --origins *",
            "keys create --kind publishable --origins https://a.example,http://b.example",
            "keys create --kind publishable --origins https://a.example/",
            "keys create --kind publishable --origins https://a.example,",
            "keys expire ses_1",
            "users create --email a@b.example --role king",
            "org set --accent-colour blue",
            "org set --allowed-redirect-schemes javascript",
            "org set --embed-origins https://a.example/x",
            "org set --support-url ftp://a.example",
        ] {
            let words = std::iter::once("vouchkey").chain(line.split(' '));
            let error = Cli::try_parse_from(words).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn an_empty_value_clears_a_setting() {
        let words = [
            "vouchkey",
            "org",
            "set",
            "--support-url",
            "",
            "--embed-origins",
            "",
        ];
        assert!(Cli::try_parse_from(words).is_ok());
    }
}
