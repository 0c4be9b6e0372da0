//! Three servers on one PostgreSQL, behind a plain load balancer: to clients they are one.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use vouchkey_tests::admin::link_token;
use vouchkey_tests::api::{Answer, Api, SESSIONS, invitation_to};
use vouchkey_tests::database::Database;
use vouchkey_tests::fleet::Fleet;
use vouchkey_tests::smtp::Smtp;
use vouchkey_tests::wait;

/// Sends a creation to every server at the same time.
async fn at_once(apis: &[Api], key: &str, bodies: &[Value]) -> Vec<Answer> {
    let mut sending = JoinSet::new();
    for (api, body) in apis.iter().zip(bodies.iter().cycle()) {
        let call = api.creation(body).once(key);
        sending.spawn(call.send());
    }
    sending.join_all().await
}

#[tokio::test]
async fn a_key_sent_to_all_servers_at_once_makes_one_session() {
    let fleet = Fleet::start(&[]).await;
    let key = fleet.first().key("sandbox", &[]).await;
    let apis = fleet.each(&key);
    // Twice to each, so that copies meet within a server as well.
    let copies = [apis.clone(), apis].concat();
    for round in 0..40 {
        let name = format!("order-{round}");
        let body = json!({"external_ref": name, "metadata": {"round": round}});
        let answers = at_once(&copies, &name, &[body]).await;
        let mut sessions = HashSet::new();
        let mut first = 0;
        for answer in answers {
            if answer.status == 409 {
                answer.expect_error(409, "idempotency_in_progress");
                continue;
            }
            let answer = answer.expect_status(201);
            sessions.insert(answer.json().to_string());
            first += usize::from(answer.header("idempotency-replayed").is_none());
        }
        assert_eq!(
            (sessions.len(), first),
            (1, 1),
            "round {round}: {sessions:?}"
        );
    }
    let api = fleet.api(&key);
    assert_eq!(api.count().await, 40);

    for round in 0..20 {
        let name = format!("contested-{round}");
        let bodies = [json!({"country": "DE"}), json!({"country": "FR"})];
        let answers = at_once(&copies, &name, &bodies).await;
        let mut countries = HashSet::new();
        for answer in answers {
            match answer.status {
                201 => drop(countries.insert(answer.json()["country"].to_string())),
                409 => drop(answer.expect_error(409, "idempotency_in_progress")),
                _ => drop(answer.expect_error(422, "idempotency_mismatch")),
            }
        }
        assert_eq!(countries.len(), 1, "round {round}: {countries:?}");
    }
    assert_eq!(api.count().await, 60);
}

#[tokio::test]
async fn a_key_that_another_server_holds_for_long_is_in_progress_and_harms_no_other() {
    let fleet = Fleet::start(&[]).await;
    let key = fleet.first().key("live", &[]).await;
    let api = fleet.api(&key);
    // As a server does that writes and does not get on.
    let mut other = Database::open(fleet.first()).await;
    other.execute("BEGIN").await;
    other
        .execute("LOCK TABLE idempotency_keys IN EXCLUSIVE MODE")
        .await;
    let keyed = || api.creation(&json!({})).once("held").send();
    let (copy, another) = tokio::join!(keyed(), keyed());
    for answer in [copy, another] {
        let answer = answer.expect_error(409, "idempotency_in_progress");
        assert_eq!(answer.number("retry-after"), 1);
    }
    api.created(&json!({})).await;
    other.execute("ROLLBACK").await;
    keyed().await.expect_status(201);
    assert_eq!(api.count().await, 2);
}

#[tokio::test]
async fn what_one_server_wrote_all_of_them_serve() {
    let fleet = Fleet::start(&[]).await;
    let key = fleet.first().key("sandbox", &[]).await;
    let publishable = fleet
        .first()
        .key(
            "sandbox",
            &["--kind", "publishable", "--origins", "https://shop.example"],
        )
        .await;
    let owner = fleet.nobody();
    owner
        .set_password(&link_token(fleet.first().first_answer()))
        .await
        .expect_status(200);

    let mut made = Vec::new();
    for (number, api) in fleet.each(&key).iter().enumerate() {
        let mut body = invitation_to(&format!("jane{number}@example.com"));
        body["external_ref"] = json!(format!("server-{number}"));
        made.push(api.created(&body).await);
    }
    for (number, api) in fleet.each(&publishable).iter().enumerate() {
        let preflight = api
            .call("OPTIONS", SESSIONS)
            .header("Origin", "https://shop.example")
            .header("Access-Control-Request-Method", "POST")
            .send()
            .await
            .expect_status(204);
        assert_eq!(
            preflight.header("access-control-allow-origin"),
            Some("https://shop.example")
        );
        let body = json!({"external_ref": format!("page-{number}")});
        let call = api.creation(&body).header("Origin", "https://shop.example");
        made.push(call.send().await.expect_status(201).json());
    }
    for (server, api) in fleet.servers().zip(fleet.each(&key)) {
        assert_eq!(api.count().await, 6);
        for session in &made {
            // A page's answer leaves out what is not for visitors.
            let found = api.session(&session["id"]).await;
            assert_eq!(found["external_ref"], session["external_ref"]);
            let link = session["capture_url"].as_str().unwrap();
            let path = &link[link.find("/verify/").unwrap()..];
            server.stranger().get(path).await.expect_status(200);
        }
        let owner = owner.led_to(server);
        wait::until("three mails in the mailbox", async || {
            (owner.mailbox("sandbox").await.len() == 3).then_some(())
        })
        .await;
        owner.session(&made[0]["id"], "sandbox").await;
    }
    // Signed out at one of them is signed out everywhere, at once.
    owner
        .led_to(fleet.server(1))
        .call("POST", "/admin/v1/sign-out", None, None)
        .await
        .expect_status(204);
    for server in fleet.servers() {
        let answer = owner.led_to(server).get(SESSIONS, "sandbox").await;
        answer.expect_error(401, "unauthorized");
    }
}

