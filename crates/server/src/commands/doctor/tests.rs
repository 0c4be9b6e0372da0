//! An installation broken in each way, and the line that says so.

use std::os::unix::fs::PermissionsExt as _;
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
    assert_eq!(checks.len(), 15);
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
}

#[tokio::test]
async fn a_root_key_that_is_missing_or_wrong_is_a_problem() {
    let folder = Folder::initialised().await;
    let (key, kept) = (folder.file("root.key"), folder.file("kept"));
    std::fs::rename(&key, &kept).unwrap();
    let report = folder.doctor("").await;
    assert_said(&report, "root_key", Level::Problem, &["missing", "backup"]);
    assert!(!key.exists());

    let other = Folder::initialised().await;
    std::fs::copy(other.file("root.key"), &key).unwrap();
    let report = folder.doctor("").await;
    assert_said(&report, "root_key", Level::Problem, &["does not belong"]);
    let text = std::fs::read_to_string(&key).unwrap();
    assert!(!report.to_text().contains(text.trim()));
}

#[tokio::test]
async fn a_damaged_database_is_a_problem() {
    let folder = Folder::initialised().await;
    folder.settled().await;
    let file = folder.file("vouchkey.db");
    let whole = std::fs::read(&file).unwrap();
    // The root page of an index or table in the middle, its header gone.
    let mut torn = whole.clone();
    let page = whole.len() / 2 / 4_096 * 4_096;
    torn[page..page + 64].fill(0xff);
    std::fs::write(&file, &torn).unwrap();
    let report = folder.doctor("").await;
    assert_eq!(report.level(), Level::Problem, "{}", report.to_text());
    let quick = folder.doctor("--quick").await;
    assert_said(&quick, "integrity", Level::Ok, &["--quick"]);

    std::fs::write(
        &file,
        "this is no database, whatever its name says; this is no database",
    )
    .unwrap();
    let report = folder.doctor("").await;
    assert_said(
        &report,
        "database",
        Level::Problem,
        &["not a database", "restore a backup"],
    );
    let said = folder.run("keys list").await.unwrap_err().to_string();
    assert!(said.contains("restore a backup"), "{said}");

    // The page from which all others are found.
    let mut torn = whole;
    torn[100..4_096].fill(0xa5);
    std::fs::write(&file, &torn).unwrap();
    let report = folder.doctor("").await;
    assert_said(&report, "database", Level::Problem, &["restore a backup"]);
    let said = folder.run("keys list").await.unwrap_err().to_string();
    assert!(said.contains("restore a backup"), "{said}");
}

#[tokio::test]
async fn rows_without_what_they_refer_to_are_a_problem() {
    let folder = Folder::initialised().await;
    execute(
        &folder,
        "PRAGMA foreign_keys = OFF; DELETE FROM organizations",
    )
    .await;
    let report = folder.doctor("").await;
    assert_said(
        &report,
        "integrity",
        Level::Problem,
        &["workflows", "organizations"],
    );
}

/// Runs SQL as another program might.
async fn execute(folder: &Folder, sql: &'static str) {
    folder.settled().await;
    let mut conn = folder.connect().await;
    sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

#[tokio::test]
async fn schemas_of_other_programs_are_told_apart() {
    let folder = Folder::initialised().await;
    execute(&folder, "PRAGMA journal_mode = DELETE").await;
    let report = folder.doctor("").await;
    assert_said(
        &report,
        "durability",
        Level::Warning,
        &["journal_mode is delete"],
    );

    execute(
        &folder,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'future', 1, x'00', 0)",
    )
    .await;
    let report = folder.doctor("").await;
    assert_said(&report, "schema", Level::Ok, &["9999", "newer"]);
    execute(&folder, "UPDATE schema_floor SET oldest_step = 9999").await;
    let report = folder.doctor("").await;
    assert_said(&report, "schema", Level::Problem, &["9999", "newer"]);
    let half = "UPDATE schema_floor SET oldest_step = 9223372036854775807";
    execute(&folder, half).await;
    let report = folder.doctor("").await;
    assert_said(&report, "schema", Level::Problem, &["vouchkey transfer"]);

    execute(
        &folder,
        "UPDATE schema_floor SET oldest_step = 1; DELETE FROM _sqlx_migrations WHERE version IN (4, 9999)",
    )
    .await;
    let report = folder.doctor("").await;
    assert_said(
        &report,
        "schema",
        Level::Warning,
        &["step", "vouchkey migrate"],
    );

    execute(
        &folder,
        "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 2",
    )
    .await;
    let report = folder.doctor("").await;
    assert_said(
        &report,
        "schema",
        Level::Problem,
        &["step 2 was another one"],
    );
}

