//! Every statement of the store: each can be prepared on the engine that the tests run on, and none looks across
//! organizations but those listed here.

use std::path::{Path, PathBuf};

use sqlx::{Executor, SqlSafeStr as _};
use vouchkey_types::id::SessionId;

use super::fixtures::{NOW, creation, open, store};
use super::*;

mod postgres_plans;

const STATEMENTS: [(&str, &[(&str, &str)]); 19] = [
    ("api_keys", api_keys::STATEMENTS),
    ("backup", backup::STATEMENTS),
    ("capture_links", capture_links::STATEMENTS),
    ("data_keys", data_keys::STATEMENTS),
    ("idempotency", idempotency::STATEMENTS),
    ("invitations", invitations::STATEMENTS),
    ("mailbox", mailbox::STATEMENTS),
    ("organizations", organizations::STATEMENTS),
    ("outbox", outbox::STATEMENTS),
    ("schema", schema::STATEMENTS),
    ("sealed_sample", sealed_sample::STATEMENTS),
    ("secrets", secrets::STATEMENTS),
    ("session_events", session_events::STATEMENTS),
    ("sessions", sessions::STATEMENTS),
    ("shown_session", shown_session::STATEMENTS),
    ("sign_ins", sign_ins::STATEMENTS),
    ("upkeep", upkeep::STATEMENTS),
    ("users", users::STATEMENTS),
    ("workflows", workflows::STATEMENTS),
];

/// Files that put a text together, from constant pieces.
const PUT_TOGETHER: [&str; 3] = ["capture_links", "data_keys", "filter"];

/// Files that insert several rows at once, or whose statements have a text for each engine.
const TOGETHER: [&str; 6] = [
    "idempotency",
    "outbox",
    "rows",
    "shown_session",
    "sign_ins",
    "upkeep",
];

/// What need not name the organization.
const ACROSS_ORGANIZATIONS: [(&str, &str); 41] = [
    // By which the organization is found.
    ("api_keys", "FIND"),
    ("capture_links", "FIND"),
    ("sign_ins", "FIND"),
    ("sign_ins", "FIND_LINK"),
    ("users", "FIND_BY_EMAIL"),
    // The same row, a moment later.
    ("sign_ins", "REVOKE"),
    ("sign_ins", "TOUCH"),
    ("sign_ins", "USE_LINK"),
    // Of the server, not of an organization.
    ("organizations", "OLDEST"),
    ("backup", "SESSIONS"),
    ("schema", "FLOOR"),
    ("schema", "TAKEN"),
    ("upkeep", "PROBE"),
    ("secrets", "COUNT_SECRETS"),
    ("secrets", "DELETE_ROOT_KEY"),
    ("secrets", "INSERT_ROOT_KEY"),
    ("secrets", "INSERT_SECRET"),
    ("secrets", "NAMED_ROOT_KEYS"),
    ("secrets", "RETIRED_ROOT_KEYS"),
    ("secrets", "RETIRE_ROOT_KEY"),
    ("secrets", "REWRAP_SECRET"),
    ("secrets", "ROOT_KEYS"),
    ("secrets", "SECRETS"),
    ("secrets", "SECRETS_OF_ONE_KEY"),
    ("sign_ins", "FORGET_FAILURES"),
    ("sign_ins", "HOLD_FAILURES"),
    ("sign_ins", "PURGE_FAILURES"),
    ("sign_ins", "SET_FAILURES"),
    // The rotation of root keys, which serves all; it names the organization of each row that it changes.
    ("data_keys", "COUNT"),
    ("data_keys", "PAGE"),
    // Workers of the server, who serve all; what they answer names the organization of each row.
    ("api_keys", "LISTED_ORIGINS"),
    ("outbox", "DEAD"),
    ("outbox", "NEXT_DUE"),
    ("outbox", "RECLAIM"),
    ("outbox", "RELEASE"),
    ("outbox", "WAITING"),
    // Theirs as well: by rows that are listed or that a subquery picks, each named with its organization.
    ("idempotency", "PURGE"),
    ("shown_session", "FIND"),
    ("outbox", "LEASE"),
    ("upkeep", "EXPIRE"),
    ("upkeep", "HURRY"),
];

