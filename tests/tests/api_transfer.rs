//! Moving an installation to the other engine: what was made before works after, whatever was killed on the way.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::cell::Cell;
use std::process::Stdio;

use serde_json::json;
use vouchkey_tests::backups;
use vouchkey_tests::database::{self, Database, Scratch};
use vouchkey_tests::program::Installation;
use vouchkey_tests::transfers::{
    fill, installation, refused, rows, rows_of, sqlite_url, works_as_before,
};
use vouchkey_tests::wait;

const KILLS: i64 = 6;

/// A transfer that has been killed some times on its way.
struct Killed {
    scratch: Scratch,
    installation: Installation,
    target: Database,
}

/// Begins a transfer into a new database again and again, and kills it each time. None if it was too fast for that, or if
/// there is no scratch cluster.
async fn killed_on_its_way(source: &Installation, all: i64) -> Option<Killed> {
    let scratch = database::create()?;
    let from = sqlite_url(source);
    let slow = [
        "transfer",
        "--from",
        &from,
        "--to",
        scratch.url(),
        "--batch",
        "1",
    ];
    let installation = source
        .moved_to(source.folder())
        .on(scratch.url().to_owned());
    let mut target = Database::open(&installation).await;
    for kill in 1..=KILLS {
        let mut command = installation.command(&slow);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let enough = all * kill / (KILLS + 1);
        wait::until("some more rows", async || {
            let has_ended = child.try_wait().unwrap().is_some();
            (has_ended || copied(&mut target).await >= enough).then_some(())
        })
        .await;
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        child.kill().await.unwrap();
        if kill == 1 {
            let served = installation
                .run(&["serve", "--listen", "127.0.0.1:0"])
                .await;
            let said = String::from_utf8_lossy(&served.stderr).into_owned();
            assert_eq!(served.status.code(), Some(1), "{said}");
            assert!(
                said.contains("transfer into this database is not finished"),
                "{said}"
            );
            let other = Installation::empty_on_sqlite().initialised().await;
            let said = refused(&other, scratch.url()).await;
            assert!(said.contains("of another installation"), "{said}");
        }
    }
    Some(Killed {
        scratch,
        installation,
        target,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_that_is_killed_goes_on_and_what_was_made_before_works_after() {
    if database::create().is_none() {
        return;
    }
    let source = installation().await;
    let before = fill(&source).await;
    let expected = rows_of(&source).await;
    let all = i64::try_from(expected.len()).unwrap();
    // A machine that is busy with others may let it end before we look again.
    let mut killed = None;
    for _ in 0..10 {
        killed = killed_on_its_way(&source, all).await;
        if killed.is_some() {
            break;
        }
    }
    let Killed {
        scratch,
        installation,
        mut target,
    } = killed.expect("the transfers ended before they were killed");

    let from = sqlite_url(&source);
    let words = ["transfer", "--from", &from, "--to", scratch.url()];
    let answer = installation.json(&[&words[..], &["--json"]].concat()).await;
    assert_eq!(answer["resumed"], true, "{answer}");
    assert!(answer["rows"].as_i64().unwrap() >= all, "{answer}");
    assert!(
        rows(&mut target, true).await == expected,
        "the rows are not the same"
    );
    let marks = "SELECT COUNT(*) FROM pg_class WHERE relname = '_vouchkey_transfer'";
    assert_eq!(target.number(marks).await, 0);
    let output = installation.run(&words).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("not empty"), "{said}");
    target.close().await;
    works_as_before(&installation, &before).await;
}

/// How many rows the target has, by its own notes; none before the transfer has begun.
async fn copied(target: &mut Database) -> i64 {
    let begun = "SELECT COUNT(*) FROM pg_class WHERE relname = '_vouchkey_transfer'";
    if target.number(begun).await == 0 {
        return 0;
    }
    target
        .number("SELECT CAST(SUM(copied) AS BIGINT) FROM _vouchkey_transfer")
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_goes_to_postgres_and_back() {
    let Some(scratch) = database::create() else {
        return;
    };
    let url = scratch.url().to_owned();
    let installation = installation().await;
    let before = fill(&installation).await;
    let expected = rows_of(&installation).await;
    let from = sqlite_url(&installation);
    let there = ["transfer", "--from", &from, "--to", &url];
    installation.output(&there).await;

    let back = installation.folder().join("back");
    std::fs::create_dir(&back).unwrap();
    let to = format!("sqlite://{}/vouchkey.db", back.display());
    let home = ["transfer", "--from", &url, "--to", &to];
    let moved = Installation::empty_on_sqlite().on(url.clone());
    let key = "root.key";
    std::fs::copy(installation.folder().join(key), moved.folder().join(key)).unwrap();
    let running = moved.serve().await;
    let output = installation.run(&home).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("other connections"), "{said}");
    assert_eq!(running.stop().await, Some(0));
    installation.output(&home).await;

    for name in ["vouchkey.db", "vouchkey.db-wal", "vouchkey.db-shm"] {
        let _ = std::fs::remove_file(installation.folder().join(name));
    }
    std::fs::rename(
        back.join("vouchkey.db"),
        installation.folder().join("vouchkey.db"),
    )
    .unwrap();
    assert!(
        rows_of(&installation).await == expected,
        "the rows are not the same"
    );
    let mut database = Database::open(&installation).await;
    database.is_intact().await;
    database.close().await;
    works_as_before(&installation, &before).await;
}

#[tokio::test]
async fn nobody_writes_to_a_source_that_is_being_transferred() {
    let Some(scratch) = database::create() else {
        return;
    };
    let source = backups::unlimited(Installation::empty().on(scratch.url().to_owned()))
        .initialised()
        .await;
    let (server, api) = source.sandbox().await;
    for _ in 0..100 {
        api.created(&json!({})).await;
    }
    assert_eq!(server.stop().await, Some(0));
    let folder = tempfile::tempdir().unwrap();
    let to = format!("sqlite://{}", folder.path().join("vouchkey.db").display());
    let from = scratch.url();
    let words = ["transfer", "--from", from, "--to", &to, "--batch", "1"];
    let moving = source.beside();
    let is_over = Cell::new(false);
    let transfer = async {
        let moved = moving.run(&words).await;
        is_over.set(true);
        moved
    };
    let write = async {
        while !is_over.get() {
            source
                .run(&["keys", "create", "--environment", "live"])
                .await;
        }
    };
    let (moved, ()) = tokio::join!(transfer, write);
    let said = String::from_utf8_lossy(&moved.stderr).into_owned();
    assert!(moved.status.success(), "{said}");
    let count = "SELECT COUNT(*) FROM api_keys";
    let copy = Installation::at(folder.path());
    let there = Database::open(&copy).await.number(count).await;
    let here = Database::open(&source).await.number(count).await;
    // The last one may have waited for the end.
    assert!((0..=1).contains(&(here - there)), "{here} and {there}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_differs_at_the_end_stops_the_transfer() {
    let Some(scratch) = database::create() else {
        return;
    };
    let url = scratch.url().to_owned();
    let installation = installation().await;
    installation.key("live", &[]).await;
    let from = sqlite_url(&installation);
    let words = ["transfer", "--from", &from, "--to", &url];
    let there = Installation::empty_on_sqlite().on(url.clone());
    there.output(&["migrate"]).await;
    let mut target = Database::open(&there).await;
    // It comes as far as a table that somebody has locked.
    target.execute("BEGIN").await;
    target.execute("LOCK TABLE users IN EXCLUSIVE MODE").await;
    refused(&installation, &url).await;
    target.execute("COMMIT").await;
    assert!(copied(&mut target).await > 0);
    target
        .execute("UPDATE organizations SET name = 'Other'")
        .await;
    let said = refused(&installation, &url).await;
    assert!(
        said.contains("organizations has other values in the 1 rows"),
        "{said}"
    );
    let served = there.run(&["serve", "--listen", "127.0.0.1:0"]).await;
    assert_eq!(served.status.code(), Some(1));
    target
        .execute("UPDATE organizations SET name = 'Example'")
        .await;
    installation.output(&words).await;
}

#[tokio::test]
async fn a_backup_is_transferred_by_urls_that_nobody_sees_and_stays_alone() {
    let Some(scratch) = database::create() else {
        return;
    };
    let installation = installation().await;
    installation.key("live", &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup.db");
    let file = backup.to_str().unwrap();
    installation.output(&["backup", file]).await;
    let names = || {
        let entries = std::fs::read_dir(folder.path()).unwrap();
        let names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names
    };
    let from = format!("sqlite://{file}");
    let output = installation.run(&["transfer", "--from", &from]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    for name in ["--to", "VOUCHKEY_TRANSFER_TO"] {
        assert!(said.contains(name), "{said}");
    }
    let nowhere = ["transfer", "--to", "postgres://127.0.0.1:1/nowhere"];
    let installation = installation.with("VOUCHKEY_TRANSFER_FROM", from);
    let output = installation.run(&nowhere).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("the target: "), "{said}");
    assert_eq!(names(), ["backup.db"]);

    let installation = installation.with("VOUCHKEY_TRANSFER_TO", scratch.url());
    let answer = installation.json(&["transfer", "--json"]).await;
    assert!(answer["rows"].as_i64().unwrap() > 0, "{answer}");
    assert_eq!(names(), ["backup.db"]);
    let wrong = installation.with("VOUCHKEY_TRANSFER_TO", "mysql://u:hunter2@localhost/x");
    let output = wrong.run(&["transfer"]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("VOUCHKEY_TRANSFER_TO: must be") && !said.contains("hunter2"),
        "{said}"
    );
}

#[tokio::test]
async fn what_cannot_be_transferred_is_refused() {
    let installation = installation().await;
    let from = sqlite_url(&installation);
    for (to, why) in [
        ("sqlite:///nowhere/vouchkey.db", "--from and --to"),
        ("mysql://u:hunter2@localhost/x", "--to: must be"),
    ] {
        let output = installation
            .run(&["transfer", "--from", &from, "--to", to])
            .await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(why) && !said.contains("hunter2"), "{said}");
    }
    let missing = installation.folder().join("missing.db");
    let missing = format!("sqlite://{}", missing.display());
    let Some(scratch) = database::create() else {
        return;
    };
    let url = scratch.url().to_owned();
    let absent = ["transfer", "--from", &missing, "--to", &url];
    let output = installation.run(&absent).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("missing.db"), "{said}");

    let unused = Installation::empty_on_sqlite();
    unused.output(&["migrate"]).await;
    let said = refused(&unused, &url).await;
    assert!(said.contains("holds no installation yet"), "{said}");

    let there = Installation::empty_on_sqlite().on(url.clone());
    let mut target = Database::open(&there).await;
    target
        .execute("CREATE TABLE somebody_elses (id INTEGER)")
        .await;
    let said = refused(&installation, &url).await;
    assert!(said.contains("not empty"), "{said}");
    target.execute("DROP TABLE somebody_elses").await;
    there.initialised().await;
    let said = refused(&installation, &url).await;
    assert!(said.contains("not empty"), "{said}");
}
