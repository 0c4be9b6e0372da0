//! `cargo xtask nightly`: what is too long for each change, or needs the network.

use std::process::ExitCode;

use crate::command::{cargo_words, run};
use crate::test::Tally;
use crate::tools;

/// Cases of each property, where a change is tested with proptest's own 256.
const CASES: &str = "20000";

pub(crate) fn run_all() -> ExitCode {
    let mut tally = Tally::default();
    tally.check("licences, banned crates, sources, advisories", || {
        let folder = tools::cargo_deny()?;
        run(cargo_words("deny check").env("PATH", tools::path_with(&[folder])?))
    });
    tally.suite(
        "property tests, many cases",
        cargo_words(
            "test --locked --no-fail-fast --release --package vouchkey-types --package vouchkey-qr",
        )
        .env("PROPTEST_CASES", CASES),
    );
    tally.report()
}
