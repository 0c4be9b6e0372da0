//! The program as its operator meets it: first start, stop, settings, roots of trust.

use std::process::Stdio;

use serde_json::json;
use vouchkey_tests::api::SESSIONS;
use vouchkey_tests::program::{Installation, OWNER};
use vouchkey_tests::raw::Wire;
use vouchkey_tests::wait;

#[tokio::test]
async fn an_empty_folder_is_enough_to_start_and_the_log_says_what_is_next() {
    let installation = Installation::empty();
    let server = installation.serve().await;
    server.stranger().get("/healthz").await.expect_status(200);
    wait::until("the hint in the log", async || {
        server.logs().contains("vouchkey init").then_some(())
    })
    .await;
    assert_eq!(
        server.printed().lines().count(),
        1,
        "one line on standard output: {}",
        server.printed()
    );

    let installation = installation.initialised().await;
    let key = installation.key("sandbox", &[]).await;
    server.api(&key).created(&json!({})).await;
}

#[tokio::test]
async fn init_again_changes_nothing_and_shows_no_secret() {
    let installation = Installation::new().await;
    let first = installation.first_answer();
    assert_eq!(first["owner"]["email"], OWNER);
    assert!(
        first["organization_id"]
            .as_str()
            .is_some_and(|id| id.starts_with("org_"))
    );
    let link = first["owner"]["sign_in_url"].as_str().unwrap_or_default();
    assert!(link.contains("/dashboard/sign-in#"), "{link}");
    let again = installation
        .json(&["init", "--owner", "else@example.com", "--json"])
        .await;
    assert_eq!(again["organization_id"], first["organization_id"]);
    assert_eq!(again["owner"]["email"], OWNER);
    assert_eq!(again["owner"]["sign_in_url"], json!(null));
    assert_eq!(again["workflows"], first["workflows"]);
}

