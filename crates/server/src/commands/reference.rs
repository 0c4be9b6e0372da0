//! The reference of all settings and commands, `docs/settings.md`, made from what the program itself reads.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, Command, CommandFactory as _};

use super::arguments::Cli;
use crate::config::SETTINGS;

/// Says where a setting may be given.
const SETTINGS_TEXT: &str = "\
# Settings and commands

<!-- Made from the code by a test of the server: run it with UPDATE_DOCS=1 to refresh this file. -->

Each setting is an environment variable and, but for the data folder itself, a key of `vouchkey.toml`, which lies in that \
folder or where `--config` or `VOUCHKEY_CONFIG` says; some are flags too. A flag wins over the environment, and that over \
the file. An unknown key in the file, or a value that cannot be read, stops the start and is named. An empty variable counts \
as unset; `serve` and `check-config` warn about one that begins with `VOUCHKEY_` and is none of these. A file that holds a \
secret must have mode 0600, or 0640 if root owns it. `RUST_LOG` sets what is logged (`info`); `vouchkey check-config` shows \
what would run.

| `vouchkey.toml` | environment | flag | values | default | since | meaning |
| --- | --- | --- | --- | --- | --- | --- |
";

/// Says what all commands have.
const COMMANDS_TEXT: &str = "
## Commands

Flags of the table above are settings, and stand here by their names only. `--help` and `--version` are understood \
everywhere. Exit codes: 0, 1 for a failure, 2 for wrong usage.
";

fn reference() -> String {
    let mut program = Cli::command();
    program.build();
    let mut commands = Vec::new();
    leaves(&program, "", &mut commands);
    let mut text = SETTINGS_TEXT.to_owned();
    for setting in SETTINGS {
        let flag = setting.flag();
        let with: Vec<&str> = commands
            .iter()
            .filter(|(_, command)| command.get_arguments().any(|arg| is(arg, &flag)))
            .map(|(name, _)| name.as_str())
            .collect();
        let flag = match with.len() {
            0 => String::new(),
            1..=6 => format!("`--{flag}` of `{}`", with.join("`, `")),
            _ => format!("`--{flag}` of the commands below that name it"),
        };
        let key = if setting.is_key_of_file() {
            format!("`{}`", setting.name)
        } else {
            "not there".to_owned()
        };
        let variable = setting.variable();
        line(
            &mut text,
            &format!(
                "| {key} | `{variable}` | {flag} | {} | {} | {} | {} |",
                setting.values, setting.default, setting.since, setting.meaning
            ),
        );
    }
    text.push_str(COMMANDS_TEXT);
    for (name, command) in &commands {
        describe(&mut text, name, command);
    }
    text
}

/// The commands that do something, with their whole names.
fn leaves<'a>(command: &'a Command, before: &str, found: &mut Vec<(String, &'a Command)>) {
    for command in command.get_subcommands() {
        if command.is_hide_set() || command.get_name() == "help" {
            continue;
        }
        let name = format!("{before}{}", command.get_name());
        if command.has_subcommands() {
            leaves(command, &format!("{name} "), found);
        } else {
            found.push((name, command));
        }
    }
}

fn describe(text: &mut String, name: &str, command: &Command) {
    let about = command.get_about().map(ToString::to_string);
    let about = about.unwrap_or_default();
    line(
        text,
        &format!(
            "\n### `vouchkey {name}`\n\n{}.",
            about.trim_end_matches('.')
        ),
    );
    let is_setting =
        |arg: &&Arg| SETTINGS.iter().any(|setting| is(arg, &setting.flag())) || is(arg, "config");
    let is_everywhere = |arg: &&Arg| is(arg, "help") || is(arg, "version");
    let (settings, own): (Vec<&Arg>, Vec<&Arg>) = command
        .get_arguments()
        .filter(|arg| !is_everywhere(arg))
        .partition(is_setting);
    if !settings.is_empty() {
        let flags: Vec<_> = settings.iter().map(|arg| spelled(arg)).collect();
        line(text, &format!("\nSettings: {}.", flags.join(", ")));
    }
    if own.is_empty() {
        return;
    }
    line(
        text,
        "\n| argument | default | meaning |\n| --- | --- | --- |",
    );
    for arg in own {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let (help, told) = match help.split_once(" [default: ") {
            Some((help, told)) => (help.to_owned(), told.trim_end_matches(']').to_owned()),
            None => (help, String::new()),
        };
        let given = arg.get_default_values().first();
        let default = match given {
            _ if arg.is_required_set() => "required".to_owned(),
            Some(value) if arg.get_action().takes_values() && !value.is_empty() => {
                format!("`{}`", value.to_string_lossy())
            }
            _ => told,
        };
        line(
            text,
            &format!(
                "| {} | {default} | {} |",
                spelled(arg),
                help.replace('|', "\\|")
            ),
        );
    }
}

fn is(arg: &Arg, long: &str) -> bool {
    arg.get_long() == Some(long)
}

/// An argument as it is typed.
fn spelled(arg: &Arg) -> String {
    let value = arg.get_action().takes_values().then(|| {
        let names = arg.get_value_names().unwrap_or_default();
        names
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    });
    match (arg.get_long(), value) {
        (Some(long), Some(value)) => format!("`--{long} {value}`"),
        (Some(long), None) => format!("`--{long}`"),
        (None, value) => format!("`{}`", value.unwrap_or_default()),
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}

#[test]
fn the_reference_is_made_from_what_the_program_reads() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/settings.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, reference()).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(file).unwrap_or_default(),
        reference()
    );
}

#[test]
fn every_command_and_every_flag_has_a_meaning() {
    let mut program = Cli::command();
    program.build();
    let mut commands = Vec::new();
    leaves(&program, "", &mut commands);
    let text = reference();
    assert!(commands.len() > 12, "{}", commands.len());
    for (name, command) in commands {
        assert!(command.get_about().is_some(), "{name}");
        assert!(text.contains(&format!("### `vouchkey {name}`\n")), "{name}");
        for arg in command.get_arguments() {
            assert!(arg.get_help().is_some(), "{name}: {}", arg.get_id());
        }
    }
}
