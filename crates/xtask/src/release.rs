//! `cargo xtask build`: the program as it is shipped, with the dashboard embedded.

use crate::command::Outcome;
use crate::dashboard::{self, Profile};
use crate::server;

pub(crate) fn run() -> Outcome {
    dashboard::build(Profile::Release)?;
    let program = server::build_release()?;
    println!("{}", program.display());
    Ok(())
}
