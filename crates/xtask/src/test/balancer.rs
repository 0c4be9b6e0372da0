//! The load balancer before several servers: the `HAPROXY` that is named, or PATH has, or Debian's.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::tally::Tally;
use crate::command::{Failure, Outcome, find_program};
use crate::debian;

/// What the tests read to find it.
const VARIABLE: &str = "HAPROXY";

const MISSING: &str =
    "no HAProxy: install it (Debian: haproxy), so that `haproxy` is on PATH, or name it in HAPROXY";

/// The program.
pub(crate) struct Balancer(PathBuf);

impl Balancer {
    /// Finds it, installing it where that can be done without asking. Where there is none, that counts as skipped, or as
    /// a failure where nobody would read about it.
    pub(crate) fn find(tally: &mut Tally) -> Option<Self> {
        const TESTS: &str = "tests of several servers behind a load balancer";
        match look_or_install() {
            Ok(Some(program)) => Some(Self(program)),
            Ok(None) if env::var_os("CI").is_none() => {
                tally.skip(TESTS, MISSING);
                None
            }
            Ok(None) => tally.need(TESTS, Err(Failure(MISSING.to_owned()))),
            Err(failure) => tally.need(TESTS, Err(failure)),
        }
    }

    /// Tells a test program where it is.
    pub(crate) fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env(VARIABLE, &self.0)
    }
}

fn look_or_install() -> Outcome<Option<PathBuf>> {
    if let Some(program) = look() {
        return Ok(Some(program));
    }
    debian::install("HAProxy", &["haproxy"])?;
    Ok(look())
}

fn look() -> Option<PathBuf> {
    // Debian puts it where only root's PATH leads.
    let debian = Path::new("/usr/sbin/haproxy");
    let named = env::var_os(VARIABLE)
        .map(PathBuf::from)
        .filter(|file| file.is_file());
    named
        .or_else(|| find_program("haproxy"))
        .or_else(|| debian.is_file().then(|| debian.to_owned()))
}
