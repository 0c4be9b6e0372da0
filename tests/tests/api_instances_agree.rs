//! Three servers on one PostgreSQL: what changes at one of them, and what is counted, holds for all.

use std::time::{Duration, Instant};

use serde_json::json;
use vouchkey_tests::admin::link_token;
use vouchkey_tests::api::{Answer, Api, SESSIONS};
use vouchkey_tests::database::Database;
use vouchkey_tests::fleet::Fleet;
use vouchkey_tests::program::OWNER;
use vouchkey_tests::wait;

/// What a change may take to be seen everywhere.
const SECOND: Duration = Duration::from_secs(1);

/// Asks a server again and again until it answers as a change demands, and holds it to the second that this may take.
async fn seen_within_a_second(
    what: &str,
    changed: Instant,
    mut ask: impl AsyncFnMut() -> bool,
) -> Duration {
    wait::until(what, async || {
        let asked = changed.elapsed();
        let is_seen = ask().await;
        assert!(
            is_seen || asked < SECOND,
            "{what}: not seen after {asked:?}"
        );
        is_seen.then_some(asked)
    })
    .await
}

#[tokio::test]
async fn every_server_sees_a_change_within_a_second() {
    let fleet = Fleet::start(&[]).await;
    let installation = fleet.first();
    let (doomed, key) = (
        installation.key("live", &[]).await,
        installation.key("live", &[]).await,
    );
    let publishable = installation
        .key(
            "live",
            &["--kind", "publishable", "--origins", "https://shop.example"],
        )
        .await;
    let apis = fleet.each(&key);
    let list = format!("{SESSIONS}?limit=1");
    for (doomed, api) in fleet.each(&doomed).iter().zip(&apis) {
        // Remembered everywhere, just now.
        doomed.get(&list).await.expect_status(200);
        api.created(&json!({})).await;
        let preflight = preflight(api).await;
        assert!(preflight.header("access-control-allow-origin").is_some());
    }

    installation.output(&["keys", "expire", &doomed.id]).await;
    let changed = Instant::now();
    for api in fleet.each(&doomed) {
        seen_within_a_second("an expired key", changed, async || {
            api.get(&list).await.status == 401
        })
        .await;
    }

    let app = json!({"redirect_url": "shopapp://done"});
    for api in &apis {
        api.create(&app)
            .await
            .expect_errors(&[("redirect_url", "not_allowed")]);
    }
    let schemes = ["org", "set", "--allowed-redirect-schemes", "shopapp"];
    installation.output(&schemes).await;
    let changed = Instant::now();
    for api in &apis {
        seen_within_a_second("an organization's setting", changed, async || {
            api.create(&app).await.status == 201
        })
        .await;
    }

    let workflow = "wfl_7zzzzzzzzzzzzzzzzzzzzzzzzz";
    let named = json!({"workflow_id": workflow});
    for api in &apis {
        api.create(&named)
            .await
            .expect_errors(&[("workflow_id", "not_found")]);
    }
    let mut database = Database::open(installation).await;
    database
        .execute(&format!(
            "INSERT INTO workflows (organization_id, workflow_id, environment, name, is_default, is_active, created_at) \
             SELECT organization_id, '{workflow}', 'live', 'New', 0, 1, 0 FROM organizations"
        ))
        .await;
    let changed = Instant::now();
    for api in &apis {
        seen_within_a_second("a new workflow", changed, async || {
            api.create(&named).await.status == 201
        })
        .await;
    }

    installation
        .output(&["keys", "expire", &publishable.id])
        .await;
    let changed = Instant::now();
    for api in &apis {
        seen_within_a_second(
            "an origin that no key lists any more",
            changed,
            async || {
                let answer = preflight(api).await;
                answer.header("access-control-allow-origin").is_none()
            },
        )
        .await;
    }
}

async fn preflight(api: &Api) -> Answer {
    api.call("OPTIONS", SESSIONS)
        .header("Origin", "https://shop.example")
        .header("Access-Control-Request-Method", "POST")
        .send()
        .await
}

#[tokio::test]
async fn a_sign_in_that_lapses_has_lapsed_everywhere() {
    let fleet = Fleet::start(&[]).await;
    let owner = fleet.nobody();
    owner
        .set_password(&link_token(fleet.first().first_answer()))
        .await
        .expect_status(200);
    let mut database = Database::open(fleet.first()).await;
    for server in fleet.servers() {
        owner
            .led_to(server)
            .get(SESSIONS, "live")
            .await
            .expect_status(200);
    }
    database
        .execute("UPDATE sign_ins SET expires_at = created_at")
        .await;
    for server in fleet.servers() {
        let answer = owner.led_to(server).get(SESSIONS, "live").await;
        answer.expect_error(401, "unauthorized");
    }
}

#[tokio::test]
async fn failed_sign_ins_count_together() {
    let fleet = Fleet::start(&[]).await;
    let mut guesses = 0;
    let refused = loop {
        let nobody = fleet.nobody().led_to(fleet.server(guesses % 3));
        let answer = nobody.sign_in(OWNER, "wrong horse battery staple").await;
        if answer.status == 429 || guesses == 20 {
            break answer;
        }
        answer.expect_error(401, "unauthorized");
        guesses += 1;
    };
    refused.expect_status(429);
    // Five are free, wherever they are tried.
    assert!(
        (5..8).contains(&guesses),
        "{guesses} guesses were let through"
    );
}

#[tokio::test]
async fn the_servers_share_a_limit() {
    let settings = [
        ("VOUCHKEY_SERVERS", "3"),
        ("VOUCHKEY_RATE_LIMIT_CREATES", "6"),
        // Sixty requests a minute each: the test makes fewer.
        ("VOUCHKEY_RATE_LIMIT_REQUESTS", "180"),
    ];
    let fleet = Fleet::start(&settings).await;
    let key = fleet.first().key("live", &[]).await;
    let started = Instant::now();
    let mut accepted = 0;
    for api in fleet.each(&key) {
        for _ in 0..5 {
            let answer = api.create(&json!({})).await;
            assert_eq!(answer.number("x-ratelimit-limit"), 2);
            if answer.status == 201 {
                accepted += 1;
            } else {
                answer.expect_error(429, "rate_limited");
            }
        }
        let answer = api.get(SESSIONS).await.expect_status(200);
        assert_eq!(answer.number("x-ratelimit-limit"), 60);
    }
    // A busy machine may take so long that tokens come back, 6 a minute in all.
    let refilled = usize::try_from(started.elapsed().as_secs() / 10 + 1).unwrap();
    assert!((6..=6 + refilled).contains(&accepted), "{accepted} of 6");
}
