//! The test programs, each started by the cargo command that a developer would type.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::balancer::Balancer;
use super::faults::Machine;
use super::postgres::{self, Cluster};
use super::tally::Tally;
use crate::browser::Browser;
use crate::command::{During, Outcome, cargo_words};
use crate::dashboard::{self, Profile};
use crate::{package, server, tools};

pub(crate) fn native(tally: &mut Tally, postgres: Option<&Cluster>) {
    tally.suite(
        "unit and property tests",
        postgres::without(&mut cargo_words("test --locked --no-fail-fast --package vouchkey-types --package vouchkey-qr --package vouchkey-server")),
    );
    if let Some(postgres) = postgres {
        tally.suite(
            "the server's tests on PostgreSQL",
            postgres.tell(&mut cargo_words(
                "test --locked --no-fail-fast --package vouchkey-server --lib",
            )),
        );
    }
    tally.suite(
        "tests of these commands",
        &mut cargo_words("test --locked --no-fail-fast --package xtask"),
    );
}

pub(crate) fn wasm(tally: &mut Tally) {
    let ready = tools::wasm_target()
        .and_then(|()| tools::wasm_bindgen())
        .and_then(|_| Browser::find());
    let Some(browser) = tally.need("a browser for the wasm tests", ready) else {
        return;
    };
    tally.suite(
        "wasm tests in a browser",
        browser.tell(&mut cargo_words(
            "test --locked --no-fail-fast --package vouchkey-wasm --all-features --tests --target wasm32-unknown-unknown",
        )),
    );
    tally.suite(
        "the dashboard's own tests in a browser",
        browser.tell(&mut cargo_words(
            "test --locked --no-fail-fast --package www --target wasm32-unknown-unknown",
        )),
    );
}

pub(crate) fn npm(tally: &mut Tally) {
    tally.suite(
        "tests of what trims the npm package",
        &mut cargo_words("test --locked --no-fail-fast --package wasm-tools --bin trim-panics"),
    );
    let ready = package::build()
        .and_then(|()| Ok((Browser::find()?, tools::node()?, server::build_dev()?)));
    let Some((browser, mut node, program)) = tally.need("the npm package", ready) else {
        return;
    };
    tally.suite(
        "the npm package as its users have it",
        browser
            .tell(node.args([
                "--test-reporter=./tests/npm/support/reporter.mjs",
                "tests/npm/run.mjs",
            ]))
            .env("VOUCHKEY_BIN", &program),
    );
    tally.suite(
        "package and server, given the same",
        cargo_words("test --locked --no-fail-fast --package vouchkey-tests --test npm*")
            .env("VOUCHKEY_BIN", program),
    );
}

pub(crate) fn api(tally: &mut Tally, postgres: Option<&Cluster>) {
    let Some(program) = tally.need("the server for the API tests", server::build_dev()) else {
        return;
    };
    let Some(names) = tally.need("API tests", api_test_names()) else {
        return;
    };
    let machine = Machine::look(tally);
    let several = |name: &&String| name.starts_with(BEHIND_A_BALANCER);
    let on_one = names
        .iter()
        .filter(|name| !several(name) && !name.ends_with(ON_POSTGRES_ALONE))
        .filter(|name| machine.can_run(name));
    tally.suite(
        "API tests",
        postgres::without(api_tests(on_one).arg("--lib")).env("VOUCHKEY_BIN", &program),
    );
    let Some(postgres) = postgres else { return };
    let balancer = Balancer::find(tally);
    let on_postgres = names
        .iter()
        .filter(|name| !ENGINE_ALIKE.contains(&name.as_str()))
        .filter(|name| !name.ends_with(ON_SQLITE_ALONE))
        .filter(|name| balancer.is_some() || !several(name))
        .filter(|name| machine.can_run(name));
    let mut command = api_tests(on_postgres);
    if let Some(balancer) = &balancer {
        balancer.tell(&mut command);
    }
    tally.suite(
        "API tests on PostgreSQL",
        postgres.tell(&mut command).env("VOUCHKEY_BIN", program),
    );
}

fn api_tests<'a>(names: impl Iterator<Item = &'a String>) -> Command {
    let mut command = cargo_words("test --locked --no-fail-fast --package vouchkey-tests");
    for name in names {
        command.args(["--test", name]);
    }
    command
}

/// What the database has no part in, or, of privacy, what looks into the files of the data folder.
const ENGINE_ALIKE: [&str; 8] = [
    "api_connections",
    "api_edge",
    "api_framing",
    "api_malformed",
    "api_privacy",
    "api_refusals",
    "api_spelling",
    "api_vectors",
];

/// How the names of tests begin that need several servers on PostgreSQL behind a load balancer.
const BEHIND_A_BALANCER: &str = "api_instances";

/// How the names of tests end that are for one engine alone.
const ON_POSTGRES_ALONE: &str = "_postgres";
const ON_SQLITE_ALONE: &str = "_sqlite";

fn api_test_names() -> Outcome<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/tests");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).during(folder.display())? {
        let path = entry.during(folder.display())?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if name.starts_with("api") {
            names.push(name.into_owned());
        }
    }
    names.sort();
    Ok(names)
}

pub(crate) fn browser(tally: &mut Tally) {
    let Some((browser, program)) = tally.need("what the browser tests need", browser_needs())
    else {
        return;
    };
    tally.suite(
        "browser tests",
        browser
            .tell(&mut cargo_words(
                "test --locked --no-fail-fast --package vouchkey-tests --test browser*",
            ))
            .env("VOUCHKEY_BIN", program),
    );
}

fn browser_needs() -> Outcome<(Browser, PathBuf)> {
    let browser = Browser::find()?;
    // axe-core comes from npm.
    tools::node_packages()?;
    dashboard::build(Profile::Release)?;
    Ok((browser, server::build_dev()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_treated_on_its_own_exists() {
        let names = api_test_names().unwrap();
        for name in ENGINE_ALIKE {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
        assert!(names.iter().any(|name| name.starts_with(BEHIND_A_BALANCER)));
        for end in [ON_POSTGRES_ALONE, ON_SQLITE_ALONE] {
            assert!(names.iter().any(|name| name.ends_with(end)), "{end}");
        }
    }

    #[test]
    fn every_end_to_end_test_belongs_to_a_part() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/tests");
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let is_a_test = path.extension().is_some_and(|extension| extension == "rs");
            let parts = ["api", "browser", "npm"];
            let has_a_part = parts.iter().any(|part| name.starts_with(part));
            assert!(
                !is_a_test || has_a_part,
                "{name}: begin its name with one of {parts:?}"
            );
        }
    }
}
