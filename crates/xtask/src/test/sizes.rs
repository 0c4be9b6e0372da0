//! What a browser must load, compressed, and the most that it may be.

use std::fs;
use std::path::{Path, PathBuf};

use super::tally::Tally;
use crate::command::{During, Failure, Outcome, call, cargo_words, run};
use crate::dashboard::{self, DIST, Profile};
use crate::tools;

/// The rules and the QR code, without the API client: what another page pays to check its form with our rules.
const RULES_LIMIT: u64 = 60 * 1024;
/// Everything that the dashboard loads before it can be used.
const DASHBOARD_LIMIT: u64 = 250 * 1024;

pub(crate) fn rules(tally: &mut Tally) {
    tally.check("size of rules and QR code, as wasm", || {
        within("rules and QR code", measure_rules()?, RULES_LIMIT)
    });
}

pub(crate) fn dashboard(tally: &mut Tally) {
    tally.check("size of the dashboard's first load", || {
        dashboard::build(Profile::Release)?;
        let files = dashboard::files_below(Path::new(DIST))?;
        within(
            "the dashboard's first load",
            compressed(&files)?,
            DASHBOARD_LIMIT,
        )
    });
}

/// Builds the module as the npm package has it.
fn measure_rules() -> Outcome<u64> {
    tools::wasm_target()?;
    let (bindgen, optimizer, target) = (
        tools::wasm_bindgen()?,
        tools::wasm_opt()?,
        tools::target_folder()?,
    );
    run(&mut cargo_words(
        "build --locked --package vouchkey-wasm --lib --target wasm32-unknown-unknown --profile wasm-release",
    ))?;
    let folder = target.join("xtask/rules");
    let module = folder.join("vouchkey_bg.wasm");
    run(call(bindgen.join("wasm-bindgen"))
        .args([
            "--target",
            "web",
            "--no-typescript",
            "--out-name",
            "vouchkey",
            "--out-dir",
        ])
        .arg(&folder)
        .arg(target.join("wasm32-unknown-unknown/wasm-release/vouchkey_wasm.wasm")))?;
    run(call(optimizer.join("wasm-opt"))
        .arg("-Oz")
        .arg(&module)
        .arg("-o")
        .arg(&module))?;
    dashboard::compress(std::slice::from_ref(&module))?;
    compressed(&[module.clone(), with_br(&module)])
}

/// The bytes of these files as a browser gets them: each as its `.br` where that is smaller.
fn compressed(files: &[PathBuf]) -> Outcome<u64> {
    let size = |file: &Path| {
        fs::metadata(file)
            .map(|data| data.len())
            .during(file.display())
    };
    let mut sum = 0;
    for file in files
        .iter()
        .filter(|file| file.extension().is_none_or(|extension| extension != "br"))
    {
        let packed = with_br(file);
        sum += if files.contains(&packed) {
            size(&packed)?.min(size(file)?)
        } else {
            size(file)?
        };
    }
    Ok(sum)
}

fn with_br(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".br");
    name.into()
}

fn within(what: &str, bytes: u64, limit: u64) -> Outcome {
    println!("{what}: {bytes} bytes of {limit}, brotli");
    if bytes <= limit {
        Ok(())
    } else {
        Err(Failure(format!("{bytes} bytes, {limit} at most")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_at_the_limit_passes_and_a_byte_more_fails() {
        assert!(within("a file", 10, 10).is_ok());
        assert!(within("a file", 11, 10).is_err());
    }
}
