//! A full disk beneath PostgreSQL. These tests mount file systems of their own: for root alone, on Linux. On PostgreSQL
//! alone.

use std::os::unix::fs::{MetadataExt as _, chown};

use vouchkey_tests::balancer::Port;
use vouchkey_tests::cluster::Cluster;
use vouchkey_tests::database::Database;
use vouchkey_tests::mount::Mount;
use vouchkey_tests::program::{Installation, Server};
use vouchkey_tests::retrying::{self, Clients};
use vouchkey_tests::wait;

/// An installation without limits on this database.
async fn unlimited(url: String) -> Installation {
    Installation::empty()
        .on(url)
        .initialised()
        .await
        .without_limits()
}

/// Waits until the server has refused something for this reason once more.
async fn refuses_for(server: &Server, reason: &str, before: usize) {
    wait::until("a refusal", async || {
        server.stranger().get("/healthz").await.expect_status(200);
        (server.logs().matches(reason).count() > before).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_beneath_the_tables_refuses_loses_nothing_and_goes_on_when_there_is_room() {
    let mount = Mount::in_memory(64);
    mount.open_to_all();
    let cluster = Cluster::start().await;
    let tables = mount.folder("tables");
    std::fs::create_dir(&tables).unwrap();
    let owner = std::fs::metadata(cluster.folder()).unwrap();
    chown(&tables, Some(owner.uid()), Some(owner.gid())).unwrap();
    let postgres = Installation::empty().on(cluster.url());
    let mut own = Database::open(&postgres).await;
    let place = tables.display();
    own.execute(&format!("CREATE TABLESPACE small LOCATION '{place}'"))
        .await;
    own.execute("CREATE DATABASE small TABLESPACE small").await;
    own.close().await;
    let port = Port::reserve();
    let installation = unlimited(cluster.url().replace("/postgres?", "/small?")).await;
    let (server, api) = installation.sandbox_at(&port.address()).await;
    let mut clients = Clients::begin(&api, 4);
    for _ in 0..3 {
        clients.answer_more(20).await;
        let reason = "No space left on device";
        let before = server.logs().matches(reason).count();
        mount.fill();
        refuses_for(&server, reason, before).await;
        // Reading goes on.
        assert!(api.count().await > 0);
        mount.make_room();
        clients.answer_more(20).await;
    }
    let made = clients.finish().await;
    let mut database = Database::open(&installation).await;
    retrying::nothing_is_lost(&api, &mut database, &made).await;
    assert!(!server.logs().contains("panicked"), "{}", server.logs());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_that_ends_postgresql_loses_nothing_and_takes_no_restart_of_the_server() {
    let mount = Mount::in_memory(256);
    mount.open_to_all();
    let mut cluster = Cluster::start_in(mount.place()).await;
    let port = Port::reserve();
    let installation = unlimited(cluster.url()).await;
    let (server, api) = installation.sandbox_at(&port.address()).await;
    let mut clients = Clients::begin(&api, 4);
    clients.answer_more(40).await;
    let mut own = Database::open(&installation).await;
    mount.fill();
    // Its log needs a new file, for which there is no room: PostgreSQL then ends itself.
    wait::until("the end of PostgreSQL", async || {
        own.attempt("SELECT pg_switch_wal()").await;
        cluster.logs().contains("PANIC").then_some(())
    })
    .await;
    drop(own);
    wait::until("a server that says that it cannot write", async || {
        let answer = server.stranger().get("/readyz").await;
        (answer.status == 503).then(|| answer.expect_error(503, "unavailable"))
    })
    .await;
    mount.make_room();
    wait::until("a server that is ready again", async || {
        cluster.revive().await;
        let answer = server.stranger().get("/readyz").await;
        (answer.status == 200).then_some(())
    })
    .await;
    clients.answer_more(40).await;
    let made = clients.finish().await;
    let mut database = Database::open(&installation).await;
    retrying::nothing_is_lost(&api, &mut database, &made).await;
    assert!(!server.logs().contains("panicked"), "{}", server.logs());
}
