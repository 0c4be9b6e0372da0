//! `cargo xtask test`: every check and test of the project, and one line at the end that sums them up.

mod balancer;
mod faults;
mod lint;
pub(crate) mod postgres;
mod sizes;
mod suites;
mod tally;

use std::process::ExitCode;

use clap::ValueEnum;

pub(crate) use self::faults::many as many_faults;
use self::postgres::Cluster;
pub(crate) use self::tally::Tally;

/// What `cargo xtask test NAME` can run alone.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Part {
    /// Formatting, clippy, licences, the rules built for wasm alone.
    Lint,
    /// Unit and property tests on this machine, those of the server on both engines.
    Native,
    /// The browser's crates in headless Chromium.
    Wasm,
    /// The npm package as its users install it, and its size.
    Npm,
    /// The real program over HTTP, on both engines.
    Api,
    /// The dashboard and the hosted pages in headless Chromium, and their size.
    Browser,
}

/// Runs a part, or all of them, even after a failure, so that one run shows everything.
pub(crate) fn run(part: Option<Part>) -> ExitCode {
    let mut tally = Tally::default();
    let parts = part.map_or(Part::value_variants().to_vec(), |part| vec![part]);
    let needs_postgres = parts
        .iter()
        .any(|part| matches!(part, Part::Native | Part::Api));
    let postgres = needs_postgres.then(|| Cluster::start(&mut tally)).flatten();
    for part in parts {
        match part {
            Part::Lint => lint::run_all(&mut tally),
            Part::Native => suites::native(&mut tally, postgres.as_ref()),
            Part::Wasm => suites::wasm(&mut tally),
            Part::Npm => {
                suites::npm(&mut tally);
                sizes::package(&mut tally);
            }
            Part::Api => suites::api(&mut tally, postgres.as_ref()),
            Part::Browser => {
                sizes::dashboard(&mut tally);
                suites::browser(&mut tally);
            }
        }
    }
    tally.report()
}
