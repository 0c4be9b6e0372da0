//! A disk beneath SQLite that cannot keep some pages, and a power cut after that.

use std::time::Duration;

use serde_json::{Value, json};
use vouchkey_tests::api::{SESSIONS, invitation_to};
use vouchkey_tests::database::Database;
use vouchkey_tests::faults::refuses_to_create;
use vouchkey_tests::lossy::{Bed, Part};
use vouchkey_tests::program::Server;
use vouchkey_tests::retrying::{self, Clients};
use vouchkey_tests::wait;

/// Creations within which the log is moved into the database, and far fewer are needed.
const MANY: usize = 500;

/// How often the disk fails under load, unless `VOUCHKEY_TEST_LOSSES` says another number.
const LOSSES: u64 = 4;

/// A creation that takes some pages.
fn large(number: usize) -> Value {
    let note = format!("{number} ").repeat(2_000);
    json!({"metadata": {"a": note, "b": note, "c": note, "d": note}})
}

/// Lets the log fail, and waits until it has.
async fn fails_once_more(bed: &Bed) {
    let before = bed.disk.failures(Part::Log);
    bed.disk.fail(Part::Log);
    wait::until("a failure", async || {
        (bed.disk.failures(Part::Log) > before).then_some(())
    })
    .await;
}

/// A server whose disk is well again. One to which it happened while it moved the log into the database, and synchronised
/// it for that, cannot tell which of the two was not kept: it has ended, and is started again.
async fn going_on(bed: &Bed, mut server: Server) -> Server {
    let goes_on = wait::until("an end, or an answer", async || {
        match bed.api.call("GET", "/readyz").try_send().await {
            Some(answer) => (answer.status == 200).then_some(true),
            None => Some(false),
        }
    })
    .await;
    if goes_on {
        return server;
    }
    assert_eq!(server.ended().await, Some(1));
    assert!(server.logs().contains("did not keep"), "{}", server.logs());
    bed.serve().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_cannot_be_synchronised_loses_nothing_that_was_answered() {
    let bed = Bed::new().await;
    let mut server = bed.serve().await;
    let mut clients = Clients::begin(&bed.api, 4);
    for round in 1..=5 {
        clients.answer_more(10 + round).await;
        fails_once_more(&bed).await;
        bed.disk.mend(Part::Log);
        server = going_on(&bed, server).await;
    }
    clients.answer_more(10).await;
    let made = clients.finish().await;
    server.kill().await;
    bed.keeps_all(&made).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_after_such_a_failure_builds_on_nothing_that_is_not_on_the_disk() {
    let bed = Bed::new().await;
    let server = bed.serve().await;
    let mut made = vec![bed.api.created(&json!({})).await];
    bed.disk.fail(Part::Log);
    refuses_to_create(&bed.api, "refused").await;
    server.kill().await;
    let said = bed.does_not_start().await;
    assert!(said.contains("cannot be brought to the disk"), "{said}");
    bed.disk.mend(Part::Log);
    // The system still has what was refused, and shows it: the key has its session already, which is not on the disk.
    let server = bed.serve().await;
    let body = invitation_to("jane@example.com");
    let found = bed.api.creation(&body).once("refused").send().await;
    let found = found.expect_status(201);
    assert_eq!(found.header("idempotency-replayed"), Some("true"));
    made.push(found.json());
    for _ in 0..5 {
        made.push(bed.api.created(&json!({})).await);
    }
    server.kill().await;
    bed.keeps(&made).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_be_synchronised_loses_nothing_that_was_answered() {
    let bed = Bed::new().await;
    let mut server = bed.serve().await;
    // Its metadata fills pages that nobody writes again: of the others, SQLite moves only what no later change has.
    let mut made = vec![bed.api.created(&large(0)).await];
    // As long as somebody reads, SQLite moves a part of the log into the database, and does not synchronise that.
    let mut reader = Database::open(&bed.plain).await;
    reader.execute("BEGIN").await;
    reader.number("SELECT COUNT(*) FROM sessions").await;
    while bed.disk.writes(Part::Database) == 0 {
        assert!(made.len() < MANY, "the log is never moved");
        made.push(bed.api.created(&large(made.len())).await);
    }
    assert_eq!(bed.disk.synchronisations(Part::Database), 0);
    reader.execute("ROLLBACK").await;
    reader.close().await;
    bed.disk.fail(Part::Database);
    // It ends when it finds that out; what it has answered until then counts.
    loop {
        assert!(made.len() < 2 * MANY, "the server goes on");
        let call = bed.api.creation(&large(made.len()));
        let Some(answer) = call.try_send().await else {
            break;
        };
        made.push(answer.expect_status(201).json());
    }
    assert!(bed.disk.failures(Part::Database) > 0);
    assert_eq!(server.ended().await, Some(1));
    assert!(server.logs().contains("did not keep"), "{}", server.logs());

    bed.disk.mend(Part::Database);
    let server = bed.serve().await;
    let begun = bed.disk.beginnings(Part::Log);
    while bed.disk.beginnings(Part::Log) == begun {
        assert!(made.len() < 2 * MANY, "the log is never begun anew");
        made.push(bed.api.created(&large(made.len())).await);
    }
    server.kill().await;
    bed.keeps(&made).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_here_and_there_under_load_loses_nothing_that_was_answered() {
    let losses = retrying::times("VOUCHKEY_TEST_LOSSES", LOSSES);
    let bed = Bed::new().await;
    let mut server = bed.serve().await;
    let mut clients = Clients::begin(&bed.api, 4);
    // Who reads keeps the log from being moved as a whole.
    let reader = bed.api.clone();
    let reading = tokio::spawn(async move {
        loop {
            if reader.call("GET", SESSIONS).try_send().await.is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    });
    for loss in 0..losses {
        clients.answer_more(5 + loss * 7 % 40).await;
        if loss % 2 == 0 {
            fails_once_more(&bed).await;
            // Killed with what was refused still in sight.
            server.kill().await;
            bed.disk.mend(Part::Log);
        } else {
            bed.disk.fail(Part::Database);
            assert_eq!(server.ended().await, Some(1));
            bed.disk.mend(Part::Database);
        }
        server = bed.serve().await;
    }
    clients.answer_more(10).await;
    let made = clients.finish().await;
    reading.abort();
    server.kill().await;
    bed.keeps_all(&made).await;
    println!("{} sessions over {losses} failures", made.len());
}
