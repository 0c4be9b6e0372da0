//! The root key is replaced while the server works for clients, by a command that is killed again and again: everything
//! can be read at every moment, and at the end one key is left.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use vouchkey_tests::api::Api;
use vouchkey_tests::balancer::Port;
use vouchkey_tests::database::Database;
use vouchkey_tests::program::Installation;
use vouchkey_tests::retrying::{self, Clients};
use vouchkey_tests::wait;

/// How often the command is killed, unless `VOUCHKEY_TEST_ROTATION_KILLS` says another number.
const KILLS: u64 = 18;

const ROTATE: [&str; 4] = ["keys", "rotate-root", "--json", "--retire"];

/// Makes a session whose metadata tells it from others.
async fn made(api: &Api, note: &str) -> Value {
    let body = json!({"metadata": {"note": note}});
    api.created(&body).await["id"].clone()
}

async fn reads(api: &Api, id: &Value, note: &str) {
    assert_eq!(api.session(id).await["metadata"]["note"], note);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_that_is_killed_again_and_again_loses_nothing() {
    let kills = retrying::times("VOUCHKEY_TEST_ROTATION_KILLS", KILLS);
    let elsewhere = TempDir::with_prefix("vouchkey-").unwrap();
    let file = elsewhere.path().join("root.key");
    let installation = Installation::empty()
        .with("VOUCHKEY_ROOT_KEY_FILE", file.to_str().unwrap())
        .without_limits()
        .initialised()
        .await;
    let key = installation.key("sandbox", &[]).await;
    let port = Port::reserve();
    let api = Api::new(&format!("http://{}", port.address())).with_key(&key.secret);
    let server = installation.serve_at(&port.address()).await;
    // A second server, where the engine takes one: it only reads, and meets keys that it has not heard of.
    let beside = installation.beside();
    let second = match installation.database_url() {
        Some(_) => Some(beside.serve().await),
        None => None,
    };

    let mut clients = Clients::begin(&api, 6);
    clients.answer_more(120).await;
    let mut database = Database::open(&installation).await;
    let (mut killed, mut ended) = (0, 0);
    // So often, and then until enough of them were killed before their end.
    let enough = kills.div_ceil(4);
    for kill in 0..4 * kills {
        if kill >= kills && killed >= enough {
            break;
        }
        let mut command = installation.command(&ROTATE[..3]);
        let mut rotating = command.stdout(Stdio::null()).spawn().unwrap();
        if kill % 3 == 0 {
            // In the middle of it: there is something under each of two keys.
            wait::until_within(Duration::from_mins(1), "a rotation under way", async || {
                let has_ended = rotating.try_wait().unwrap().is_some();
                let keys = "SELECT COUNT(DISTINCT root_key_id) FROM data_keys";
                (has_ended || database.number(keys).await > 1).then_some(())
            })
            .await;
        } else {
            clients.answer_more(1 + kill * 29 % 120).await;
        }
        if let Some(status) = rotating.try_wait().unwrap() {
            assert!(status.success(), "rotation {kill}: {status}");
            ended += 1;
        } else {
            rotating.kill().await.unwrap();
            killed += 1;
        }
        if kill % 4 == 3 {
            let retiring = installation.run(&ROTATE).await;
            let said = String::from_utf8_lossy(&retiring.stderr);
            let is_refused = said.contains("cannot be retired") && said.contains("rotate-root");
            assert!(retiring.status.success() || is_refused, "{said}");
        }
        if let Some(second) = &second {
            let newest = "SELECT MAX(session_id) FROM sessions";
            let id = json!(database.text(newest).await);
            let session = second.api(&key).session(&id).await;
            assert!(session["metadata"]["note"].is_string(), "{session}");
        }
    }
    let made = clients.finish().await;
    assert!(killed >= enough, "{killed} of {kills} were killed");

    // A server that has not looked yet may still have sealed with the key before.
    let mut rotated = installation.json(&ROTATE[..3]).await;
    while rotated["resumed"] == json!(true) {
        rotated = installation.json(&ROTATE[..3]).await;
    }
    let active = rotated["active"].as_str().unwrap();
    for older in rotated["older"].as_array().unwrap() {
        assert_eq!(older["rows"], json!(0), "{rotated}");
    }
    let retired = installation.json(&ROTATE).await;
    assert_eq!(retired["active"], rotated["active"]);
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 1, "one key is left");
    let rights = std::fs::metadata(&file).unwrap().permissions();
    assert_eq!(rights.mode() & 0o777, 0o600);
    let files = std::fs::read_dir(elsewhere.path()).unwrap();
    assert_eq!(files.count(), 1, "nothing is left of the killed ones");

    for table in ["data_keys", "server_secrets"] {
        let strangers = format!("SELECT COUNT(*) FROM {table} WHERE root_key_id <> '{active}'");
        assert_eq!(database.number(&strangers).await, 0, "{table}");
    }
    retrying::nothing_is_lost(&api, &mut database, &made).await;
    if let Some(second) = second {
        for one in made.iter().step_by(7) {
            second.api(&key).session(&json!(one.id())).await;
        }
        second.stop().await;
    }
    assert!(!server.logs().contains("panicked"), "{}", server.logs());
    server.stop().await;
    let _server = installation.serve_at(&port.address()).await;
    for one in &made {
        let session = api.session(&json!(one.id())).await;
        assert!(session["metadata"]["note"].is_string(), "{session}");
    }
    println!(
        "{} sessions, {killed} rotations killed, {ended} ended",
        made.len()
    );
}

