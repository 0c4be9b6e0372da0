//! What tests need of the distribution, installed where that can be done without asking: on Debian, as root.

use std::path::Path;
use std::process::Stdio;

use crate::command::{Outcome, call, find_program, output, run, step};

/// Installs packages, if it can be done without asking; whether it was.
pub(crate) fn install(what: &str, packages: &[&str]) -> Outcome<bool> {
    if !is_debian() || !is_root()? {
        return Ok(false);
    }
    step(&format!("installing {what}"));
    let apt = |words: &[&str]| {
        run(call("apt-get")
            .args(words)
            .env("DEBIAN_FRONTEND", "noninteractive"))
    };
    apt(&["update", "--quiet=2"])?;
    let how = ["install", "--quiet=2", "--yes", "--no-install-recommends"];
    apt(&[&how, packages].concat())?;
    Ok(true)
}

/// Whether this is Debian, or a distribution made from it.
pub(crate) fn is_debian() -> bool {
    Path::new("/etc/debian_version").exists() && find_program("apt-get").is_some()
}

/// Whether this runs as root.
pub(crate) fn is_root() -> Outcome<bool> {
    Ok(output(call("id").arg("-u").stdin(Stdio::null()))?.trim() == "0")
}
