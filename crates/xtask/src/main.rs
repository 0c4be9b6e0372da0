//! The project's own commands: `cargo xtask run`, `build`, `package`, `test`, `bench`, `nightly`. Each does all the set-up
//! that it needs; none asks anything. Small on purpose, since everybody waits for it to compile first.

mod bench;
mod browser;
mod command;
mod dashboard;
mod debian;
mod nightly;
mod package;
mod release;
mod run;
mod screenshot;
mod server;
mod test;
mod tools;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::command::{During, Outcome};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Vouchkey's own commands"
)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the dashboard and the server, and start them with an example organization.
    Run(run::Settings),
    /// Make target/release/vouchkey, the dashboard embedded.
    Build,
    /// Make the npm package, in target/npm; the Debian package, in target/deb; or the container image.
    Package {
        /// Another package than that for npm.
        kind: Option<package::Kind>,
    },
    /// Run every check and test, or one part of them.
    Test {
        /// The part to run; all of them without it.
        part: Option<test::Part>,
    },
    /// Measure: the figures of docs/performance.md.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Draw the picture in the README anew.
    Screenshot,
    /// Run what is too long for each change: advisories, properties with many cases, kills in great number,
    /// an hour of traffic.
    Nightly {
        /// How long the traffic goes on, after its warm-up, of which the server's memory must not grow.
        #[arg(long, default_value_t = 60)]
        soak_minutes: u64,
        /// Run nothing else.
        #[arg(long)]
        only_soak: bool,
        /// Take the server that was built before for the traffic.
        #[arg(long)]
        no_build: bool,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match enter_root().and_then(|()| carry_out(&arguments.command)) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(task: &Task) -> Outcome<ExitCode> {
    match task {
        Task::Run(settings) => run::run(settings),
        Task::Build => release::run().map(|()| ExitCode::SUCCESS),
        Task::Package { kind } => package::run(*kind).map(|()| ExitCode::SUCCESS),
        Task::Test { part } => Ok(test::run(*part)),
        Task::Bench(bench) => bench::run(bench).map(|()| ExitCode::SUCCESS),
        Task::Screenshot => screenshot::draw().map(|()| ExitCode::SUCCESS),
        Task::Nightly {
            soak_minutes,
            only_soak,
            no_build,
        } => Ok(nightly::run_for(*soak_minutes, *only_soak, *no_build)),
    }
}

/// Paths in this program are relative to the root of the repository, wherever it is called from.
fn enter_root() -> Outcome {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::env::set_current_dir(&root).during(root.display())
}
