//! `cargo xtask run`: from a fresh clone to a served dashboard, with an example organization to play with.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Args;

use crate::command::{During, Failure, Outcome, call, step};
use crate::dashboard::{self, Profile};
use crate::server;

#[derive(Args)]
pub(crate) struct Settings {
    /// Where the server listens.
    #[arg(long, default_value = "127.0.0.1:8080", env = "VOUCHKEY_LISTEN")]
    listen: String,
    /// The server's data folder, from the root of the repository.
    #[arg(long, default_value = "vouchkey-data", env = "VOUCHKEY_DATA")]
    data: PathBuf,
}

pub(crate) fn run(settings: &Settings) -> Outcome<ExitCode> {
    dashboard::build(Profile::Dev)?;
    let program = server::build_dev()?;

    // Before anything is made: the secrets below are shown once, so that nothing may go wrong after them.
    let is_free = TcpListener::bind(&settings.listen);
    drop(is_free.during(format!(
        "{} (name another address with --listen)",
        settings.listen
    ))?);

    match server::init(&program, &settings.data, &settings.listen, None)? {
        Some(link) => {
            let key = server::create_sandbox_key(&program, &settings.data, "Example", None)?;
            print!("{}", welcome(settings, &program, &link, &key));
        }
        None => print!("{}", welcome_back(settings, &program)),
    }
    step("starting the server; Ctrl-C stops it");
    become_server(
        call(&program)
            .arg("serve")
            .arg("--listen")
            .arg(&settings.listen)
            .arg("--data")
            .arg(&settings.data),
    )
}

/// What a newcomer needs; the link and the key are shown this one time.
fn welcome(settings: &Settings, program: &Path, link: &str, key: &str) -> String {
    let base = base_url(&settings.listen);
    let vouchkey = from_here(program);
    let data = data_flag(&settings.data);
    format!(
        r#"
An example organization is ready. The link and the key are shown only now.

  Dashboard   {link}
              (works once, within an hour, for {owner}; another one:
              {vouchkey} users reset-password --email {owner}{data})

  Sandbox key {key}
  A live key  {vouchkey} keys create --environment live --label "My backend"{data}

  Create a session:
  curl -sS {base}/api/v1/sessions -H 'X-API-Key: {key}' -H 'Content-Type: application/json' -d '{{"external_ref":"order-1001","country":"US","send_email":true,"applicant_email":"ada@example.com","applicant_name":"Ada Lovelace"}}'

"#,
        owner = server::OWNER,
    )
}

fn welcome_back(settings: &Settings, program: &Path) -> String {
    format!(
        "\nDashboard   {}/dashboard/\n            (a new sign-in link: {} users reset-password --email {}{})\n\n",
        base_url(&settings.listen),
        from_here(program),
        server::OWNER,
        data_flag(&settings.data),
    )
}

/// The server's address for a program on this machine.
fn base_url(listen: &str) -> String {
    format!(
        "http://{}",
        listen
            .replace("0.0.0.0", "127.0.0.1")
            .replace("[::]", "[::1]")
    )
}

/// A path as it can be typed at the root of the repository.
fn from_here(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here)
        .unwrap_or(path)
        .display()
        .to_string()
}

/// The flag that the program's other commands need to find the data, unless it is where they look by themselves.
fn data_flag(data: &Path) -> String {
    if data == Path::new("vouchkey-data") {
        String::new()
    } else {
        format!(" --data {}", data.display())
    }
}

/// The server takes this program's place, so that a signal to it, Ctrl-C or another, is the server's own to handle.
#[cfg(unix)]
fn become_server(command: &mut Command) -> Outcome<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(Failure(format!(
        "the server did not start: {}",
        command.exec()
    )))
}

#[cfg(not(unix))]
fn become_server(command: &mut Command) -> Outcome<ExitCode> {
    let status = command.status().during("the server did not start")?;
    if status.success() {
        Ok(ExitCode::SUCCESS)
    } else {
        Err(Failure(format!("the server failed ({status})")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_a_server_on_all_addresses_lead_to_this_machine() {
        assert_eq!(base_url("0.0.0.0:8080"), "http://127.0.0.1:8080");
        assert_eq!(base_url("[::]:80"), "http://[::1]:80");
        assert_eq!(base_url("127.0.0.1:8080"), "http://127.0.0.1:8080");
    }

    #[test]
    fn commands_name_the_data_folder_only_where_it_is_not_the_usual_one() {
        assert_eq!(data_flag(Path::new("vouchkey-data")), "");
        assert_eq!(data_flag(Path::new("/tmp/other")), " --data /tmp/other");
    }
}
