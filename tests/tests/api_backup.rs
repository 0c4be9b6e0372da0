//! Backups: taken while clients write, restored into empty folders, and refused where they would do harm.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;
use vouchkey_tests::api::Api;
use vouchkey_tests::backups::{names, original, refused, text, with_root_key_of};
use vouchkey_tests::database::Database;
use vouchkey_tests::program::Installation;
use vouchkey_tests::wait;

/// Clients that create at the same time.
const CLIENTS: usize = 6;

/// A creation that the server has answered.
#[derive(Clone)]
struct Acknowledged {
    key: String,
    body: Value,
    answer: Value,
}

type Ledger = Arc<Mutex<Vec<Acknowledged>>>;

fn len(ledger: &Ledger) -> usize {
    ledger.lock().unwrap().len()
}

/// Creates, one session after the other, until told to stop, and notes each that was answered.
async fn create_on(api: Api, client: usize, ledger: Ledger, stop: Arc<AtomicBool>) {
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let key = format!("client-{client}-{number}");
        let body = json!({
            "external_ref": key,
            "send_email": true,
            "applicant_email": format!("{key}@applicant.example"),
            "metadata": {"client": client, "number": number},
        });
        let call = api.creation(&body).once(&key).send();
        let answer = call.await.expect_status(201).json();
        let acknowledged = Acknowledged { key, body, answer };
        ledger.lock().unwrap().push(acknowledged);
    }
}

/// What a session has from its first commit on, and what there is only with a session: rows of the first table for which
/// there is none of the second, by these columns.
const HALVES: [(&str, &str, &str, &str); 6] = [
    ("sessions", "session_id", "capture_links", "session_id"),
    ("sessions", "session_id", "session_events", "session_id"),
    ("sessions", "session_id", "outbox", "session_id"),
    ("sessions", "session_id", "data_keys", "data_key_id"),
    ("sessions", "session_id", "idempotency_keys", "session_id"),
    ("idempotency_keys", "session_id", "sessions", "session_id"),
];

