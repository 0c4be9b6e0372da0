//! The command line: what an operator types.
//!
//! Every command works on an installation that a server may be running on at the same time.

mod address_file;
mod arguments;
mod backup;
mod check_config;
mod doctor;
mod draft;
mod installation;
mod keys;
mod manual;
mod migrate;
mod organizations;
#[cfg(test)]
mod reference;
mod restore;
mod root_keys;
mod serve;
#[cfg(test)]
mod tests;
mod transfer;
mod users;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Cli, Command, KeysCommand, OrgCommand, UsersCommand};
use installation::Installation;

use crate::config::{Config, ConfigError, UnknownVariable, log_filter};
use crate::store::StoreError;
use crate::telemetry;
use crate::vault::VaultError;

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    /// It was asked wrongly: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// It could not be done: exit code 1.
    #[error("{0}")]
    Failed(String),
    /// It was done, and found what is wrong: the answer, with exit code 1.
    #[error("{0}")]
    Found(String),
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<VaultError> for CommandError {
    fn from(error: VaultError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Runs what the command line asks for. What it answers goes to standard output, everything else
/// to standard error.
pub async fn run() -> ExitCode {
    let command = Cli::parse().command;
    let outcome = match log_filter() {
        Ok(_) => {
            // The server's log begins when it knows its settings.
            if !matches!(command, Command::Serve(_)) {
                telemetry::start_log();
            }
            dispatch(command).await
        }
        Err(error) => Err(error.into()),
    };
    telemetry::end_log();
    let (answer, code) = match outcome {
        Ok(answer) => (answer, ExitCode::SUCCESS),
        Err(CommandError::Found(answer)) => (Some(answer), ExitCode::FAILURE),
        Err(error) => {
            complain(&format!("error: {error}"));
            let is_usage = matches!(error, CommandError::Usage(_));
            return ExitCode::from(if is_usage { 2 } else { 1 });
        }
    };
    match answer.map_or(Ok(()), |answer| print_line(&answer)) {
        Ok(()) => code,
        Err(error) => {
            // Who closed the pipe has read enough.
            if error.kind() != io::ErrorKind::BrokenPipe {
                complain(&format!("error: the answer could not be written: {error}"));
            }
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(command: Command) -> Result<Option<String>, CommandError> {
    match command {
        Command::Serve(arguments) => serve::serve(&arguments.flags()).await.map(|()| None),
        Command::Init(arguments) => {
            let installation = Installation::open(&arguments.place.flags()).await?;
            organizations::init(&installation, &arguments)
                .await
                .map(Some)
        }
        Command::Org {
            command: OrgCommand::Create(arguments),
        } => {
            let installation = Installation::open(&arguments.place.flags()).await?;
            organizations::create(&installation, &arguments)
                .await
                .map(Some)
        }
        Command::Org {
            command: OrgCommand::List(arguments),
        } => {
            let installation = Installation::open(&arguments.place.flags()).await?;
            organizations::list(&installation, &arguments)
                .await
                .map(Some)
        }
        Command::Org {
            command: OrgCommand::Set(arguments),
        } => {
            let installation = Installation::open(&arguments.place.flags()).await?;
            organizations::set(&installation, &arguments)
                .await
                .map(Some)
        }
        Command::Keys { command } => {
            let installation = Installation::open(&command.place().flags()).await?;
            match command {
                KeysCommand::Create(arguments) => keys::create(&installation, &arguments).await,
                KeysCommand::List(arguments) => keys::list(&installation, &arguments).await,
                KeysCommand::Expire(arguments) => keys::expire(&installation, &arguments).await,
                KeysCommand::RotateRoot(arguments) => {
                    root_keys::rotate(&installation, &arguments).await
                }
            }
            .map(Some)
        }
        Command::Users { command } => {
            let installation = Installation::open(&command.flags()).await?;
            match command {
                UsersCommand::Create(arguments) => users::create(&installation, &arguments).await,
                UsersCommand::List(arguments) => users::list(&installation, &arguments).await,
                UsersCommand::Set(arguments) => users::set(&installation, &arguments).await,
                UsersCommand::Remove(arguments) => users::remove(&installation, &arguments).await,
                UsersCommand::ResetPassword(arguments) => {
                    users::reset_password(&installation, &arguments).await
                }
            }
            .map(Some)
        }
        Command::Doctor(arguments) => doctor::examine(&arguments).await.map(Some),
        Command::Manual { folder } => manual::write(&folder).map(|()| None),
        Command::CheckConfig(arguments) => {
            warn_of_unknown_variables();
            check_config::check(&arguments.flags()).map(Some)
        }
        Command::Migrate(arguments) => migrate::migrate(&arguments).await.map(Some),
        Command::Backup(arguments) => backup::back_up(&arguments).await.map(Some),
        Command::Transfer(arguments) => transfer::transfer(&arguments).await.map(Some),
        Command::Restore(arguments) => restore::restore(&arguments).await.map(Some),
    }
}

fn warn_of_unknown_variables() {
    for UnknownVariable { name, nearest } in Config::unknown_variables() {
        let meant = nearest.map_or_else(String::new, |known| format!("; is {known} meant?"));
        complain(&format!(
            "warning: {name} is set in the environment and is no setting{meant}"
        ));
    }
}

fn print_line(text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "{text}")?;
    out.flush()
}

#[expect(
    clippy::print_stderr,
    reason = "what is said to the operator beside the answer"
)]
fn complain(text: &str) {
    if !telemetry::say(text) {
        eprintln!("{text}");
    }
}
