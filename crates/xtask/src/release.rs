//! `cargo xtask build`: the program as it is shipped, with the dashboard embedded.

use std::path::PathBuf;

use crate::command::Outcome;
use crate::dashboard::{self, Profile};
use crate::server;

pub(crate) fn run() -> Outcome {
    println!("{}", build()?.display());
    Ok(())
}

/// Builds it; where it is.
pub(crate) fn build() -> Outcome<PathBuf> {
    dashboard::build(Profile::Release)?;
    server::build_release()
}