#[tokio::test]
async fn a_key_that_is_needed_and_not_given_is_named_at_the_start() {
    let installation = Installation::new().await;
    let (server, api) = installation.sandbox().await;
    let id = made(&api, "kept").await;
    let file = installation.folder().join("root.key");
    let old = std::fs::read_to_string(&file).unwrap();
    let rotated = installation.json(&ROTATE[..3]).await;
    let older = rotated["older"][0]["id"].as_str().unwrap();
    let active = rotated["active"].as_str().unwrap();
    reads(&api, &id, "kept").await;
    server.stop().await;

    // Only the key before: what is sealed with the new one cannot be read.
    let with_both = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, &old).unwrap();
    let start = ["serve", "--listen", "127.0.0.1:0"];
    let refused = installation.run(&start).await;
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains(active) && said.contains(older), "{said}");
    assert!(!said.contains(old.trim()), "{said}");

    std::fs::write(&file, with_both).unwrap();
    installation.json(&ROTATE).await;
    let with_one = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{old}{with_one}")).unwrap();
    let refused = installation.run(&start).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains(older) && said.contains("retired"), "{said}");

    std::fs::write(&file, with_one).unwrap();
    let server = installation.serve().await;
    let key = installation.key("sandbox", &[]).await;
    reads(&server.api(&key), &id, "kept").await;
}

#[tokio::test]
async fn a_key_in_the_environment_is_the_operators_to_replace() {
    let keys = [7, 8].map(|byte| STANDARD.encode([byte; 32]));
    let installation = Installation::empty()
        .with("VOUCHKEY_ROOT_KEY", keys[0].clone())
        .initialised()
        .await;
    let refused = installation.run(&ROTATE[..3]).await;
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    for step in ["OLD,NEW", "NEW,OLD", "--retire", "openssl rand"] {
        assert!(said.contains(step), "{said}");
    }
    let both = format!("{},{}", keys[1], keys[0]);
    let installation = installation.with("VOUCHKEY_ROOT_KEY", both);
    let rotated = installation.json(&ROTATE[..3]).await;
    assert_eq!(rotated["secrets"], json!(4));
    assert_eq!(rotated["older"][0]["rows"], json!(0));
    let words = installation
        .output(&["keys", "rotate-root", "--retire"])
        .await;
    assert!(words.contains("Set VOUCHKEY_ROOT_KEY"), "{words}");
    assert!(!words.contains(&keys[0]) && !words.contains(&keys[1]));
    let installation = installation.with("VOUCHKEY_ROOT_KEY", keys[1].clone());
    let (_server, api) = installation.sandbox().await;
    made(&api, "sealed with the new key").await;
}
