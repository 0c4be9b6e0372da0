//! The dashboard: built by Trunk into `www/dist`, and only when something that it is made of has changed.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::command::{During, Outcome, call, cargo_words, run, step};
use crate::tools;

pub(crate) const DIST: &str = "www/dist";

/// All that Trunk reads.
const SOURCES: [&str; 9] = [
    "www",
    "crates/types",
    "crates/qr",
    "crates/wasm/src",
    "crates/wasm/Cargo.toml",
    "Cargo.toml",
    "Cargo.lock",
    "Trunk.toml",
    "rust-toolchain.toml",
];

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build; megabytes to load.
    Dev,
    /// As small as it gets, with a `.br` file beside each file.
    Release,
}

impl Profile {
    const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
        }
    }
}

/// Brings `www/dist` up to date. Where a dev build is wanted, an up-to-date release build will do.
pub(crate) fn build(profile: Profile) -> Outcome {
    let stamp = tools::target_folder()?.join("xtask/dashboard");
    let sources = fingerprint()?;
    let built = fs::read_to_string(&stamp).unwrap_or_default();
    let is_current = |profile: Profile| built == format!("{} {sources:016x}", profile.name());
    if Path::new(DIST).join("index.html").is_file()
        && (is_current(profile) || is_current(Profile::Release))
    {
        return Ok(());
    }

    tools::wasm_target()?;
    let mut folders = vec![tools::wasm_bindgen()?, tools::trunk()?];
    if profile == Profile::Release {
        folders.push(tools::wasm_opt()?);
    }
    // Trunk itself builds offline, so that it downloads no tools of its own.
    run(&mut cargo_words("fetch --locked"))?;
    step("building the dashboard (the first time takes two minutes)");
    let mut trunk = call(folders[1].join("trunk"));
    trunk.arg("build").env("PATH", tools::path_with(&folders)?);
    // Trunk reads NO_COLOR as a flag of its own that wants "true" or "false", and stops at "1".
    trunk.env_remove("NO_COLOR");
    if profile == Profile::Release {
        trunk.arg("--release");
    }
    run(&mut trunk)?;
    if profile == Profile::Release {
        minify()?;
        compress(&files_below(Path::new(DIST))?)?;
    }

    if let Some(folder) = stamp.parent() {
        fs::create_dir_all(folder).during(folder.display())?;
    }
    fs::write(&stamp, format!("{} {sources:016x}", profile.name())).during(stamp.display())
}

/// Minifies scripts and styles in place.
fn minify() -> Outcome {
    let files = files_below(Path::new(DIST))?;
    let scripts_and_styles = files.iter().filter(|file| {
        file.extension()
            .is_some_and(|extension| extension == "js" || extension == "css")
    });
    let esbuild = tools::node_packages()?.join(".bin/esbuild");
    run(call(esbuild)
        .args(["--minify", "--allow-overwrite", "--log-level=warning"])
        .arg(format!("--outdir={DIST}"))
        .args(scripts_and_styles))
}

/// Writes `FILE.br` beside each file.
pub(crate) fn compress(files: &[PathBuf]) -> Outcome {
    run(tools::node()?
        .arg("crates/xtask/node/compress.mjs")
        .args(files))
}

/// Every file below a folder, or the file itself; what is built or installed is left out.
pub(crate) fn files_below(path: &Path) -> Outcome<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).during(path.display())? {
        let inner = entry.during(path.display())?.path();
        let is_made =
            inner.ends_with(DIST) || inner.ends_with("node_modules") || inner.ends_with("target");
        if !is_made {
            files.append(&mut files_below(&inner)?);
        }
    }
    files.sort();
    Ok(files)
}

/// A number that changes when a source does. Not kept across versions of Rust, which costs one build.
fn fingerprint() -> Outcome<u64> {
    let mut hasher = DefaultHasher::new();
    for source in SOURCES {
        for file in files_below(Path::new(source))? {
            file.hash(&mut hasher);
            fs::read(&file).during(file.display())?.hash(&mut hasher);
        }
    }
    Ok(hasher.finish())
}
