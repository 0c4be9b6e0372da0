//! `cargo xtask package container`: the container image of `deploy/Containerfile`, made by Podman or Docker.

use std::fs;
use std::process::Stdio;

use crate::command::{During, Failure, Outcome, call, find_program, output, run, step};

const FILE: &str = "deploy/Containerfile";

/// Programs that build images and run them, with the same words.
const ENGINES: [&str; 2] = ["podman", "docker"];

/// Makes the image, and says its name.
pub(crate) fn run_all() -> Outcome {
    println!("{}", build(engine()?)?);
    Ok(())
}

/// The engine that answers here and has the images that ours begins from, fetched if need be; else what is missing.
pub(crate) fn engine() -> Outcome<&'static str> {
    let engine = ENGINES
        .into_iter()
        .find(|engine| find_program(engine).is_some() && succeeds(engine, &["info"]))
        .ok_or_else(|| {
            Failure(format!(
                "one of {} is needed, with its service running",
                ENGINES.join(" and ")
            ))
        })?;
    let text = fs::read_to_string(FILE).during(FILE)?;
    for image in bases(&text) {
        let is_here = succeeds(engine, &["image", "inspect", image]);
        if !is_here && !succeeds(engine, &["pull", image]) {
            return Err(Failure(format!(
                "{engine} does not have the image {image}, and cannot fetch it"
            )));
        }
    }
    Ok(engine)
}

/// Makes the image, labelled with its version and the commit that it is made of; its name.
pub(crate) fn build(engine: &str) -> Outcome<String> {
    step("building the container image (the first time takes some ten minutes)");
    let version = env!("CARGO_PKG_VERSION");
    let commit = output(call("git").args(["describe", "--always", "--abbrev=40", "--dirty"]))?;
    let name = format!("vouchkey:{version}");
    let label = |key: &str, value: &str| format!("--label=org.opencontainers.image.{key}={value}");
    run(call(engine)
        .args(["build", "--file", FILE, "--tag", &name])
        .arg(label("version", version))
        .arg(label("revision", commit.trim()))
        .arg("."))?;
    Ok(name)
}

/// Runs the image as its administrator would: sets it up, creates a session, stops it, starts it again on its volume.
pub(crate) fn try_out(engine: &str, image: &str) -> Outcome {
    run(call("sh").args(["crates/xtask/src/package/run_container.sh", engine, image]))
}

/// The images that a container file begins from, but for its own stages.
fn bases(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("FROM "))
        .filter_map(|rest| rest.split_whitespace().next())
        .filter(|image| image.contains('/'))
}

fn succeeds(engine: &str, words: &[&str]) -> bool {
    call(engine)
        .args(words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::bases;

    #[test]
    fn images_are_told_from_stages() {
        let text =
            "FROM docker.io/library/rust:1 AS build\nRUN true\nFROM build\nFROM gcr.io/a/b:c\n";
        let found: Vec<_> = bases(text).collect();
        assert_eq!(found, ["docker.io/library/rust:1", "gcr.io/a/b:c"]);
    }
}