/// Rows as texts, in the order of bytes, of what nobody changes once it is there.
const UNCHANGING: [&str; 4] = [
    "SELECT session_id || ' ' || external_ref || ' ' || created_at || ' ' || expires_at || ' ' || hex(metadata_sealed) \
     || ' ' || hex(applicant_email_sealed) AS line FROM sessions ORDER BY line",
    "SELECT data_key_id || ' ' || root_key_id || ' ' || hex(key_wrapped) AS line FROM data_keys ORDER BY line",
    "SELECT link_id || ' ' || session_id || ' ' || capture_key_id || ' ' || created_at || ' ' || expires_at AS line \
     FROM capture_links ORDER BY line",
    "SELECT hex(key_hash) || ' ' || hex(fingerprint) || ' ' || session_id || ' ' || status || ' ' || hex(response_sealed) \
     || ' ' || created_at || ' ' || expires_at AS line FROM idempotency_keys ORDER BY line",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_before_a_backup_is_in_it_and_nothing_is_half() {
    let Some((installation, folder, _)) = original().await else {
        return;
    };
    let key = installation.key("sandbox", &[]).await;
    let server = installation.serve().await;
    let api = server.api(&key);
    let (ledger, stop) = (Ledger::default(), Arc::new(AtomicBool::new(false)));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (ledger, stop) = (Arc::clone(&ledger), Arc::clone(&stop));
            tokio::spawn(create_on(api.clone(), client, ledger, stop))
        })
        .collect();

    let mut backups: Vec<(PathBuf, Vec<Acknowledged>, usize)> = Vec::new();
    let has_grown =
        |(_, before, after): &(PathBuf, Vec<Acknowledged>, usize)| *after > before.len();
    // Four, and more until somebody wrote while one was taken.
    for number in 0..20 {
        if number >= 4 && backups.iter().any(has_grown) {
            break;
        }
        let enough = len(&ledger) + 40;
        wait::until("more sessions", async || {
            (len(&ledger) >= enough).then_some(())
        })
        .await;
        let file = folder.path().join(format!("{number}.db"));
        let before = ledger.lock().unwrap().clone();
        let answer = installation.json(&["backup", text(&file), "--json"]).await;
        let after = len(&ledger);
        let sessions = answer["sessions"].as_u64().unwrap();
        assert!(sessions >= before.len() as u64, "{answer}");
        assert_eq!(answer["bytes"], std::fs::metadata(&file).unwrap().len());
        backups.push((file, before, after));
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    assert!(
        backups.iter().any(has_grown),
        "nobody wrote while backups were taken"
    );
    let all = ledger.lock().unwrap().clone();
    assert_eq!(server.stop().await, Some(0));

    let mut original = Database::open(&installation).await;
    for (file, before, _) in backups {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let restored = with_root_key_of(&installation);
        let answer = restored.json(&["restore", text(&file), "--json"]).await;
        let mut copy = Database::open(&restored).await;
        assert_eq!(
            copy.number("SELECT COUNT(*) FROM sessions").await,
            answer["sessions"]
        );
        for (table, column, other, its) in HALVES {
            let alone = format!(
                "SELECT COUNT(*) FROM {table} t WHERE NOT EXISTS (SELECT 1 FROM {other} o \
                 WHERE o.organization_id = t.organization_id AND o.{its} = t.{column})"
            );
            assert_eq!(copy.number(&alone).await, 0, "{table} without {other}");
        }
        for rows in UNCHANGING {
            let known = original.texts(rows).await;
            let kept = copy.texts(rows).await;
            assert!(kept.len() >= before.len(), "{rows}");
            for row in &kept {
                assert!(known.binary_search(row).is_ok(), "{row} was never written");
            }
        }
        drop(copy);

        let server = restored.serve().await;
        let api = server.api(&key);
        for Acknowledged { key, body, answer } in &before {
            let replay = api.creation(body).once(key).send().await;
            let replay = replay.expect_status(201);
            assert_eq!(replay.header("idempotency-replayed"), Some("true"), "{key}");
            assert_eq!(&replay.json(), answer);
            let session = api.session(&answer["id"]).await;
            assert_eq!(session["external_ref"], json!(key));
            assert_eq!(session["metadata"], body["metadata"]);
        }
        // What came after the backup is as if it had never been.
        let last = all.last().unwrap();
        let again = api.creation(&last.body).once(&last.key).send().await;
        assert_eq!(again.status, 201);
        assert_eq!(server.stop().await, Some(0));
    }
}

#[tokio::test]
async fn a_backup_is_private_and_replaces_nothing_unless_told_to() {
    let Some((installation, folder, file)) = original().await else {
        return;
    };
    let output = installation.run(&["backup", text(&file)]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("root key") && said.contains("rk_"), "{said}");
    assert_eq!(names(folder.path()), ["backup.db"]);
    let first = std::fs::read(&file).unwrap();

    let said = refused(&installation, &["backup", text(&file)], 1).await;
    assert!(said.contains("--overwrite"), "{said}");
    assert_eq!(std::fs::read(&file).unwrap(), first);
    installation.key("live", &[]).await;
    installation
        .output(&["backup", text(&file), "--overwrite"])
        .await;
    assert_ne!(std::fs::read(&file).unwrap(), first);
    assert_eq!(names(folder.path()), ["backup.db"]);

    let nowhere = folder.path().join("no such folder").join("backup.db");
    let said = refused(&installation, &["backup", text(&nowhere)], 1).await;
    assert!(said.contains(text(&nowhere)), "{said}");
    let said = refused(
        &Installation::empty(),
        &["backup", text(&file), "--overwrite"],
        1,
    )
    .await;
    assert!(said.contains("there is no database"), "{said}");
}

/// Makes an SQLite database that is not Vouchkey's.
async fn another_program_keeps_its_data_in(file: &Path) {
    let url = format!("sqlite://{}?mode=rwc", text(file));
    let mut conn = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("CREATE TABLE invoices (id); INSERT INTO invoices VALUES (1)")
        .execute(&mut conn)
        .await
        .unwrap();
    conn.close().await.unwrap();
}

