//! The pinned tools: installed once, under `target/` and `crates/xtask/node/`, unless PATH has just that version.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{
    During, Failure, Outcome, call, cargo_words, find_program, has_version, output, run, step,
};

const TRUNK: &str = "0.21.14";
/// `Trunk.toml` names this version and the next one too, and Trunk refuses any others.
const WASM_BINDGEN: &str = "0.2.130";
const WASM_OPT: &str = "132";
/// The oldest Node that is supported, as the README says.
const NODE_MAJOR: u32 = 20;
const CARGO_DENY: &str = "0.20.2";

/// Where the packages from npm are installed.
const NODE: &str = "crates/xtask/node";

/// The folder that cargo builds into: this program runs from `TARGET/debug/xtask`.
pub(crate) fn target_folder() -> Outcome<PathBuf> {
    let own = env::current_exe().during("the path of this program")?;
    own.parent()
        .and_then(Path::parent)
        .map(Path::to_owned)
        .ok_or_else(|| Failure("this program is in no target folder".to_owned()))
}

/// Adds the wasm target to the toolchain where it is missing.
pub(crate) fn wasm_target() -> Outcome {
    let folder = output(call("rustc").args([
        "--print",
        "target-libdir",
        "--target",
        "wasm32-unknown-unknown",
    ]))?;
    if Path::new(folder.trim()).is_dir() {
        return Ok(());
    }
    step("adding the wasm32-unknown-unknown target");
    run(call("rustup").args(["target", "add", "wasm32-unknown-unknown"]))
}

/// wasm-bindgen at the version that Cargo.lock names; the folder that has it.
pub(crate) fn wasm_bindgen() -> Outcome<PathBuf> {
    if let Some(folder) = on_path("wasm-bindgen", WASM_BINDGEN) {
        return Ok(folder);
    }
    let folder = target_folder()?.join("debug");
    if !has_version(folder.join("wasm-bindgen"), WASM_BINDGEN) {
        step("building wasm-bindgen (once, a minute)");
        run(&mut cargo_words("build --locked --package wasm-tools"))?;
    }
    Ok(folder)
}

/// Trunk; the folder that has it.
pub(crate) fn trunk() -> Outcome<PathBuf> {
    install("trunk", TRUNK, "--debug --no-default-features")
}

/// cargo-deny, installed if need be; the folder that has it.
pub(crate) fn cargo_deny() -> Outcome<PathBuf> {
    install("cargo-deny", CARGO_DENY, "")
}

/// The folder that has cargo-deny, if one has.
pub(crate) fn installed_cargo_deny() -> Option<PathBuf> {
    let own = target_folder().ok()?.join("tools/bin/cargo-deny");
    let file = find_program("cargo-deny").or_else(|| own.is_file().then_some(own))?;
    file.parent().map(Path::to_owned)
}

/// Node, for what comes from npm and for brotli.
pub(crate) fn node() -> Outcome<Command> {
    let version = call("node").arg("--version").output();
    let version = version
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default();
    let major = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(major) if major >= NODE_MAJOR => Ok(call("node")),
        Some(_) => Err(Failure(format!(
            "Node {NODE_MAJOR} or later is needed, and this is {version}"
        ))),
        None => Err(Failure(format!(
            "Node {NODE_MAJOR} or later is needed: install it and run this again"
        ))),
    }
}

/// wasm-opt, from npm; the folder that has it.
pub(crate) fn wasm_opt() -> Outcome<PathBuf> {
    match on_path("wasm-opt", WASM_OPT) {
        Some(folder) => Ok(folder),
        None => Ok(node_packages()?.join(".bin")),
    }
}

/// The packages from npm, just as the lock file has them; their folder.
pub(crate) fn node_packages() -> Outcome<PathBuf> {
    let folder = env::current_dir().during("the current folder")?.join(NODE);
    let (modules, stamp) = (
        folder.join("node_modules"),
        folder.join("node_modules/.lock-installed"),
    );
    let lock = fs::read(folder.join("package-lock.json")).during("package-lock.json")?;
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(modules);
    }
    node()?;
    step("installing the tools from npm");
    run(call("npm")
        .args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--include=dev",
        ])
        .current_dir(&folder))?;
    fs::write(&stamp, lock).during(stamp.display())?;
    Ok(modules)
}

/// A PATH with these folders in front.
pub(crate) fn path_with(folders: &[PathBuf]) -> Outcome<OsString> {
    let old = env::var_os("PATH").unwrap_or_default();
    env::join_paths(folders.iter().cloned().chain(env::split_paths(&old)))
        .map_err(|error| Failure(format!("PATH: {error}")))
}

/// A program from crates.io; the folder that has it.
fn install(program: &str, version: &str, flags: &str) -> Outcome<PathBuf> {
    if let Some(folder) = on_path(program, version) {
        return Ok(folder);
    }
    let tools = target_folder()?.join("tools");
    let folder = tools.join("bin");
    if !has_version(folder.join(program), version) {
        step(&format!(
            "installing {program} {version} (once, some minutes)"
        ));
        let mut install = cargo_words("install --locked --force --version");
        run(install
            .args([version, program])
            .args(flags.split_whitespace())
            .arg("--root")
            .arg(&tools))?;
    }
    Ok(folder)
}

fn on_path(program: &str, version: &str) -> Option<PathBuf> {
    let file = find_program(program)?;
    if has_version(&file, version) {
        file.parent().map(Path::to_owned)
    } else {
        None
    }
}
