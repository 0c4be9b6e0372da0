//! `cargo xtask screenshot`: the picture of the dashboard in the README, drawn anew.

use crate::browser::Browser;
use crate::command::{Outcome, cargo_words, run};
use crate::dashboard::{self, Profile};
use crate::server;

pub(crate) fn draw() -> Outcome {
    let browser = Browser::find()?;
    dashboard::build(Profile::Dev)?;
    let program = server::build_dev()?;
    let mut example = cargo_words("run --locked --package vouchkey-tests --example screenshot");
    run(browser.tell(&mut example).env("VOUCHKEY_BIN", program))
}
