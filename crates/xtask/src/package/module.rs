//! The wasm module of the npm package, with and without the API client.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::FOLDER;
use crate::command::{During, Failure, Outcome, call, cargo_words, run, step};
use crate::tools;

/// What is in a module.
#[derive(Clone, Copy)]
pub(super) enum Variant {
    /// Rules, QR code and API client.
    Full,
    /// Rules and QR code.
    Slim,
}

impl Variant {
    pub(super) const ALL: [Self; 2] = [Self::Full, Self::Slim];

    const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Slim => "slim",
        }
    }

    const fn features(self) -> &'static str {
        match self {
            Self::Full => "js,client",
            Self::Slim => "js",
        }
    }
}

/// As small as wasm-opt makes it. Functions with one caller stay apart unless they are tiny, and only the tiniest are put
/// into several, since what is alike stands closer together then and a kilobyte less is left when it is compressed. Of the memory, the lowest 1,024 bytes are the
/// end of the stack, which no address of a value lies in, and what no data is put into is zeros, since the module makes
/// its memory itself.
const OPTIMIZATIONS: &str = "--one-caller-inline-max-function-size=20 --always-inline-max-function-size=6 -Oz --converge --low-memory-unused --zero-filled-memory --strip-producers --strip-target-features";

/// Builds a module as small as it gets, and writes it and wasm-bindgen's glue to `target/npm/glue/VARIANT`.
pub(super) fn build(variant: Variant) -> Outcome {
    tools::wasm_target()?;
    let (bindgen, optimizer) = (tools::wasm_bindgen()?, tools::wasm_opt()?);
    step(&format!("building the {} wasm module", variant.name()));
    // A folder of its own: other flags would have the dashboard, which is built for the same target, built again.
    let cargo_folder = Path::new(FOLDER).join("cargo");
    run(cargo_words("build --locked --package vouchkey-wasm --lib --target wasm32-unknown-unknown --profile wasm-release --no-default-features --features")
        .arg(variant.features())
        .arg("--target-dir")
        .arg(&cargo_folder)
        .arg("--config")
        .arg(flags()?))?;
    let glue = Path::new(FOLDER).join("glue").join(variant.name());
    run(call(bindgen.join("wasm-bindgen"))
        .args("--target web --omit-default-module-path --out-name vouchkey --out-dir".split(' '))
        .arg(&glue)
        .arg(cargo_folder.join("wasm32-unknown-unknown/wasm-release/vouchkey_wasm.wasm")))?;
    let module = glue.join("vouchkey_bg.wasm");
    run(
        cargo_words("run --quiet --locked --package wasm-tools --bin trim-panics --").arg(&module),
    )?;
    run(call(optimizer.join("wasm-opt"))
        .args(OPTIMIZATIONS.split(' '))
        .arg(&module)
        .arg("-o")
        .arg(&module))
}

/// Flags with which no path of this machine gets into a module: a panic names the file that it is in, and sources from
/// a registry lie in the folder of whoever builds. SHA-256 as a loop: written out it is eight times as long. And
/// functions put into their callers as readily as `"s"` would, where the rules are built with `"z"`: nearly as fast,
/// and 1.4 KB less, compressed.
fn flags() -> Outcome<String> {
    let mut flags: Vec<String> = registries()?
        .iter()
        .map(|folder| format!("--remap-path-prefix={}=crates", folder.display()))
        .collect();
    flags.push(r#"--cfg=sha2_backend_soft="compact""#.to_owned());
    flags.push("-Cllvm-args=-inline-threshold=75".to_owned());
    // Written as a list of strings by `Debug`, which quotes as TOML does.
    Ok(format!("target.wasm32-unknown-unknown.rustflags={flags:?}"))
}

/// Where cargo keeps the sources of each registry.
fn registries() -> Outcome<Vec<PathBuf>> {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cargo")))
        .ok_or_else(|| Failure("no home folder".to_owned()))?;
    let folder = home.join("registry/src");
    let mut registries = Vec::new();
    if !folder.is_dir() {
        // All sources are vendored.
        return Ok(registries);
    }
    for entry in fs::read_dir(&folder).during(folder.display())? {
        registries.push(entry.during(folder.display())?.path());
    }
    registries.sort();
    Ok(registries)
}
