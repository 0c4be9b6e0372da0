//! `cargo xtask package`: the npm package `@vouchkey/wasm`, and the file that npm installs it from; `package deb` is
//! [`deb`], and `package container` [`container`].

pub(crate) mod container;
pub(crate) mod deb;
mod module;

use std::env;
use std::path::PathBuf;

use clap::ValueEnum;

use self::module::Variant;
use crate::command::{self, During, Outcome, step};
use crate::tools;

/// Where everything for npm is made. The TypeScript settings in `crates/wasm/npm` name it too.
pub(crate) const FOLDER: &str = "target/npm";

/// The package as npm unpacks it.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(FOLDER).join("vouchkey-wasm")
}

/// The package as npm installs it.
pub(crate) fn archive() -> PathBuf {
    PathBuf::from(FOLDER).join(format!("vouchkey-wasm-{}.tgz", env!("CARGO_PKG_VERSION")))
}

/// What can be made besides the npm package.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    /// The Debian package.
    Deb,
    /// The container image.
    Container,
}

/// Makes a package, and says where it is.
pub(crate) fn run(kind: Option<Kind>) -> Outcome {
    match kind {
        Some(Kind::Deb) => deb::run_all(),
        Some(Kind::Container) => container::run_all(),
        None => {
            build()?;
            println!("{}", archive().display());
            Ok(())
        }
    }
}

/// Makes the package. Its bytes depend on the sources and the pinned tools alone.
pub(crate) fn build() -> Outcome {
    for variant in Variant::ALL {
        module::build(variant)?;
    }
    assemble()
}

/// Bundles the JavaScript around the modules that were built, and packs it.
fn assemble() -> Outcome {
    tools::node_packages()?;
    step("making the npm package");
    let root = env::current_dir().during("the current folder")?;
    command::run(
        tools::node()?
            .arg("crates/xtask/node/package/build.mjs")
            .args([root.as_os_str(), env!("CARGO_PKG_VERSION").as_ref()]),
    )
}
