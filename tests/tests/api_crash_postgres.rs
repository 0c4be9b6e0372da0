//! PostgreSQL crashes beneath the server, and the server beside it: what was answered is there, and the server goes on by
//! itself. On PostgreSQL alone.

use vouchkey_tests::balancer::Port;
use vouchkey_tests::cluster::Cluster;
use vouchkey_tests::database::Database;
use vouchkey_tests::program::Installation;
use vouchkey_tests::retrying::{self, Clients};

/// How often PostgreSQL crashes, unless `VOUCHKEY_TEST_CRASHES` says another number.
const CRASHES: u64 = 6;

fn crashes() -> u64 {
    retrying::times("VOUCHKEY_TEST_CRASHES", CRASHES)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_that_crashes_again_and_again_loses_nothing_that_was_answered() {
    let mut cluster = Cluster::start().await;
    let port = Port::reserve();
    let installation = Installation::empty()
        .on(cluster.url())
        .initialised()
        .await
        .without_limits();
    let (mut server, api) = installation.sandbox_at(&port.address()).await;
    let mut clients = Clients::begin(&api, 8);
    for crash in 0..crashes() {
        clients.answer_more(1 + crash * 7 % 40).await;
        cluster.crash().await;
        if crash % 3 == 2 {
            // Both at once, as on one machine.
            server.kill().await;
            cluster.restart().await;
            server = installation.serve_at(&port.address()).await;
        } else {
            cluster.restart().await;
        }
    }
    clients.answer_more(20).await;
    let made = clients.finish().await;
    let mut database = Database::open(&installation).await;
    retrying::nothing_is_lost(&api, &mut database, &made).await;
    assert!(!server.logs().contains("panicked"), "{}", server.logs());
    println!("{} sessions over {} crashes", made.len(), crashes());
}
