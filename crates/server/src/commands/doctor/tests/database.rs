//! What is said of the database and its rows.

use super::*;

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
async fn a_way_to_postgresql_that_others_can_listen_to_is_told() {
    let folder = Folder::initialised().await;
    let silent = Silent::new();
    // This machine by a name that does not say so: nobody is asked for an address, and nobody answers.
    let url = format!("postgres://u:hunter2@0.0.0.0:{}/vouchkey", silent.port);
    let report = folder.doctor(&format!("--database-url {url}")).await;
    assert_said(
        &report,
        "database",
        Level::Warning,
        &["0.0.0.0", "sslmode=verify-full", "sslrootcert"],
    );
    assert!(!report.to_text().contains("hunter2"));
    let safe = format!("--database-url {url}?sslmode=verify-full");
    let report = folder.doctor(&safe).await;
    assert_eq!(said(&report, "database").len(), 1, "{}", report.to_text());
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
