//! `vouchkey keys …`.

use clap::{Args, Subcommand};
use ipnet::IpNet;
use vouchkey_types::api_key::{Environment, KeyKind};
use vouchkey_types::date::parse_utc;
use vouchkey_types::id::KeyId;
use vouchkey_types::inflection::Inflection;
use vouchkey_types::scope::ScopeSet;
use vouchkey_types::version::ApiVersion;

use super::values::{display_name, or_empty, scopes, word};
use super::{Organization, Place};
use crate::config::parse_network;
use crate::http::origin::Origin;

#[derive(Debug, Subcommand)]
pub(in crate::commands) enum KeysCommand {
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
    pub(in crate::commands) fn place(&self) -> &Place {
        match self {
            Self::Create(arguments) => &arguments.place,
            Self::List(arguments) => &arguments.place,
            Self::Expire(arguments) => &arguments.place,
            Self::RotateRoot(arguments) => &arguments.place,
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::commands) struct KeyCreateArguments {
    /// live or sandbox.
    #[arg(long, default_value = "sandbox", value_parser = word(Environment::parse, "live or sandbox"))]
    pub(in crate::commands) environment: Environment,
    /// secret, for servers, or publishable, for web pages: such a key may only create, from its origins.
    #[arg(long, default_value = "secret", value_parser = word(KeyKind::parse, "secret or publishable"))]
    pub(in crate::commands) kind: KeyKind,
    /// Origins of the pages that may use a publishable key, with commas: scheme, host and port.
    #[arg(long, value_name = "ORIGINS", value_delimiter = ',', value_parser = Origin::parse)]
    pub(in crate::commands) origins: Vec<Origin>,
    /// What a secret key may do, with commas [default: the five of everyday use]
    #[arg(long, value_parser = scopes)]
    pub(in crate::commands) scopes: Option<ScopeSet>,
    /// What the key is called.
    #[arg(long, default_value = "", value_parser = or_empty(display_name))]
    pub(in crate::commands) label: String,
    /// The API version of requests that name none.
    #[arg(long, default_value = ApiVersion::LATEST.as_str(), value_parser = word(ApiVersion::parse, "2026-01-01 or 2026-02-01"))]
    pub(in crate::commands) api_version: ApiVersion,
    /// The casing of answers to requests that name none: snake, camel or kebab.
    #[arg(long, default_value = "snake", value_parser = word(Inflection::parse, "snake, camel or kebab"))]
    pub(in crate::commands) inflection: Inflection,
    /// Addresses or networks from which the key may be used, with commas [default: all]
    #[arg(long, value_delimiter = ',', value_parser = parse_network)]
    pub(in crate::commands) allowed_ips: Vec<IpNet>,
    /// When the key ends: 2026-12-31T12:00:00Z, or a date [default: never]
    #[arg(long, value_name = "TIME", value_parser = word(parse_utc, "a time such as 2026-12-31T12:00:00Z, or a date"))]
    pub(in crate::commands) expires_at: Option<i64>,
    /// Answer in JSON.
    #[arg(long)]
    pub(in crate::commands) json: bool,
    #[command(flatten)]
    pub(in crate::commands) organization: Organization,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(in crate::commands) struct KeyListArguments {
    /// Answer in JSON.
    #[arg(long)]
    pub(in crate::commands) json: bool,
    #[command(flatten)]
    pub(in crate::commands) organization: Organization,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(in crate::commands) struct KeyExpireArguments {
    /// The key's id, key_…
    pub(in crate::commands) id: KeyId,
    #[command(flatten)]
    pub(in crate::commands) organization: Organization,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(in crate::commands) struct RotateRootArguments {
    /// Only put a new key into the root key file, to be copied to other machines before it is used.
    #[arg(long)]
    pub(in crate::commands) prepare: bool,
    /// Take the older keys out of use, and out of the file; refused while anything is sealed with one of them.
    #[arg(long, conflicts_with = "prepare")]
    pub(in crate::commands) retire: bool,
    /// Answer in JSON.
    #[arg(long)]
    pub(in crate::commands) json: bool,
    #[command(flatten)]
    place: Place,
}
