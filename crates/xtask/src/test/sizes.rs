//! What a browser must load, compressed, and the most that it may be.

use std::fs;
use std::path::{Path, PathBuf};

use super::tally::Tally;
use crate::command::{During, Failure, Outcome};
use crate::dashboard::{self, DIST, Profile};
use crate::package;

/// The rules and the QR code with their JavaScript, without the API client: what another page pays to check its form with
/// our rules.
const SLIM_LIMIT: u64 = 34 * 1024;
/// The same with the API client.
const FULL_LIMIT: u64 = 48 * 1024;
/// Everything that the dashboard loads before it can be used.
const DASHBOARD_LIMIT: u64 = 240 * 1024;

/// What a browser loads of the npm package, which was made before.
pub(crate) fn package(tally: &mut Tally) {
    for (what, files, limit) in [
        (
            "the npm package without the client",
            ["slim.js", "vouchkey-slim.wasm"],
            SLIM_LIMIT,
        ),
        ("the npm package", ["index.js", "vouchkey.wasm"], FULL_LIMIT),
    ] {
        tally.check(&format!("size of {what}"), || {
            let dist = package::folder().join("dist");
            within(what, measure(&files.map(|name| dist.join(name)))?, limit)
        });
    }
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

/// Compresses copies of these files, and gives the sum.
fn measure(files: &[PathBuf]) -> Outcome<u64> {
    let folder = Path::new(package::FOLDER).join("sizes");
    fs::create_dir_all(&folder).during(folder.display())?;
    let mut copies = Vec::new();
    for file in files {
        let copy = folder.join(file.file_name().unwrap_or_default());
        fs::copy(file, &copy).during(file.display())?;
        copies.push(copy);
    }
    dashboard::compress(&copies)?;
    let packed: Vec<PathBuf> = copies.iter().map(|copy| with_br(copy)).collect();
    compressed(&[copies, packed].concat())
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
    fn both_readmes_promise_what_is_held() {
        let readme = include_str!("../../../wasm/npm/README.md");
        for (entry, limit) in [
            ("`@vouchkey/wasm`", FULL_LIMIT),
            ("`@vouchkey/wasm/slim`", SLIM_LIMIT),
        ] {
            let promise = format!("at most {} KB |", limit / 1024);
            let row = readme
                .lines()
                .find(|line| line.starts_with(&format!("| {entry} |")));
            assert!(
                row.is_some_and(|row| row.ends_with(&promise)),
                "{entry}: {promise}"
            );
        }
    }

    #[test]
    fn a_size_at_the_limit_passes_and_a_byte_more_fails() {
        assert!(within("a file", 10, 10).is_ok());
        assert!(within("a file", 11, 10).is_err());
    }
}
