//! The program itself: its commands on a data folder of their own, and `serve`.

mod server;

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

pub use server::Server;

use crate::api::Api;
use crate::database::{self, Scratch};

/// The owner that every installation of the tests begins with.
pub const OWNER: &str = "owner@example.com";

/// The root of the repository.
pub fn repository() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().map_or_else(|| own.to_owned(), Path::to_owned)
}

/// The program under test: what `VOUCHKEY_BIN` names, else the one of the dev profile.
fn program() -> PathBuf {
    std::env::var_os("VOUCHKEY_BIN")
        .map_or_else(|| repository().join("target/debug/vouchkey"), PathBuf::from)
}

/// A data folder with an organization in it, and the settings its program runs with.
#[derive(Debug)]
pub struct Installation {
    folder: PathBuf,
    _kept: Option<TempDir>,
    database_url: Option<String>,
    /// Held by all that work on it.
    scratch: Option<Arc<Scratch>>,
    settings: Vec<(String, String)>,
    beneath: Vec<String>,
    first: Value,
}

/// A key as `keys create` printed it.
#[derive(Clone, Debug)]
pub struct Key {
    /// `key_…`
    pub id: String,
    /// What is sent as `X-API-Key`.
    pub secret: String,
}

impl Installation {
    /// An empty data folder and an empty database, and no organization yet.
    pub fn empty() -> Self {
        let (folder, kept) = new_folder();
        let scratch = database::create().map(Arc::new);
        Self {
            folder,
            _kept: Some(kept),
            database_url: scratch.as_ref().map(|scratch| scratch.url().to_owned()),
            scratch,
            settings: Vec::new(),
            beneath: Vec::new(),
            first: Value::Null,
        }
    }

    /// The same on SQLite, whatever the others run on.
    pub fn empty_on_sqlite() -> Self {
        let (folder, kept) = new_folder();
        Self {
            _kept: Some(kept),
            ..Self::at(&folder)
        }
    }