#[tokio::test]
async fn a_backup_replaces_nothing_but_a_backup_even_if_told_to() {
    let Some((installation, ..)) = original().await else {
        return;
    };
    let notes = installation.folder().join("notes");
    std::fs::write(&notes, "not a backup").unwrap();
    let folder = installation.folder().join("folder");
    std::fs::create_dir(&folder).unwrap();
    let foreign = installation.folder().join("shop.db");
    another_program_keeps_its_data_in(&foreign).await;
    let invoices = std::fs::read(&foreign).unwrap();
    let server = installation.serve().await;
    let database = installation.folder().join("vouchkey.db");
    let root_key = installation.folder().join("root.key");
    let key = std::fs::read(&root_key).unwrap();
    for file in [&database, &root_key, &notes, &folder, &foreign] {
        let said = refused(&installation, &["backup", text(file), "--overwrite"], 1).await;
        assert!(said.contains("not a backup"), "{said}");
    }
    assert_eq!(std::fs::read(&root_key).unwrap(), key);
    assert_eq!(std::fs::read(&foreign).unwrap(), invoices);

    // What is answered after it is still in the database.
    let api = server.api(&installation.key("live", &[]).await);
    let made = api.creation(&json!({})).send().await.expect_status(201);
    assert_eq!(server.stop().await, Some(0));
    let server = installation.serve().await;
    let found = server.api(&installation.key("live", &[]).await);
    found.session(&made.json()["id"]).await;
    let said = refused(
        &installation,
        &["backup", text(&database), "--overwrite"],
        1,
    )
    .await;
    assert!(said.contains("not a backup"), "{said}");
    assert_eq!(server.stop().await, Some(0));

    // A name that was reserved is no harm.
    let reserved = TempDir::new().unwrap();
    let file = reserved.path().join("backup.db");
    std::fs::write(&file, "").unwrap();
    installation
        .output(&["backup", text(&file), "--overwrite"])
        .await;
    assert_eq!(names(reserved.path()), ["backup.db"]);
}

#[tokio::test]
async fn a_backup_that_is_killed_leaves_no_file_of_its_name() {
    let Some((installation, folder, file)) = original().await else {
        return;
    };
    let (server, api) = installation.sandbox().await;
    for _ in 0..40 {
        let body = json!({"metadata": {"text": "x".repeat(16_000)}});
        api.created(&body).await;
    }
    // Killed later and later until it was under way, and then some times more: before there is a draft, while that is
    // written or read back, and, on a fast machine, only after all is done.
    let mut left = names(folder.path());
    let mut delay = Duration::ZERO;
    for _ in 0..200 {
        let mut command = installation.command(&["backup", text(&file)]);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let is_over = tokio::time::timeout(delay, child.wait()).await.is_ok();
        if !is_over {
            child.kill().await.unwrap();
        }
        if file.exists() {
            // It was faster: then it is whole.
            let restored = with_root_key_of(&installation);
            restored.output(&["restore", text(&file)]).await;
            std::fs::remove_file(&file).unwrap();
        }
        let before = std::mem::replace(&mut left, names(folder.path()));
        if left.len() >= 5 {
            break;
        }
        if is_over {
            delay = Duration::ZERO;
        } else if left.len() == before.len() {
            delay += Duration::from_millis(2);
        }
    }
    assert!(
        left.iter().all(|name| name.starts_with(".vouchkey-")),
        "{left:?}"
    );
    assert!(
        !left.is_empty(),
        "no backup was under way when it was killed"
    );
    installation.output(&["backup", text(&file)]).await;
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test]
async fn a_backup_of_a_newer_schema_is_refused() {
    let Some((installation, folder, file)) = original().await else {
        return;
    };
    let mut database = Database::open(&installation).await;
    database
        .execute("UPDATE schema_floor SET oldest_step = 9999")
        .await;
    let said = refused(&installation, &["backup", text(&file)], 1).await;
    assert!(said.contains("step 9999"), "{said}");
    // What a database says into which a transfer has begun.
    database
        .execute("UPDATE schema_floor SET oldest_step = 9223372036854775807")
        .await;
    let said = refused(&installation, &["backup", text(&file)], 1).await;
    assert!(said.contains("vouchkey transfer"), "{said}");
    assert!(names(folder.path()).is_empty());
}