#[tokio::test]
async fn init_again_says_if_it_was_asked_for_something_else() {
    let installation = Installation::new().await;
    // PostgreSQL's notices are there as well.
    let is_told = |output: &std::process::Output| {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        said.contains("note: the installation exists already")
    };
    for (more, expected) in [
        (&["--owner", "Owner@Example.com"][..], false),
        (&["--owner", OWNER, "--organization", "Example"], false),
        (&["--owner", "else@example.com"], true),
        (&["--owner", OWNER, "--organization", "Else"], true),
    ] {
        let output = installation
            .run(&[&["init", "--json"], more].concat())
            .await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(is_told(&output), expected, "{more:?}: {output:?}");
    }
    installation
        .output(&["org", "set", "--name", "Renamed"])
        .await;
    // The name that it has by default was not asked for.
    let output = installation.run(&["init", "--owner", OWNER]).await;
    assert!(!is_told(&output), "{output:?}");
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_a_failure_and_no_panic() {
    let installation = Installation::new().await;
    let run = async |out: Stdio| {
        let mut command = installation.command(&["check-config"]);
        let child = command.stdout(out).stderr(Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().await.unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{words}");
        words
    };
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(run(writer.into()).await, "");
    let full = std::fs::File::options().write(true).open("/dev/full");
    let words = run(full.unwrap().into()).await;
    assert!(
        words.starts_with("error: the answer could not be written: No space left"),
        "{words}"
    );
}

#[tokio::test]
async fn links_that_commands_print_carry_the_address_of_the_running_server() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let create = [
        "users",
        "create",
        "--email",
        "new@example.com",
        "--role",
        "viewer",
    ];
    let output = installation.output(&create).await;
    assert!(
        output.contains(&format!("{}/dashboard/sign-in#", server.base())),
        "{output}"
    );
    let file = installation.folder().join("address");
    assert!(file.exists());
    server.stop().await;
    assert!(!file.exists(), "a stopped server leaves no address behind");
}

#[tokio::test]
async fn a_stop_finishes_what_is_under_way() {
    let installation = Installation::new().await;
    let key = installation.key("sandbox", &[]).await;
    let mut server = installation.serve().await;
    let body = json!({"external_ref": "in flight"}).to_string();
    let mut wire = Wire::open(server.address()).await;
    let head = format!(
        "POST {SESSIONS} HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        key.secret,
        body.len()
    );
    wire.write(&head).await;
    wire.write(&body[..5]).await;
    // An answer to another request proves that the server has read the connection above.
    server.api(&key).get(SESSIONS).await.expect_status(200);
    server.signal("TERM").await;
    let address = server.address().to_owned();
    wait::until("the closed door", async || {
        tokio::net::TcpStream::connect(&address).await.err()
    })
    .await;
    wire.write(&body[5..]).await;
    let answer = wire.read_head().await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert_eq!(server.ended().await, Some(0));

    let server = installation.serve().await;
    assert_eq!(server.api(&key).count().await, 1);
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_a_stop() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let mut wire = Wire::open(server.address()).await;
    wire.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(wire.read_head().await.starts_with("HTTP/1.1 200 "));
    let start = std::time::Instant::now();
    assert_eq!(server.stop().await, Some(0));
    // What holds it up is waited for half a minute.
    assert!(start.elapsed().as_secs() < 25, "{:?}", start.elapsed());
}

#[tokio::test]
async fn every_accepted_session_survives_a_kill() {
    let installation = Installation::new().await;
    let key = installation.key("sandbox", &[]).await;
    let server = installation.serve().await;
    let api = server.api(&key);
    let calls: Vec<_> = (0..40)
        .map(|number| {
            let call = api.creation(&json!({"external_ref": format!("r{number}")}));
            tokio::spawn(async move { call.send().await.expect_status(201).json()["id"].clone() })
        })
        .collect();
    let mut accepted = Vec::new();
    for call in calls.into_iter().take(10) {
        accepted.extend(call.await.ok());
    }
    server.kill().await;
    let server = installation.serve().await;
    assert_eq!(accepted.len(), 10);
    for id in &accepted {
        server.api(&key).session(id).await;
    }
}

#[tokio::test]
async fn the_wrong_root_key_stops_the_start_with_a_reason() {
    let installation = Installation::new().await;
    let root_key = installation.folder().join("root.key");
    let kept = std::fs::read(&root_key).unwrap_or_default();
    assert!(!kept.is_empty(), "the first start makes a root key");

    std::fs::remove_file(&root_key).unwrap_or_else(|error| panic!("{error}"));
    let missing = installation
        .run(&["serve", "--listen", "127.0.0.1:0"])
        .await;
    assert_eq!(missing.status.code(), Some(1));
    let message = String::from_utf8_lossy(&missing.stderr).to_lowercase();
    assert!(message.contains("root key"), "{message}");

    let installation = installation.with("VOUCHKEY_ROOT_KEY", "A".repeat(43) + "=");
    let wrong = installation
        .run(&["serve", "--listen", "127.0.0.1:0"])
        .await;
    assert_eq!(wrong.status.code(), Some(1));
    let message = String::from_utf8_lossy(&wrong.stderr).to_lowercase();
    assert!(message.contains("root key"), "{message}");
}

#[tokio::test]
async fn a_setting_that_nobody_knows_stops_the_start_by_name() {
    let installation = Installation::new().await;
    let file = installation.folder().join("vouchkey.toml");
    for (text, name) in [
        ("lsiten = \"127.0.0.1:0\"\n", "lsiten"),
        ("rate_limit_creates = \"many\"\n", "rate_limit_creates"),
    ] {
        std::fs::write(&file, text).unwrap_or_else(|error| panic!("{error}"));
        let output = installation
            .run(&["serve", "--listen", "127.0.0.1:0"])
            .await;
        assert!(!output.status.success());
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.contains(name), "{message}");
    }
    std::fs::remove_file(&file).unwrap_or_else(|error| panic!("{error}"));
    let installation = installation.with("VOUCHKEY_RATE_LIMIT_CREATES", "many");
    let output = installation.run(&["check-config"]).await;
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("VOUCHKEY_RATE_LIMIT_CREATES"), "{message}");
}

#[tokio::test]
async fn wrong_usage_is_two() {
    let installation = Installation::new().await;
    for arguments in [
        vec!["fly"],
        vec!["keys", "create", "--environment", "moon"],
        vec!["init", "--owner", "not an address"],
        vec!["serve", "--listen", "nowhere"],
        vec![
            "keys",
            "create",
            "--environment",
            "live",
            "--allowed-ips",
            "999.1.1.1",
        ],
        vec![
            "users",
            "create",
            "--email",
            "a@example.com",
            "--role",
            "king",
        ],
    ] {
        let output = installation.run(&arguments).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
    }
}