#[tokio::test]
async fn a_clock_behind_the_newest_session_is_a_problem() {
    let folder = Folder::initialised().await;
    let store = folder.store().await;
    let organization = store
        .read(async |conn| organizations::oldest(conn, 1).await)
        .await
        .unwrap()[0]
        .id;
    store
        .write(apply(move |conn| {
            Box::pin(async move {
                let row = crate::store::secrets::RootKeyRow {
                    id: "rk_test".to_owned(),
                    canary_sealed: vec![1],
                    created_at: NOW,
                };
                crate::store::secrets::insert_root_key(conn, &row).await
            })
        }))
        .await
        .unwrap();
    store
        .write(fixtures::creation(organization, NOW))
        .await
        .unwrap();
    store.close().await;
    let report = folder.doctor_at("", &Clock::fixed(NOW - DAY)).await;
    assert_said(&report, "clock", Level::Problem, &["newest session", "NTP"]);
    let report = folder.doctor_at("", &Clock::fixed(NOW)).await;
    assert_said(&report, "clock", Level::Ok, &[]);

    // Its invitation waits, since no server has run.
    let report = folder.doctor_at("", &Clock::fixed(NOW + DAY)).await;
    assert_said(
        &report,
        "outbox",
        Level::Warning,
        &["invitation", "1440 minutes"],
    );
    execute(
        &folder,
        "UPDATE outbox SET state = 'dead', last_error = 'recipient_refused'",
    )
    .await;
    let report = folder.doctor_at("", &Clock::fixed(NOW + DAY)).await;
    assert_said(&report, "outbox", Level::Warning, &["given up"]);
}

#[tokio::test]
async fn keys_that_end_are_told_and_long_ended_ones_are_not() {
    let folder = Folder::new();
    let empty = folder.store().await;
    empty.close().await;
    let report = folder.doctor("").await;
    assert_said(&report, "keys", Level::Warning, &["vouchkey init"]);
    assert_said(&report, "root_key", Level::Warning, &["none yet"]);

    let folder = Folder::initialised().await;
    let report = folder.doctor("").await;
    assert_said(&report, "keys", Level::Warning, &["vouchkey keys create"]);
    let made = folder
        .json("keys create --environment live --expires-at 2100-06-15")
        .await;
    let id = made.get("id").and_then(Json::as_str).unwrap();
    let secret = made.get("secret").and_then(Json::as_str).unwrap();
    let end = vouchkey_types::date::parse_utc("2100-06-15").unwrap();
    for (now, words) in [
        (end - 20 * DAY, None),
        (end - 2 * DAY, Some(" ends 2100-06-15")),
        (end + 2 * DAY, Some(" ended 2100-06-15")),
        (end + 40 * DAY, None),
    ] {
        let report = folder.doctor_at("", &Clock::fixed(now)).await;
        let lines = said(&report, "keys");
        let told = lines.iter().find(|(_, message)| message.contains(id));
        assert_eq!(told.is_some(), words.is_some(), "{lines:?}");
        assert!(told.is_none_or(|(_, message)| message.contains(words.unwrap_or_default())));
        assert!(!report.to_text().contains(secret));
    }
}

#[tokio::test]
async fn links_that_others_cannot_use_are_told() {
    let folder = Folder::initialised().await;
    let report = folder
        .doctor("--public-url http://verify.example.com")
        .await;
    assert_said(&report, "public_url", Level::Warning, &["TLS"]);
    let report = folder
        .doctor("--public-url https://verify.example.com")
        .await;
    assert_said(&report, "public_url", Level::Ok, &[]);
    let silent = Silent::new();
    let everywhere = format!("--listen 0.0.0.0:{}", silent.port);
    let report = folder.doctor(&everywhere).await;
    assert_said(&report, "public_url", Level::Warning, &["all addresses"]);

    folder.answer("keys create --environment live").await;
    let report = folder.doctor("").await;
    assert_said(
        &report,
        "public_url",
        Level::Warning,
        &["live keys", "VOUCHKEY_PUBLIC_URL"],
    );
    assert_said(
        &report,
        "mail",
        Level::Warning,
        &["mailbox", "VOUCHKEY_SMTP_URL"],
    );
}

