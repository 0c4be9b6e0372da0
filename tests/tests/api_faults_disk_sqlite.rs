//! Disks that are full, fail or lose their power beneath SQLite. These tests mount file systems of their own: for root
//! alone, on Linux.

use std::path::Path;

use serde_json::json;
use vouchkey_tests::balancer::Port;
use vouchkey_tests::database::Database;
use vouchkey_tests::faults::{
    creates_what_was_refused, does_not_start, is_ready_again, lives_but_is_not_ready,
    refuses_to_create,
};
use vouchkey_tests::mount::{self, Mount};
use vouchkey_tests::program::Installation;
use vouchkey_tests::retrying::{self, Clients};
use vouchkey_tests::wait;

/// How often the power is cut, unless `VOUCHKEY_TEST_CUTS` says another number.
const CUTS: u64 = 5;

/// An installation without limits in this folder.
async fn unlimited(folder: &Path) -> Installation {
    Installation::at(folder)
        .initialised()
        .await
        .without_limits()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_loses_nothing_and_goes_on_when_there_is_room() {
    let mount = Mount::in_memory(128);
    let port = Port::reserve();
    let installation = unlimited(&mount.folder("data")).await;
    let (server, api) = installation.sandbox_at(&port.address()).await;
    let mut clients = Clients::begin(&api, 4);
    for _ in 0..3 {
        clients.answer_more(20).await;
        let before = api.count().await;
        mount.fill();
        wait::until("a server that says that it cannot write", async || {
            let answer = server.stranger().get("/readyz").await;
            // Not only that room is short.
            (answer.status == 503 && !answer.text.contains("64 MB"))
                .then(|| answer.expect_error(503, "unavailable"))
        })
        .await;
        server.stranger().get("/healthz").await.expect_status(200);
        // Reading goes on.
        assert!(api.count().await >= before);
        mount.make_room();
        is_ready_again(&server).await;
    }
    clients.answer_more(20).await;
    let made = clients.finish().await;
    let mut database = Database::open(&installation).await;
    retrying::nothing_is_lost(&api, &mut database, &made).await;
    assert!(!server.logs().contains("panicked"), "{}", server.logs());
}

#[tokio::test]
async fn a_disk_with_little_room_is_said_before_it_is_full() {
    let mount = Mount::in_memory(128);
    let installation = Installation::at(&mount.folder("data")).initialised().await;
    let (server, api) = installation.sandbox().await;
    server.stranger().get("/readyz").await.expect_status(200);
    mount.take(80);
    let answer = wait::until("a server that says that room is short", async || {
        let answer = server.stranger().get("/readyz").await;
        (answer.status == 503).then(|| answer.expect_error(503, "unavailable"))
    })
    .await;
    assert!(answer.text.contains("64 MB"), "{}", answer.text);
    // It says so in time: what comes is still taken.
    let made = api.created(&json!({})).await;
    api.session(&made["id"]).await;
    let doctor = installation.run(&["doctor", "--quick"]).await;
    let said = String::from_utf8_lossy(&doctor.stdout);
    let disk = said.lines().find(|line| line.contains(" disk "));
    let disk = disk.unwrap_or_else(|| panic!("no word about the disk: {said}"));
    assert!(disk.starts_with("problem "), "{disk}");
    mount.make_room();
    is_ready_again(&server).await;
}

#[tokio::test]
async fn a_start_on_a_full_or_read_only_disk_says_so_and_harms_nothing() {
    let mount = Mount::in_memory(8);
    mount.fill();
    let installation = Installation::at(&mount.folder("data"));
    let said = does_not_start(&installation).await;
    assert!(
        said.contains("full") || said.contains("No space left"),
        "{said}"
    );
    mount.make_room();
    let installation = installation.initialised().await;
    let (server, api) = installation.sandbox().await;
    let first = api.created(&json!({})).await;
    assert_eq!(server.stop().await, Some(0));

    mount.forbid_writing();
    let said = does_not_start(&installation).await;
    assert!(said.contains("Read-only file system"), "{said}");
    mount.allow_writing();
    let (_server, api) = installation.sandbox().await;
    api.session(&first["id"]).await;
    Database::open(&installation).await.is_intact().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_refuses_and_keeps_what_was_answered() {
    let mount = Mount::on_disk();
    let port = Port::reserve();
    let installation = unlimited(&mount.folder("data")).await;
    let (server, api) = installation.sandbox_at(&port.address()).await;
    let mut clients = Clients::begin(&api, 4);
    clients.answer_more(30).await;
    // Nothing is under way when it fails: of the last write ext4 may then say that it is safe, and take it back with its
    // journal. It does that to any program that appends and synchronises, in one run of ten.
    let made = clients.finish().await;
    mount.fail();
    refuses_to_create(&api, "failed").await;
    lives_but_is_not_ready(&server).await;
    server.kill().await;

    let mended = mount.after_a_power_cut();
    drop(mount);
    let installation = installation.moved_to(&mended.folder("data"));
    let server = installation.serve_at(&port.address()).await;
    let mut database = Database::open(&installation).await;
    retrying::nothing_is_lost(&api, &mut database, &made).await;
    creates_what_was_refused(&api, "failed").await;
    server.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_that_is_cut_again_and_again_loses_nothing_that_was_answered() {
    // What the test rests on: a cut takes what was not synchronised, and only that.
    assert_eq!(
        mount::rows_after_a_power_cut("NORMAL").await,
        0,
        "the cut takes nothing"
    );
    assert_eq!(
        mount::rows_after_a_power_cut("FULL").await,
        1,
        "the cut takes too much"
    );

    let cuts = retrying::times("VOUCHKEY_TEST_CUTS", CUTS);
    let mut mount = Mount::on_disk();
    let port = Port::reserve();
    let mut installation = unlimited(&mount.folder("data")).await;
    let (mut server, api) = installation.sandbox_at(&port.address()).await;
    let mut clients = Clients::begin(&api, 8);
    for cut in 0..cuts {
        clients.answer_more(1 + cut * 7 % 40).await;
        server.kill().await;
        mount = mount.after_a_power_cut();
        installation = installation.moved_to(&mount.folder("data"));
        server = installation.serve_at(&port.address()).await;
    }
    let made = clients.finish().await;
    let mut database = Database::open(&installation).await;
    retrying::nothing_is_lost(&api, &mut database, &made).await;
    println!("{} sessions over {cuts} cuts", made.len());
    server.kill().await;
}