#[tokio::test]
async fn every_statement_can_be_prepared() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    for (file, statements) in STATEMENTS {
        for (name, sql) in statements {
            let prepared = store
                .read(async |conn| {
                    conn.prepare(sqlx::SqlStr::from_static(sql)).await?;
                    Ok(())
                })
                .await;
            assert_eq!(prepared, Ok(()), "{file}::{name}: {sql}");
        }
    }
    let engine = store.engine();
    for picking in [
        &idempotency::PURGES,
        &outbox::LEASES,
        &outbox::RELEASES,
        &sign_ins::PURGES_FAILURES,
        &upkeep::EXPIRES,
        &upkeep::HURRIES,
    ] {
        let sql = picking.text(engine);
        let passes_over = sql.contains(" FOR UPDATE SKIP LOCKED");
        assert_eq!(passes_over, engine == Engine::Postgres, "{sql}");
        let prepared = store
            .read(async |conn| {
                conn.prepare(sqlx::SqlStr::from_static(sql)).await?;
                Ok(())
            })
            .await;
        assert_eq!(prepared, Ok(()), "{sql}");
    }
    for texts in [
        &capture_links::INSERTS,
        &data_keys::INSERTS,
        &idempotency::CLAIMS,
        &mailbox::INSERTS,
        &outbox::INSERTS,
        &outbox::INSERTS_SENT,
        &session_events::INSERTS,
        &sessions::INSERTS,
        &shown_session::FINDS,
    ] {
        for sql in texts.all(engine) {
            let prepared = store
                .read(async |conn| {
                    conn.prepare(sqlx::AssertSqlSafe(sql).into_sql_str())
                        .await?;
                    Ok(())
                })
                .await;
            assert_eq!(prepared, Ok(()), "{sql}");
        }
    }
}

/// Tables that grow with the sessions.
const LARGE: [&str; 7] = [
    "capture_links",
    "data_keys",
    "idempotency_keys",
    "mailbox_messages",
    "outbox",
    "session_events",
    "sessions",
];

/// Indexes of what is open only.
const SMALL: [&str; 3] = ["outbox_dead", "outbox_due", "sessions_open"];

/// What an organization's rows are walked through for: a page of them, in the order of the index.
const PAGES: [&str; 1] = ["mailbox_messages_by_time"];

/// What walks through all rows of a large table, since all of them are wanted: a backup that is looked at.
const WALKS: [(&str, &str); 1] = [("backup", "SESSIONS")];

#[tokio::test]
async fn no_statement_walks_through_all_that_was_ever_stored() {
    use sqlx::Row as _;
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    if store.engine() != Engine::Sqlite {
        return;
    }
    let mut slow = Vec::new();
    for (file, statements) in STATEMENTS {
        for (name, sql) in statements {
            let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
            let steps = store
                .read(async |conn| Ok(sqlx::query(explain).fetch_all(conn).await?))
                .await
                .unwrap();
            for step in steps {
                let step: String = step.get("detail");
                if walks(&step) && !WALKS.contains(&(file, name)) {
                    slow.push(format!("{file}::{name}: {step}"));
                }
            }
        }
    }
    assert!(slow.is_empty(), "{slow:#?}");
}

/// Whether a step of SQLite's plan goes through a large table, or through all that an organization has in it.
fn walks(step: &str) -> bool {
    let mut words = step.split(' ');
    let (how, table) = (words.next(), words.next().unwrap_or_default());
    let has = |indexes: &[&str]| indexes.iter().any(|index| step.contains(index));
    LARGE.contains(&table)
        && match how {
            Some("SCAN") => !has(&SMALL),
            Some("SEARCH") => step.ends_with("(organization_id=?)") && !has(&PAGES),
            _ => false,
        }
}

#[test]
fn steps_that_walk_are_told_from_those_that_seek() {
    for step in [
        "SCAN outbox",
        "SCAN sessions USING COVERING INDEX sessions_by_time",
        "SEARCH mailbox_messages USING INDEX some (organization_id=?)",
    ] {
        assert!(walks(step), "{step}");
    }
    for step in [
        "SCAN users",
        "SCAN outbox USING INDEX outbox_due",
        "SEARCH outbox USING INDEX outbox_pk (organization_id=? AND outbox_id=?)",
        "SCAN CONSTANT ROW",
    ] {
        assert!(!walks(step), "{step}");
    }
}

