//! `cargo xtask bench keystroke`: how soon the dashboard's form says what a key made wrong.

use crate::browser::Browser;
use crate::command::{Outcome, cargo_words, run};
use crate::dashboard::{self, Profile};
use crate::server;

pub(super) fn measure() -> Outcome {
    let browser = Browser::find()?;
    // As it is published: rules and page built for size.
    dashboard::build(Profile::Release)?;
    let program = server::build_dev()?;
    let mut example = cargo_words("run --locked --package vouchkey-tests --example keystroke");
    run(browser.tell(&mut example).env("VOUCHKEY_BIN", program))
}
