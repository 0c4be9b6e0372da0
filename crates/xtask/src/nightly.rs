//! `cargo xtask nightly`: what is too long for each change, or needs the network.

use std::process::ExitCode;

use crate::command::{cargo_words, run};
use crate::test::{self, Tally};
use crate::{bench, debian, package, server, tools};

/// Cases of each property, where a change is tested with proptest's own 256.
const CASES: &str = "20000";

/// Random requests that package and server get, where a change is tested with 20,000.
const REQUESTS: &str = "300000";

/// Runs all of it, or only the traffic of so many minutes, to a server that is built for it unless it was built before.
pub(crate) fn run_for(soak_minutes: u64, only_soak: bool, no_build: bool) -> ExitCode {
    let mut tally = Tally::default();
    if !only_soak {
        run_rest(&mut tally);
    }
    tally.check("memory is flat under traffic", || {
        bench::soak::run(soak_minutes, no_build)
    });
    tally.report()
}

fn run_rest(tally: &mut Tally) {
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
    let ready = package::build().and_then(|()| server::build_dev());
    if let Some(program) = tally.need("the package and the server", ready) {
        tally.suite(
            "package and server, given the same, many requests",
            cargo_words("test --locked --package vouchkey-tests --test npm*")
                .env("VOUCHKEY_BIN", program)
                .env("VOUCHKEY_DIFFERENTIAL_REQUESTS", REQUESTS),
        );
    }
    test::many_faults(tally);
    let name = "the Debian package, installed, used, removed and purged";
    if debian::is_debian() && debian::is_root().unwrap_or(false) {
        tally.check(name, || package::deb::try_out(&package::deb::build()?));
    } else {
        tally.skip(name, "it takes root, on Debian");
    }
    let name = "the container image, built, run, stopped and run again";
    match package::container::engine() {
        Ok(engine) => tally.check(name, || {
            package::container::try_out(engine, &package::container::build(engine)?)
        }),
        Err(missing) => tally.skip(name, &missing.0),
    }
}