    /// The same on SQLite, with the data folder here instead of in a folder of its own.
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            _kept: None,
            database_url: None,
            scratch: None,
            settings: Vec::new(),
            beneath: Vec::new(),
            first: Value::Null,
        }
    }

    /// The same installation after its data folder has come to another place.
    #[must_use]
    pub fn moved_to(&self, folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            _kept: None,
            database_url: self.database_url.clone(),
            scratch: self.scratch.clone(),
            settings: self.settings.clone(),
            beneath: self.beneath.clone(),
            first: self.first.clone(),
        }
    }

    /// The same with its database at this PostgreSQL URL.
    #[must_use]
    pub fn on(self, database_url: String) -> Self {
        Self {
            database_url: Some(database_url),
            ..self
        }
    }

    /// A data folder in which `init` has made an organization, an owner and two workflows.
    pub async fn new() -> Self {
        Self::empty().initialised().await
    }

    /// The same, whose invitations go out through a mail server.
    pub async fn mailing_through(smtp_url: &str) -> Self {
        Self::new()
            .await
            .with("VOUCHKEY_SMTP_URL", smtp_url)
            .with("VOUCHKEY_MAIL_FROM", "verify@sender.example")
    }

    /// Runs `init`.
    pub async fn initialised(mut self) -> Self {
        self.first = self.json(&["init", "--owner", OWNER, "--json"]).await;
        self
    }

    /// Another data folder with the same database and settings: a second server's.
    pub fn beside(&self) -> Self {
        let (folder, kept) = new_folder();
        Self {
            _kept: Some(kept),
            ..self.moved_to(&folder)
        }
    }

    /// The same, with an environment variable for every command from here on.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.settings.push((name.to_owned(), value.into()));
        self
    }

    /// The same, whose servers limit neither requests nor creations.
    #[must_use]
    pub fn without_limits(self) -> Self {
        self.with("VOUCHKEY_RATE_LIMIT_REQUESTS", "0")
            .with("VOUCHKEY_RATE_LIMIT_CREATES", "0")
    }

    /// The same, whose servers are started by this command: it becomes what follows its words.
    #[must_use]
    pub fn beneath(mut self, words: &[&str]) -> Self {
        self.beneath = words.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where its database is, if not in the data folder.
    pub fn database_url(&self) -> Option<&str> {
        self.database_url.as_deref()
    }

    /// What `init` answered.
    pub fn first_answer(&self) -> &Value {
        &self.first
    }

    /// The default workflow of an environment.
    pub fn workflow(&self, environment: &str) -> &str {
        self.first["workflows"][environment]
            .as_str()
            .expect("init names both workflows")
    }

    /// The program with its settings, ready to be given arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.prepared(Command::new(program()), arguments)
    }

    fn prepared(&self, mut command: Command, arguments: &[&str]) -> Command {
        for (name, _) in std::env::vars() {
            if name.starts_with("VOUCHKEY_") || name.to_ascii_lowercase().ends_with("_proxy") {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .env("VOUCHKEY_DATA", self.folder())
            .envs(
                self.database_url()
                    .map(|url| ("VOUCHKEY_DATABASE_URL", url)),
            )
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        command.output().await.unwrap_or_else(|error| {
            panic!(
                "{} does not start ({error}): build it first",
                program().display()
            )
        })
    }

    /// Runs a command that must succeed, and returns what it printed.
    pub async fn output(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success(),
            "vouchkey {arguments:?} failed: {errors}"
        );
        String::from_utf8(output.stdout).expect("UTF-8 on standard output")
    }

    /// Runs a command that must succeed and answer with JSON.
    pub async fn json(&self, arguments: &[&str]) -> Value {
        let text = self.output(arguments).await;
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("vouchkey {arguments:?}: {error} in {text}"))
    }

    /// Adds an organization with this owner; what the command answered.
    pub async fn add_organization(&self, owner: &str) -> Value {
        let name = ["org", "create", "--name", "Other"];
        self.json(&[&name[..], &["--owner", owner, "--json"]].concat())
            .await
    }

    /// Makes a key; `more` are further arguments of `keys create`.
    pub async fn key(&self, environment: &str, more: &[&str]) -> Key {
        let mut arguments = vec!["keys", "create", "--environment", environment, "--json"];
        arguments.extend_from_slice(more);
        let answer = self.json(&arguments).await;
        let text = |name: &str| {
            answer[name]
                .as_str()
                .expect("id and secret of a key")
                .to_owned()
        };
        Key {
            id: text("id"),
            secret: text("secret"),
        }
    }

    /// Starts the server on a free port and waits until it accepts requests.
    pub async fn serve(&self) -> Server {
        self.serve_at("127.0.0.1:0").await
    }

    /// Starts the server on the given address and waits until it accepts requests.
    pub async fn serve_at(&self, listen: &str) -> Server {
        self.begin_at(listen).listening().await
    }

    /// Starts the server on the given address and waits for nothing.
    pub fn begin_at(&self, listen: &str) -> Server {
        let words = ["serve", "--listen", listen];
        let mut command = match self.beneath.split_first() {
            None => self.command(&words),
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program());
                self.prepared(command, &words)
            }
        };
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}: build it first", program().display()));
        Server::of(child)
    }

    /// One that runs, with an owner who has a password and so many sandbox sessions: `user_000`, `user_001`, …
    pub async fn with_sessions(count: usize) -> (Self, Server, Api) {
        let installation = Self::new().await;
        let (server, api) = installation.sandbox().await;
        server.owner(&installation).await;
        for number in 0..count {
            api.created(&json!({"external_ref": format!("user_{number:03}")}))
                .await;
        }
        (installation, server, api)
    }

    /// The server with a key of the sandbox: what most tests begin with.
    pub async fn sandbox(&self) -> (Server, Api) {
        self.sandbox_at("127.0.0.1:0").await
    }

    /// The same on the given address, where the client also finds servers that come after this one.
    pub async fn sandbox_at(&self, listen: &str) -> (Server, Api) {
        let key = self.key("sandbox", &[]).await;
        let server = self.serve_at(listen).await;
        let api = server.api(&key);
        (server, api)
    }
}

fn new_folder() -> (PathBuf, TempDir) {
    let folder = TempDir::with_prefix("vouchkey-").expect("a folder for the test");
    (folder.path().to_owned(), folder)
}