#[tokio::test]
async fn what_is_asked_for_many_at_once_comes_from_one_organization() {
    let folder = tempfile::tempdir().unwrap();
    let (store, one) = store(folder.path()).await;
    let other = fixtures::organization(&store).await;
    let creations = [one, one, other].map(|organization| creation(organization, NOW));
    let all: Vec<SessionId> = creations
        .iter()
        .map(|creation| creation.session.id)
        .collect();
    for creation in creations {
        store.write(creation).await.unwrap();
    }
    for (asked, found) in [(1, 1), (2, 2), (3, 2)] {
        let sessions = &all[..asked];
        let links = store.read(async |conn| capture_links::live_of_all(conn, one, sessions).await);
        assert_eq!(links.await.unwrap().len(), found);
        let keys = store.read(async |conn| data_keys::find_all(conn, one, sessions).await);
        assert_eq!(keys.await.unwrap().len(), found);
    }
}

/// Whether a statement names the organization: as a value of what it inserts, or in its condition.
fn names_the_organization(sql: &str) -> bool {
    match sql.split_once(" WHERE ") {
        Some((_, condition)) if !sql.starts_with("INSERT") => {
            condition.contains("organization_id = $")
        }
        _ => sql.starts_with("INSERT") && sql.contains("organization_id"),
    }
}

#[test]
fn no_statement_on_an_organizations_data_leaves_it_out() {
    for (file, statements) in STATEMENTS {
        for (name, sql) in statements {
            let is_excepted = ACROSS_ORGANIZATIONS.contains(&(file, *name));
            assert!(
                is_excepted || names_the_organization(sql),
                "{file}::{name} does not name the organization: {sql}"
            );
        }
    }
    for (file, statements) in STATEMENTS {
        for (name, sql) in statements {
            assert!(
                !sql.contains('*') || sql.contains("COUNT(*)"),
                "{file}::{name}: {sql}"
            );
        }
    }
    for (file, name) in ACROSS_ORGANIZATIONS {
        let known = STATEMENTS.iter().find(|known| known.0 == file);
        assert!(
            known.is_some_and(|known| known.1.iter().any(|known| known.0 == name)),
            "{file}::{name} is no more"
        );
    }
    for sql in [
        "SELECT * FROM sessions WHERE session_id = $1",
        "DELETE FROM sessions",
        "UPDATE sessions SET organization_id = $1 WHERE session_id = $2",
    ] {
        assert!(!names_the_organization(sql), "{sql}");
    }
}

/// The code of a file, without its tests.
fn code(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    text.split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap()
        .to_owned()
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn statements_are_nowhere_but_in_those_lists() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    files_below(&sources, &mut files);
    let mut seen = 0;
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let path = file
            .strip_prefix(&sources)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let is_for_tests = ["test", "fixtures", "statements", "tenancy"]
            .iter()
            .any(|word| path.contains(word));
        // The engine's own settings have no data in them.
        if is_for_tests || path.starts_with("store/engine") {
            continue;
        }
        let text = code(&file);
        assert!(!text.contains("raw_sql("), "{path}");
        let known = STATEMENTS.iter().find(|known| known.0 == name);
        for call in text.split("sqlx::query(").skip(1) {
            seen += 1;
            let sql = call.split(')').next().unwrap_or_default();
            let is_constant = known.is_some_and(|known| known.1.iter().any(|known| known.0 == sql));
            let is_put_together =
                sql.starts_with("AssertSqlSafe(") && PUT_TOGETHER.contains(&name.as_str());
            // Made from the schema itself, or on a table that is there only for the time of a transfer.
            let is_of_transfer = path.starts_with("store/transfer/");
            let is_of_rows = sql == "sql" && TOGETHER.contains(&name.as_str());
            assert!(
                path.starts_with("store/")
                    && (is_constant || is_put_together || is_of_rows || is_of_transfer),
                "{path}: {sql}"
            );
        }
    }
    assert!(seen > 40, "{seen}");
}
