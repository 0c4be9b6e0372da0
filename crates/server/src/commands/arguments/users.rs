//! `vouchkey users …`.

use clap::{Args, Subcommand};
use vouchkey_types::email::EmailAddress;
use vouchkey_types::id::OrganizationId;

use super::values::{email, word};
use super::{LinkPlace, Organization, Place};
use crate::config::Flags;
use crate::store::users::Role;

#[derive(Debug, Subcommand)]
pub(in crate::commands) enum UsersCommand {
    /// Add a user; prints the link with which they set a password.
    Create(UserCreateArguments),
    /// List the users of an organization, or of all.
    List(UserListArguments),
    /// Give a user another role, at once.
    Set(UserSetArguments),
    /// Remove a user and sign them out at once; what they did stays, under their id.
    Remove(UserRemoveArguments),
    /// End a user's password and sign them out at once; prints a new link with which they set a password.
    ResetPassword(UserResetArguments),
}

impl UsersCommand {
    pub(in crate::commands) fn flags(&self) -> Flags {
        match self {
            Self::Create(arguments) => arguments.place.flags(),
            Self::List(arguments) => arguments.place.flags(),
            Self::Set(arguments) => arguments.place.flags(),
            Self::Remove(arguments) => arguments.place.flags(),
            Self::ResetPassword(arguments) => arguments.place.flags(),
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::commands) struct UserCreateArguments {
    /// The user's e-mail address.
    #[arg(long, value_parser = email)]
    pub(in crate::commands) email: EmailAddress,
    /// owner, admin, reviewer or viewer.
    #[arg(long, value_parser = word(Role::parse, "owner, admin, reviewer or viewer"))]
    pub(in crate::commands) role: Role,
    #[command(flatten)]
    pub(in crate::commands) organization: Organization,
    #[command(flatten)]
    place: LinkPlace,
}

#[derive(Debug, Args)]
pub(in crate::commands) struct UserListArguments {
    /// Answer in JSON.
    #[arg(long)]
    pub(in crate::commands) json: bool,
    /// Of which organization [default: all]
    #[arg(long, value_name = "ID")]
    pub(in crate::commands) org: Option<OrganizationId>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(in crate::commands) struct UserSetArguments {
    /// The user's e-mail address.
    #[arg(long, value_parser = email)]
    pub(in crate::commands) email: EmailAddress,
    /// owner, admin, reviewer or viewer.
    #[arg(long, value_parser = word(Role::parse, "owner, admin, reviewer or viewer"))]
    pub(in crate::commands) role: Role,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(in crate::commands) struct UserRemoveArguments {
    /// The user's e-mail address.
    #[arg(long, value_parser = email)]
    pub(in crate::commands) email: EmailAddress,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(in crate::commands) struct UserResetArguments {
    /// The user's e-mail address.
    #[arg(long, value_parser = email)]
    pub(in crate::commands) email: EmailAddress,
    #[command(flatten)]
    place: LinkPlace,
}
