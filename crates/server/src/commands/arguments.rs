//! What can be typed: commands, flags and their forms.

mod keys;
mod organizations;
mod users;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use secrecy::SecretString;
use vouchkey_types::email::EmailAddress;
use vouchkey_types::id::OrganizationId;

use crate::config::Flags;
use values::{display_name, email};

pub(super) use keys::{
    KeyCreateArguments, KeyExpireArguments, KeyListArguments, KeysCommand, RotateRootArguments,
};
pub(super) use organizations::{OrgCommand, OrgCreateArguments, OrgListArguments, OrgSetArguments};
pub(super) use users::{
    UserCreateArguments, UserListArguments, UserRemoveArguments, UserResetArguments,
    UserSetArguments, UsersCommand,
};

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
    /// Copy the SQLite database into one file, while servers run; the root keys are not in it.
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
    /// The database: `sqlite://FILE` or `postgres://…`. `ps` shows a password in it to others: the environment
    /// (`VOUCHKEY_DATABASE_URL`) or the settings file keeps it to itself [default: SQLite in the data folder]
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

/// Whose keys, users or settings.
#[derive(Debug, Args)]
pub(super) struct Organization {
    /// Which organization [default: the only one]
    #[arg(long, value_name = "ID")]
    pub(super) org: Option<OrganizationId>,
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
    /// The database that holds the installation; no server may use it meanwhile. `ps` shows a password in it to others:
    /// the variable keeps it to itself [default: `VOUCHKEY_TRANSFER_FROM`]
    #[arg(long, value_name = "URL")]
    pub(super) from: Option<SecretString>,
    /// An empty database of the other engine; of a password in it the same is true [default: `VOUCHKEY_TRANSFER_TO`]
    #[arg(long, value_name = "URL")]
    pub(super) to: Option<SecretString>,
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
    place: Place,
    /// The server's own public address: scheme, host and port, which all links begin with [default: `http://` and the
    /// address that was bound]
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// The address and port to listen on; port 0 picks a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
}

impl ServeArguments {
    pub(super) fn flags(&self) -> Flags {
        Flags {
            listen: self.listen.clone(),
            public_url: self.public_url.clone(),
            are_of_server: true,
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
    /// The organization's name [default: Example]
    #[arg(long, value_name = "NAME", value_parser = display_name)]
    pub(super) organization: Option<String>,
    /// Answer in JSON.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) place: LinkPlace,
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
            "users set --email a@b.example",
            "users set --email a@b.example --role king",
            "users remove",
            "users list --org usr_1",
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
