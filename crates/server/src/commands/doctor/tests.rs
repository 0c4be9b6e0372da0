//! An installation broken in each way, and the line that says so.

mod database;
mod reach;

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use clap::Parser as _;
use secrecy::ExposeSecret as _;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;
use vouchkey_types::json;

use super::super::address_file::AddressFile;
use super::super::arguments::{Cli, Command};
use super::super::tests::Folder;
use super::*;
use crate::config::{DataConfig, DatabaseConfig, PublicUrl};
use crate::invitations::scripted_smtp::{Script, ScriptedSmtp};
use crate::store::fixtures::{self, NOW, apply};
use crate::store::{Store, organizations};

const DAY: i64 = 86_400_000;

fn arguments(line: &str) -> DoctorArguments {
    let words = ["vouchkey", "doctor"]
        .into_iter()
        .chain(line.split_whitespace());
    match Cli::try_parse_from(words).unwrap().command {
        Command::Doctor(arguments) => arguments,
        other => panic!("{other:?}"),
    }
}

/// A port on loopback that nobody listens on, nor can while this is held.
struct Silent {
    port: u16,
    _held: TcpSocket,
}

impl Silent {
    fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        Self {
            port: socket.local_addr().unwrap().port(),
            _held: socket,
        }
    }
}

impl Folder {
    async fn doctor_at(&self, line: &str, clock: &Clock) -> Report {
        let silent = Silent::new();
        let listen = format!("--listen 127.0.0.1:{}", silent.port);
        let listen = if line.contains("--listen") {
            ""
        } else {
            &listen
        };
        let data = self.0.path().display();
        look(&arguments(&format!("--data {data} {listen} {line}")), clock).await
    }

    async fn doctor(&self, line: &str) -> Report {
        self.doctor_at(line, &Clock::system()).await
    }

    /// Writes the settings file.
    fn configure(&self, text: &str) {
        let file = self.0.path().join("vouchkey.toml");
        std::fs::write(&file, text).unwrap();
        set_mode(&file, 0o600);
    }

