//! `vouchkey org …`.

use clap::{Args, Subcommand};
use vouchkey_types::email::EmailAddress;

use super::values::{colour, display_name, email, host, or_empty, origin, scheme, support_url};
use super::{LinkPlace, Organization, Place};

#[derive(Debug, Subcommand)]
pub(in crate::commands) enum OrgCommand {
    /// Add an organization with its workflows and its owner.
    Create(OrgCreateArguments),
    /// List the organizations.
    List(OrgListArguments),
    /// Change an organization's settings; an empty value clears one.
    Set(Box<OrgSetArguments>),
}

#[derive(Debug, Args)]
pub(in crate::commands) struct OrgCreateArguments {
    /// Its name.
    #[arg(long, value_parser = display_name)]
    pub(in crate::commands) name: String,
    /// The owner's e-mail address.
    #[arg(long, value_name = "EMAIL", value_parser = email)]
    pub(in crate::commands) owner: EmailAddress,
    /// Answer in JSON.
    #[arg(long)]
    pub(in crate::commands) json: bool,
    #[command(flatten)]
    pub(in crate::commands) place: LinkPlace,
}

#[derive(Debug, Args)]
pub(in crate::commands) struct OrgListArguments {
    /// Answer in JSON.
    #[arg(long)]
    pub(in crate::commands) json: bool,
    #[command(flatten)]
    pub(in crate::commands) place: Place,
}

#[derive(Debug, Args)]
pub(in crate::commands) struct OrgSetArguments {
    /// Its name.
    #[arg(long, value_parser = display_name)]
    pub(in crate::commands) name: Option<String>,
    /// The brand in its e-mails, instead of its name.
    #[arg(long, value_name = "NAME", value_parser = or_empty(display_name))]
    pub(in crate::commands) email_display_name: Option<String>,
    /// Where applicants get help: an http or https URL.
    #[arg(long, value_name = "URL", value_parser = or_empty(support_url))]
    pub(in crate::commands) support_url: Option<String>,
    /// Hosts to which publishable keys may send applicants, with commas.
    #[arg(long, value_name = "HOSTS", value_delimiter = ',', value_parser = or_empty(host))]
    pub(in crate::commands) redirect_hosts: Option<Vec<String>>,
    /// Schemes of its apps that `redirect_url` may have, with commas.
    #[arg(long, value_name = "SCHEMES", value_delimiter = ',', value_parser = or_empty(scheme))]
    pub(in crate::commands) allowed_redirect_schemes: Option<Vec<String>>,
    /// Origins that may embed its hosted pages, with commas.
    #[arg(long, value_name = "ORIGINS", value_delimiter = ',', value_parser = or_empty(origin))]
    pub(in crate::commands) embed_origins: Option<Vec<String>>,
    /// The colour of the button on its hosted pages: #rrggbb.
    #[arg(long, value_name = "COLOUR", value_parser = or_empty(colour))]
    pub(in crate::commands) accent_colour: Option<String>,
    #[command(flatten)]
    pub(in crate::commands) organization: Organization,
    #[command(flatten)]
    pub(in crate::commands) place: Place,
}