#[tokio::test]
async fn the_smtp_server_is_asked_and_gets_no_mail() {
    let folder = Folder::initialised().await;
    let smtp = ScriptedSmtp::start(Script::ACCEPT).await;
    folder.configure(&format!(
        "smtp_url = \"smtp://user:secret@{}\"\nmail_from = \"id@acme.example\"\n",
        smtp.address().server()
    ));
    let report = folder.doctor("").await;
    assert_said(&report, "mail", Level::Ok, &["127.0.0.1"]);
    assert_eq!((smtp.heard("EHLO"), smtp.heard("MAIL")), (1, 0));

    smtp.follow(Script::ACCEPT.but("AUTH", "535 no"));
    let report = folder.doctor("").await;
    assert_said(&report, "mail", Level::Problem, &["password"]);
    assert!(!report.to_text().contains("secret"));
    let silent = Silent::new();
    folder.configure(&format!(
        "smtp_url = \"smtp://127.0.0.1:{}\"\nmail_from = \"id@acme.example\"\n",
        silent.port
    ));
    let report = folder.doctor("").await;
    assert_said(&report, "mail", Level::Problem, &["does not answer"]);
}

#[tokio::test]
async fn the_server_that_runs_is_asked_how_it_is() {
    let folder = Folder::initialised().await;
    let other = ScriptedSmtp::start(Script::ACCEPT).await.address().server();
    let report = folder.doctor(&format!("--listen {other}")).await;
    assert_said(
        &report,
        "server",
        Level::Warning,
        &["something else listens"],
    );

    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let bound = listener.local_addr().unwrap();
    let listen = format!("--listen {bound}");
    let installation = folder.installation().await;
    let url = PublicUrl::of_bound(bound);
    let mut address = AddressFile::hold(folder.0.path()).await.unwrap();
    address.tell(&url).unwrap();
    let store = installation.store.clone();
    let app = crate::app::build(crate::app::Foundation {
        config: installation.config,
        public_url: url,
        store: installation.store,
        vault: installation.vault,
        secrets: installation.secrets,
        clock: installation.clock,
    });
    let stop = CancellationToken::new();
    let running = tokio::spawn(app.run(listener, None, stop.clone()));
    for line in [listen.as_str(), "--listen 127.0.0.1:0"] {
        let report = folder.doctor(line).await;
        assert_said(&report, "server", Level::Ok, &["ready"]);
    }
    let silent = Silent::new();
    let elsewhere = format!("--listen 127.0.0.1:{}", silent.port);
    let report = folder.doctor(&elsewhere).await;
    assert_said(&report, "server", Level::Problem, &["does not answer"]);
    // It lives, but has lost its database.
    store.close().await;
    let noticed = async {
        // What it was asked before counts for a second.
        loop {
            let report = folder.doctor(&listen).await;
            if said(&report, "server")[0].0 != Level::Ok {
                break report;
            }
        }
    };
    let report = tokio::time::timeout(Duration::from_mins(1), noticed).await;
    assert_said(&report.unwrap(), "server", Level::Problem, &["503"]);
    stop.cancel();
    running.await.unwrap();
    drop(address);
    let report = folder.doctor(&listen).await;
    assert_said(&report, "server", Level::Ok, &["none runs"]);
}

#[tokio::test]
async fn a_postgres_that_may_forget_commits_is_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    let Some(url) = fixtures::database(folder.path()).await.url else {
        return;
    };
    fixtures::store(folder.path()).await.0.close().await;
    let mut conn = sqlx::PgConnection::connect(url.expose_secret())
        .await
        .unwrap();
    let name: String = sqlx::query_scalar("SELECT current_database()")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    let set = |value: &str| format!("ALTER DATABASE \"{name}\" SET synchronous_commit = {value}");
    let silent = Silent::new();
    let line = format!(
        "--data {} --listen 127.0.0.1:{} --database-url {}",
        folder.path().display(),
        silent.port,
        url.expose_secret()
    );
    for (value, is_told) in [("off", true), ("on", false), ("local", false)] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(set(value)))
            .execute(&mut conn)
            .await
            .unwrap();
        let report = look(&arguments(&line), &Clock::fixed(NOW)).await;
        let lines = said(&report, "durability");
        let told = lines
            .iter()
            .any(|(_, message)| message.contains("synchronous_commit is off"));
        assert_eq!(told, is_told, "{value}: {lines:?}");
        assert_said(&report, "database", Level::Ok, &["PostgreSQL"]);
        // The test's clock is years behind.
        assert_said(&report, "clock", Level::Warning, &["off the database's"]);
    }
    conn.close().await.unwrap();
}

#[tokio::test]
async fn a_postgres_that_is_not_there_is_a_problem_and_its_password_is_not_shown() {
    let folder = Folder::new();
    let silent = Silent::new();
    let port = silent.port;
    let report = folder
        .doctor(&format!(
            "--database-url postgres://me:hunter2@127.0.0.1:{port}/vouchkey"
        ))
        .await;
    assert_said(
        &report,
        "database",
        Level::Problem,
        &["VOUCHKEY_DATABASE_URL"],
    );
    assert!(
        !report.to_text().contains("hunter2"),
        "{}",
        report.to_text()
    );
    assert!(!said(&report, "database").is_empty());
}
