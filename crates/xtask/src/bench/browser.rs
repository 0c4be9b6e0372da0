//! `cargo xtask bench browser`: the npm package beside its peers, under Node and in Chromium.

use std::fs;

use crate::browser::Browser;
use crate::command::{During, Outcome, run, step};
use crate::{package, tools};

pub(super) fn measure() -> Outcome {
    package::build()?;
    let browser = Browser::find()?;
    let folder = tools::target_folder()?.join("xtask/bench-browser");
    fs::create_dir_all(&folder).during(folder.display())?;
    let ours = fs::canonicalize(package::archive()).during(package::archive().display())?;
    step("installing the peers, and measuring (some minutes)");
    let mut node = tools::node()?;
    run(browser
        .tell(&mut node)
        .arg("tests/bench/start.mjs")
        .arg(ours)
        .arg(folder))
}