    /// Waits until the commands before have closed the database. Who closes it last takes its log away; two that close
    /// it at the same time may both leave it to the other, so that it is closed once more.
    async fn settled(&self) {
        let log = self.file("vouchkey.db-wal");
        let gone = async {
            while log.exists() {
                let mut conn = self.connect().await;
                // Only a connection that has read knows of the log.
                let read = sqlx::query("SELECT COUNT(*) FROM sqlite_master");
                read.fetch_one(&mut conn).await.unwrap();
                conn.close().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_mins(1), gone)
            .await
            .expect("the database should be closed");
    }

    async fn connect(&self) -> sqlx::SqliteConnection {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.file("vouchkey.db"));
        options.connect().await.unwrap()
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    async fn store(&self) -> Store {
        let data = DataConfig {
            folder: self.0.path().to_owned(),
        };
        Store::open(&DatabaseConfig::default(), &data)
            .await
            .unwrap()
    }
}

fn set_mode(file: &Path, mode: u32) {
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// The lines of a check.
fn said(report: &Report, check: &str) -> Vec<(Level, String)> {
    let findings = report.0.iter().filter(|finding| finding.check == check);
    findings
        .map(|finding| (finding.level, finding.message.clone()))
        .collect()
}

/// Asserts that a check says one thing, and in it each of these words.
#[track_caller]
fn assert_said(report: &Report, check: &str, level: Level, words: &[&str]) {
    let lines = said(report, check);
    let is_said = lines
        .iter()
        .any(|(found, message)| *found == level && words.iter().all(|word| message.contains(word)));
    assert!(
        is_said,
        "{check} should say {words:?}:\n{}",
        report.to_text()
    );
}

#[tokio::test]
async fn a_healthy_installation_has_no_fault_and_stays_as_it_was() {
    let folder = Folder::initialised().await;
    folder.answer("keys create --environment sandbox").await;
    folder.settled().await;
    let before = std::fs::read(folder.file("vouchkey.db")).unwrap();
    let names = |folder: &Folder| {
        let entries = std::fs::read_dir(folder.0.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let files = names(&folder);
    let report = folder.doctor("").await;
    for finding in &report.0 {
        // How full the disk is, is not the test's.
        let is_well = finding.level == Level::Ok || finding.check == "disk";
        assert!(is_well, "{finding:?}");
    }
    assert!(std::fs::read(folder.file("vouchkey.db")).unwrap() == before);
    assert_eq!(names(&folder), files);
    for check in [
        "settings",
        "data_folder",
        "files",
        "disk",
        "database",
        "durability",
        "integrity",
        "schema",
        "root_key",
        "sealed",
        "clock",
        "keys",
        "outbox",
        "public_url",
        "mail",
        "server",
    ] {
        assert_eq!(said(&report, check).len(), 1, "{check}");
    }
    let answer = folder.json("doctor --listen 127.0.0.1:0").await;
    assert!(answer.get("status").and_then(Json::as_str).is_some());
    let checks = answer.get("checks").and_then(Json::as_array).unwrap();
    assert_eq!(checks.len(), 16);
    assert_eq!(
        checks[1].get("check").and_then(Json::as_str),
        Some("data_folder")
    );
}

#[tokio::test]
async fn a_problem_is_an_answer_with_exit_code_1() {
    let folder = Folder::new();
    let none = folder.file("none");
    let answer = folder
        .run(&format!(
            "doctor --json --database-url sqlite://{}",
            none.display()
        ))
        .await;
    let Err(CommandError::Found(answer)) = answer else {
        panic!("{answer:?}");
    };
    let answer = json::read(answer.as_bytes()).unwrap();
    assert_eq!(answer.get("status").and_then(Json::as_str), Some("problem"));
    assert!(!none.exists());
}

#[tokio::test]
async fn an_empty_folder_is_left_empty() {
    let folder = Folder::new();
    let report = folder.doctor("").await;
    assert_said(
        &report,
        "database",
        Level::Problem,
        &["vouchkey.db", "vouchkey init"],
    );
    assert_eq!(std::fs::read_dir(folder.0.path()).unwrap().count(), 0);

    let none = folder.file("none");
    let report = look(
        &arguments(&format!("--data {}", none.display())),
        &Clock::system(),
    )
    .await;
    assert_said(&report, "data_folder", Level::Problem, &["vouchkey init"]);
    assert!(!none.exists());
}

#[tokio::test]
async fn settings_that_cannot_be_read_are_the_first_to_mend() {
    let folder = Folder::new();
    folder.configure("listne = \"127.0.0.1:1\"\n");
    let report = folder.doctor("").await;
    assert_said(&report, "settings", Level::Problem, &["listne"]);
    folder.configure("root_key = \"hunter2hunter2\"\n");
    set_mode(&folder.file("vouchkey.toml"), 0o644);
    let report = folder.doctor("").await;
    assert_said(&report, "settings", Level::Problem, &["root_key", "0600"]);
    assert!(!report.to_text().contains("hunter2"));
}

#[tokio::test]
async fn what_others_can_read_is_named() {
    let folder = Folder::initialised().await;
    set_mode(folder.0.path(), 0o755);
    set_mode(&folder.file("root.key"), 0o640);
    set_mode(&folder.file("vouchkey.db"), 0o604);
    let lock = folder.file("vouchkey.db.server.lock");
    std::fs::write(&lock, "").unwrap();
    set_mode(&lock, 0o606);
    let report = folder.doctor("").await;
    assert_said(
        &report,
        "data_folder",
        Level::Warning,
        &["0755", "chmod 700"],
    );
    assert_said(
        &report,
        "files",
        Level::Warning,
        &["root.key", "0640", "chmod 600"],
    );
    assert_said(&report, "files", Level::Warning, &["vouchkey.db", "0604"]);
    assert_said(&report, "files", Level::Warning, &["server.lock", "0606"]);
}

#[tokio::test]
async fn what_its_own_user_cannot_use_is_a_problem() {
    let folder = Folder::initialised().await;
    // Root may use what it likes, so that the folder must be another user's.
    if std::fs::metadata(folder.0.path()).unwrap().uid() == 0 {
        let files = std::fs::read_dir(folder.0.path()).unwrap();
        let paths = files.map(|file| file.unwrap().path());
        for path in paths.chain([folder.0.path().to_owned()]) {
            std::os::unix::fs::chown(path, Some(65_534), None).unwrap();
        }
    }
    set_mode(&folder.file("root.key"), 0o200);
    let report = folder.doctor("").await;
    assert_said(
        &report,
        "files",
        Level::Problem,
        &["root.key", "0200", "chmod 600"],
    );
}
