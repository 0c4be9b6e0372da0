//! What the tests of transfers share: an installation with everything in it, and what must be the same after.

use serde_json::{Value, json};

use crate::admin::Admin;
use crate::backups;
use crate::database::Database;
use crate::program::{Installation, Key};
use crate::wait;

const SESSIONS: usize = 120;

/// An installation on SQLite with an address of its own in every link, and no limits.
pub async fn installation() -> Installation {
    backups::unlimited(Installation::empty_on_sqlite())
        .initialised()
        .await
}

/// What was answered before the transfer.
pub struct Before {
    key: Key,
    created: Vec<(Value, Value)>,
    sessions: Vec<Value>,
}

fn idempotency_key(number: usize) -> String {
    format!("before-{number}")
}

/// Works on an installation as people do, and stops its server.
pub async fn fill(installation: &Installation) -> Before {
    let key = installation.key("sandbox", &[]).await;
    installation.key("live", &["--label", "Größe 'x'"]).await;
    let server = installation.serve().await;
    server.owner(installation).await;
    let api = server.api(&key);
    let mut created = Vec::new();
    for number in 0..SESSIONS {
        let mut body = json!({
            "external_ref": format!("user_{number}"),
            "metadata": {"n": number, "text": "x'\"\\\n\u{1f600}".repeat(number % 7)},
        });
        if number % 3 == 0 {
            body["send_email"] = json!(true);
            body["applicant_email"] = json!(format!("a{number}@applicant.example"));
        }
        let call = api.creation(&body).once(&idempotency_key(number));
        let answer = call.send().await.expect_status(201).json();
        created.push((body, answer));
    }
    let mut database = Database::open(installation).await;
    wait::until("all invitations", async || {
        let open = "SELECT COUNT(*) FROM outbox WHERE state <> 'sent'";
        (database.number(open).await == 0).then_some(())
    })
    .await;
    let mut sessions = Vec::new();
    for (_, answer) in &created {
        sessions.push(api.session(&answer["id"]).await);
    }
    let nowhere = "postgres://127.0.0.1:1/nowhere";
    let said = refused(installation, nowhere).await;
    assert!(said.contains("stop the server"), "{said}");
    assert_eq!(server.stop().await, Some(0));
    let said = refused(installation, nowhere).await;
    assert!(said.contains("the target: "), "{said}");
    Before {
        key,
        created,
        sessions,
    }
}

/// The URL of its SQLite database.
pub fn sqlite_url(installation: &Installation) -> String {
    format!("sqlite://{}/vouchkey.db", installation.folder().display())
}

/// Tries a transfer that must fail; what it says.
pub async fn refused(installation: &Installation, to: &str) -> String {
    let from = sqlite_url(installation);
    let arguments = ["transfer", "--from", &from, "--to", to];
    backups::refused(installation, &arguments, 1).await
}

/// What was made before is there and works: keys, replays, sessions, links, sign-in.
pub async fn works_as_before(installation: &Installation, before: &Before) {
    let server = installation.serve().await;
    let api = server.api(&before.key);
    assert_eq!(api.count().await, SESSIONS as u64);
    for (number, (body, answer)) in before.created.iter().enumerate() {
        let replay = api.creation(body).once(&idempotency_key(number)).send();
        let replay = replay.await.expect_status(201);
        assert_eq!(replay.header("idempotency-replayed"), Some("true"));
        assert_eq!(&replay.json(), answer);
        let session = api.session(&answer["id"]).await;
        assert_eq!(&session, &before.sessions[number]);
        let link = answer["capture_url"].as_str().expect("a capture URL");
        let path = link
            .strip_prefix("https://id.example")
            .expect("an address of its own");
        let page = server.stranger().get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
    }
    let other = json!({"external_ref": "another"});
    let mismatch = api.creation(&other).once(&idempotency_key(0)).send();
    mismatch.await.expect_error(422, "idempotency_mismatch");
    Admin::by_password(&server).await;
    api.created(&json!({"send_email": true, "applicant_email": "new@applicant.example"}))
        .await;
    assert_eq!(server.stop().await, Some(0));
}

/// All rows of all tables but the schema's own, as texts; compared without the program's help.
pub async fn rows(database: &mut Database, is_postgres: bool) -> Vec<String> {
    let mut rows = Vec::new();
    for (table, columns) in [
        ("organizations", "organization_id, name, created_at"),
        ("users", "user_id, email, role, password_hash"),
        ("root_keys", "root_key_id, #canary_sealed, created_at"),
        ("server_secrets", "name, #secret_sealed"),
        (
            "api_keys",
            "#key_hash, api_key_id, label, scopes, expires_at, last_used_at",
        ),
        (
            "data_keys",
            "data_key_id, root_key_id, #key_wrapped, destroyed_at",
        ),
        (
            "sessions",
            "session_id, status, external_ref, country, checks, tags, updated_at, row_version, #metadata_sealed, \
             #prefill_sealed, #applicant_email_sealed",
        ),
        (
            "capture_links",
            "link_id, session_id, capture_key_id, expires_at, #bound_hash",
        ),
        (
            "session_events",
            "event_id, event, actor, sequence, detail, created_at",
        ),
        (
            "outbox",
            "outbox_id, session_id, state, attempts, lease_token, done_at",
        ),
        (
            "mailbox_messages",
            "message_id, session_id, #message_sealed",
        ),
        (
            "idempotency_keys",
            "#key_hash, #fingerprint, session_id, status, #response_sealed, api_version, expires_at",
        ),
    ] {
        let columns: Vec<String> = columns
            .split(", ")
            .map(|column| match column.strip_prefix('#') {
                None => format!("COALESCE(CAST({column} AS TEXT), 'NULL')"),
                Some(column) if is_postgres => {
                    format!("COALESCE(upper(encode({column}, 'hex')), 'NULL')")
                }
                Some(column) => {
                    format!("CASE WHEN {column} IS NULL THEN 'NULL' ELSE hex({column}) END")
                }
            })
            .collect();
        let sql = format!(
            "SELECT '{table} ' || {} FROM {table}",
            columns.join(" || ' ' || ")
        );
        let mut found = database.texts(&sql).await;
        assert!(!found.is_empty(), "{table} has rows in this test");
        found.sort();
        rows.extend(found);
    }
    rows
}

/// The rows of an installation on SQLite.
pub async fn rows_of(installation: &Installation) -> Vec<String> {
    let mut database = Database::open(installation).await;
    let rows = rows(&mut database, false).await;
    database.close().await;
    rows
}
