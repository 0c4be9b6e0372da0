//! Running other programs: one way to say what is run, and one kind of failure.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why a command of the project could not go on, as a sentence for the person who typed it.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// Says what an I/O error was about.
pub(crate) trait During<T> {
    fn during(self, what: impl fmt::Display) -> Outcome<T>;
}

impl<T> During<T> for io::Result<T> {
    fn during(self, what: impl fmt::Display) -> Outcome<T> {
        self.map_err(|error| Failure(format!("{what}: {error}")))
    }
}

/// Announces a step on standard error, where cargo's own progress goes too.
pub(crate) fn step(what: &str) {
    eprintln!("==> {what}");
}

/// A command, in the environment that this program was called from. Cargo, which started this program, added what it
/// tells about this package; were that handed on to another cargo, build scripts that watch it (ring's does) would run
/// again, and half of all crates with them, each time that the two ways of calling cargo take turns.
pub(crate) fn call(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let is_about_this_package = [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
            "CARGO_PRIMARY_",
        ];
        if is_about_this_package
            .iter()
            .any(|start| text.starts_with(start))
        {
            command.env_remove(&name);
        }
    }
    command
}

/// The cargo that runs this program.
pub(crate) fn cargo() -> Command {
    call(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// `cargo` with these words, separated by spaces.
pub(crate) fn cargo_words(words: &str) -> Command {
    let mut command = cargo();
    command.args(words.split_whitespace());
    command
}

/// Runs a command to its end, its output shown; anything but success is a failure.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let status = command.status().during(line(command))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure(format!("`{}` failed ({status})", line(command))))
    }
}

/// Runs a command whose standard output is wanted; its standard error is shown.
pub(crate) fn output(command: &mut Command) -> Outcome<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .during(line(command))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(Failure(format!(
            "`{}` failed ({})",
            line(command),
            output.status
        )))
    }
}

/// Runs a command, shows its standard output as it comes, hands each line to `see`, and answers whether it succeeded.
pub(crate) fn watch(command: &mut Command, mut see: impl FnMut(&str)) -> Outcome<bool> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .during(line(command))?;
    if let Some(stdout) = child.stdout.take() {
        let mut shown = io::stdout();
        for text in BufReader::new(stdout).split(b'\n') {
            let text = text.during(line(command))?;
            shown
                .write_all(&text)
                .and_then(|()| shown.write_all(b"\n"))
                .during("standard output")?;
            see(&String::from_utf8_lossy(&text));
        }
    }
    Ok(child.wait().during(line(command))?.success())
}

/// Whether a program is there and its `--version` names this version.
pub(crate) fn has_version(program: impl AsRef<OsStr>, version: &str) -> bool {
    call(program)
        .arg("--version")
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|output| {
            String::from_utf8_lossy(&output.stdout)
                .split_whitespace()
                .any(|word| word == version)
        })
}

/// Where a program stands on PATH.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// The command as a person would type it, for messages.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let mut words = vec![program.to_string_lossy()];
    words.extend(command.get_args().map(OsStr::to_string_lossy));
    words.join(" ")
}
