//! What is wrong with the code before it runs.

use super::tally::Tally;
use crate::command::{cargo_words, run};
use crate::tools;

/// The crates that only make sense in a browser, and so are checked for its target alone.
const BROWSER_CRATES: &str = "--package www --package vouchkey-wasm";

pub(crate) fn run_all(tally: &mut Tally) {
    tally.check("formatting", || run(&mut cargo_words("fmt --all --check")));
    tally.check("clippy, this machine's crates", || {
        run(&mut cargo_words("clippy --locked --workspace --exclude www --exclude vouchkey-wasm --all-targets -- -D warnings"))
    });
    tally.check("clippy, the browser's crates", || {
        tools::wasm_target()?;
        run(&mut cargo_words(&format!("clippy --locked {BROWSER_CRATES} --all-features --all-targets --target wasm32-unknown-unknown -- -D warnings")))
    });
    // Other features may hide a dependency that the rules cannot have in a browser.
    tally.check("the rules, built for wasm alone", || {
        tools::wasm_target()?;
        run(&mut cargo_words(
            "build --locked --package vouchkey-types --target wasm32-unknown-unknown",
        ))
    });
    if let Some(folder) = tools::installed_cargo_deny() {
        tally.check("licences, banned crates, sources", || {
            run(cargo_words("deny --offline check licenses bans sources")
                .env("PATH", tools::path_with(&[folder])?))
        });
    } else {
        tally.skip(
            "licences, banned crates, sources",
            "cargo-deny is not installed; `cargo xtask nightly` installs and runs it",
        );
    }
}
