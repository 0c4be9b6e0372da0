//! The server is killed again and again while clients create sessions and while it sends mail: what it has answered is
//! there, each key has one session and one answer, and every invitation arrives.

use std::collections::{BTreeMap, BTreeSet};

use vouchkey_tests::api::invitation_to;
use vouchkey_tests::balancer::Port;
use vouchkey_tests::database::Database;
use vouchkey_tests::program::Installation;
use vouchkey_tests::retrying::{self, Clients};
use vouchkey_tests::smtp::Smtp;
use vouchkey_tests::wait;

/// How often the server is killed, unless `VOUCHKEY_TEST_KILLS` says another number.
const KILLS: u64 = 50;

/// How often it is killed while mail is under way, unless `VOUCHKEY_TEST_MAIL_KILLS` says another number.
const MAIL_KILLS: u64 = 15;

/// Messages that a server sends at once, and so those that a kill can leave in doubt.
const UNDER_WAY: usize = 4;

fn kills() -> u64 {
    retrying::times("VOUCHKEY_TEST_KILLS", KILLS)
}

/// An installation without limits.
async fn unlimited() -> Installation {
    Installation::new().await.without_limits()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_again_and_again_loses_nothing_and_repeats_nothing() {
    let port = Port::reserve();
    let installation = unlimited().await;
    let (mut server, api) = installation.sandbox_at(&port.address()).await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_while_it_sends_mail_sends_every_message_and_repeats_few() {
    let kills = retrying::times("VOUCHKEY_TEST_MAIL_KILLS", MAIL_KILLS);
    let smtp = Smtp::start();
    let installation = unlimited()
        .await
        .with("VOUCHKEY_SMTP_URL", smtp.url())
        .with("VOUCHKEY_MAIL_FROM", "verify@sender.example");
    let key = installation.key("live", &[]).await;
    let mut database = Database::open(&installation).await;
    let mut links = BTreeMap::new();
    for kill in 0..kills {
        let server = installation.serve().await;
        let api = server.api(&key);
        let before = smtp.taken().len();
        // Every third time a message is taken and the server never hears of it.
        smtp.say_nothing_to_messages(kill % 3 == 0);
        let mut ids = Vec::new();
        for number in 0..UNDER_WAY {
            let address = format!("a{kill}-{number}@example.com");
            let session = api.created(&invitation_to(&address)).await;
            ids.push(format!("'{}'", session["id"].as_str().unwrap()));
            links.insert(address, session["capture_url"].as_str().unwrap().to_owned());
        }
        let begun = format!(
            "SELECT COUNT(*) FROM outbox WHERE state <> 'pending' AND session_id IN ({})",
            ids.join(", ")
        );
        wait::until("mail under way", async || {
            let is_under_way = match kill % 3 {
                1 => database.number(&begun).await > 0,
                _ => smtp.taken().len() > before,
            };
            is_under_way.then_some(())
        })
        .await;
        server.kill().await;
    }
    smtp.say_nothing_to_messages(false);
    let server = installation.serve().await;
    retrying::outbox_is_drained(&mut database).await;
    let given_up = "SELECT COUNT(*) FROM outbox WHERE state <> 'sent'";
    assert_eq!(database.number(given_up).await, 0);

    let mails = smtp.mails();
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for mail in &mails {
        let token = links[&mail.to_address].rsplit('/').next().unwrap();
        assert!(mail.text.contains(token), "a message with its own link");
        let ids = ids.entry(mail.to_address.clone()).or_default();
        ids.insert(mail.message_id.clone());
    }
    assert_eq!(ids.len(), links.len(), "everybody was written to");
    for (address, ids) in &ids {
        assert_eq!(ids.len(), 1, "one Message-ID for {address}");
    }
    let repeated = mails.len() - links.len();
    let most = usize::try_from(kills).unwrap() * UNDER_WAY;
    assert!(
        (1..=most).contains(&repeated),
        "{repeated} messages twice over {kills} kills"
    );
    database.is_intact().await;
    assert!(!server.logs().contains("panicked"), "{}", server.logs());
    println!(
        "{} messages to {} people over {kills} kills",
        mails.len(),
        links.len()
    );
}
