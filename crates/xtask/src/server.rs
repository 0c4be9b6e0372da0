//! The `vouchkey` program: how it is built, and the two of its commands that these commands need.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::command::{During, Failure, Outcome, call, cargo_words, run, step};
use crate::tools::target_folder;

/// The address that the first owner of an example installation signs in with.
pub(crate) const OWNER: &str = "owner@example.com";

pub(crate) fn build_dev() -> Outcome<PathBuf> {
    step("bringing the server up to date (the first time takes two minutes)");
    run(&mut cargo_words("build --locked --package vouchkey-server"))?;
    Ok(target_folder()?.join("debug/vouchkey"))
}

pub(crate) fn build_release() -> Outcome<PathBuf> {
    step("building the server for release (the first time takes some five minutes)");
    run(&mut cargo_words(
        "build --locked --release --package vouchkey-server",
    ))?;
    Ok(target_folder()?.join("release/vouchkey"))
}

/// The setting that leads to another database than the file in the data folder.
pub(crate) const DATABASE_URL: &str = "VOUCHKEY_DATABASE_URL";

/// Makes what a server needs to begin with, unless it is there. The one-time sign-in link is given only the first time.
pub(crate) fn init(
    program: &Path,
    data: &Path,
    listen: &str,
    database: Option<&str>,
) -> Outcome<Option<String>> {
    let answer = ask(call(program)
        .args(["init", "--owner", OWNER, "--json", "--data"])
        .arg(data)
        .env("VOUCHKEY_LISTEN", listen)
        .envs(database.map(|url| (DATABASE_URL, url))))?;
    Ok(text_member(&answer, "sign_in_url"))
}

/// Makes a sandbox key and gives its secret.
pub(crate) fn create_sandbox_key(
    program: &Path,
    data: &Path,
    label: &str,
    database: Option<&str>,
) -> Outcome<String> {
    let answer = ask(call(program)
        .args([
            "keys",
            "create",
            "--environment",
            "sandbox",
            "--label",
            label,
            "--json",
            "--data",
        ])
        .arg(data)
        .envs(database.map(|url| (DATABASE_URL, url))))?;
    text_member(&answer, "secret")
        .ok_or_else(|| Failure("`vouchkey keys create` gave no secret".to_owned()))
}

/// What a command prints on standard output; what it says on standard error is only of interest when it fails.
fn ask(command: &mut Command) -> Outcome<String> {
    let output = command.stdin(Stdio::null()).output().during("vouchkey")?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(Failure(format!("vouchkey: {}", text(&output.stderr))))
    }
}

/// The text under a key in JSON that our own program printed. Links, IDs and keys hold nothing that JSON escapes, so
/// that no parser has to be compiled before anything else can be.
fn text_member(json: &str, key: &str) -> Option<String> {
    let (_, rest) = json.split_once(&format!("\"{key}\":"))?;
    let (text, _) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::text_member;

    #[test]
    fn texts_are_read_and_null_is_none() {
        let answer = r#"{"organization_id":"org_1","owner":{"email":"owner@example.com", "sign_in_url": null}}"#;
        assert_eq!(
            text_member(answer, "email").as_deref(),
            Some("owner@example.com")
        );
        assert_eq!(text_member(answer, "sign_in_url"), None);
        assert_eq!(text_member(answer, "secret"), None);
    }
}
