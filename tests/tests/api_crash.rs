//! The server is killed again and again while clients create sessions: what it has answered is there, and each key has one
//! session and one answer.

use vouchkey_tests::api::Api;
use vouchkey_tests::balancer::Port;
use vouchkey_tests::database::Database;
use vouchkey_tests::program::Installation;
use vouchkey_tests::retrying::{self, Clients};
use vouchkey_tests::wait;

/// How often the server is killed, unless `VOUCHKEY_TEST_KILLS` says another number.
const KILLS: u64 = 50;

fn kills() -> u64 {
    retrying::times("VOUCHKEY_TEST_KILLS", KILLS)
}

/// An installation without limits.
async fn unlimited() -> Installation {
    Installation::new()
        .await
        .with("VOUCHKEY_RATE_LIMIT_REQUESTS", "0")
        .with("VOUCHKEY_RATE_LIMIT_CREATES", "0")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_again_and_again_loses_nothing_and_repeats_nothing() {
    let port = Port::reserve();
    let installation = unlimited().await;
    let key = installation.key("sandbox", &[]).await;
    let api = Api::new(&format!("http://{}", port.address())).with_key(&key.secret);
    let mut server = installation.serve_at(&port.address()).await;
    let mut clients = Clients::begin(&api, 8);
    for kill in 0..kills() {
        clients.answer_more(1 + kill * 7 % 40).await;
        server.kill().await;
        if kill % 5 == 4 {
            // Killed while it starts as well: at once, and when it has opened the database.
            let begun = installation.begin_at(&port.address());
            if kill % 10 == 9 {
                wait::until("the first words of the server", async || {
                    begun.logs().contains("links will look like").then_some(())
                })
                .await;
            }
            begun.kill().await;
        }
        server = installation.serve_at(&port.address()).await;
    }
    let made = clients.finish().await;
    let mut database = Database::open(&installation).await;
    let mailed = retrying::nothing_is_lost(&api, &mut database, &made).await;
    let kept = database
        .number("SELECT COUNT(DISTINCT session_id) FROM mailbox_messages")
        .await;
    assert_eq!(kept, i64::try_from(mailed.len()).unwrap());
    assert!(!server.logs().contains("panicked"), "{}", server.logs());
    println!("{} sessions over {} kills", made.len(), kills());
}