#[tokio::test]
async fn each_invitation_leaves_once_though_three_servers_send() {
    let smtp = Smtp::start();
    let (url, from) = (smtp.url(), "verify@sender.example");
    let settings = [
        ("VOUCHKEY_SMTP_URL", url.as_str()),
        ("VOUCHKEY_MAIL_FROM", from),
    ];
    let fleet = Fleet::start(&settings).await;
    let key = fleet.first().key("live", &[]).await;
    let mut creating = JoinSet::new();
    for number in 0..90 {
        let api = fleet.each(&key).swap_remove(number % 3);
        creating.spawn(async move {
            api.created(&invitation_to(&format!("a{number}@example.com")))
                .await
        });
    }
    creating.join_all().await;
    let mut database = Database::open(fleet.first()).await;
    wait::until_within(Duration::from_mins(1), "an empty outbox", async || {
        let open = "SELECT COUNT(*) FROM outbox WHERE state <> 'sent'";
        (database.number(open).await == 0).then_some(())
    })
    .await;
    let mails = smtp.mails();
    let recipients: HashSet<_> = mails.iter().map(|mail| &mail.recipients[0]).collect();
    assert_eq!((mails.len(), recipients.len()), (90, 90));
    let attempts = database
        .number("SELECT CAST(SUM(attempts) AS BIGINT) FROM outbox")
        .await;
    assert_eq!(attempts, 90);
}

/// Creates one session after another through the balancer until told to stop, each with its own key and as often as it
/// takes; the ids that were answered.
async fn client(api: Api, name: usize, stop: watch::Receiver<bool>) -> Vec<String> {
    let mut sessions = Vec::new();
    while !*stop.borrow() {
        let body = json!({"external_ref": format!("client-{name}-{}", sessions.len())});
        let key = format!("{name}-{}", sessions.len());
        let began = Instant::now();
        let session = loop {
            if let Some(session) = accepted(api.creation(&body).once(&key).try_send().await) {
                break session;
            }
            assert!(
                began.elapsed() < Duration::from_mins(1),
                "{key} is never taken"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        sessions.push(session["id"].to_string());
    }
    sessions
}

/// The session of an answer; none where a retry is called for: the server stops, the balancer stands before one that is
/// gone, or the connection ended without an answer.
fn accepted(answer: Option<Answer>) -> Option<Value> {
    let answer = answer?;
    match answer.status {
        201 => Some(answer.json()),
        409 => {
            answer.expect_error(409, "idempotency_in_progress");
            None
        }
        502..=504 => None,
        _ => panic!(
            "a retry does not mend this: {} {}",
            answer.status, answer.text
        ),
    }
}

#[tokio::test]
async fn servers_come_and_go_under_load_and_retries_heal_all() {
    let off = [
        ("VOUCHKEY_RATE_LIMIT_REQUESTS", "0"),
        ("VOUCHKEY_RATE_LIMIT_CREATES", "0"),
    ];
    let mut fleet = Fleet::start(&off).await;
    let key = fleet.first().key("live", &[]).await;
    let (stop, stopped) = watch::channel(false);
    let mut clients = JoinSet::new();
    for name in 0..8 {
        clients.spawn(client(fleet.api(&key), name, stopped.clone()));
    }
    let api = fleet.api(&key);
    let mut database = Database::open(fleet.first()).await;
    let mut more = async |count: i64| {
        let before = database.number("SELECT COUNT(*) FROM sessions").await;
        wait::until_within(Duration::from_mins(1), "more sessions", async || {
            let now = database.number("SELECT COUNT(*) FROM sessions").await;
            (now >= before + count).then_some(())
        })
        .await;
    };
    for round in 0..2 {
        more(50).await;
        assert_eq!(fleet.take(round).stop().await, Some(0));
        more(50).await;
        fleet.take(2).kill().await;
        more(50).await;
        fleet.restart(round).await;
        fleet.restart(2).await;
    }
    more(50).await;
    stop.send_replace(true);
    let sessions: Vec<String> = clients.join_all().await.concat();
    let different: HashSet<_> = sessions.iter().collect();
    assert_eq!(different.len(), sessions.len());
    // Nothing twice, nothing lost: each key has the one session that was answered.
    let stored = database.number("SELECT COUNT(*) FROM sessions").await;
    assert_eq!(stored, i64::try_from(sessions.len()).unwrap());
    for id in sessions.iter().step_by(10) {
        let id: Value = serde_json::from_str(id).unwrap();
        api.session(&id).await;
    }
    for server in fleet.servers() {
        assert!(!server.logs().contains("panicked"), "{}", server.logs());
    }
}
