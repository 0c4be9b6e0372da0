//! `vouchkey doctor` beside a server that runs: where that is found, and what is said of sealed values that do not open.

use serde_json::{Value, json};
use vouchkey_tests::admin::happened;
use vouchkey_tests::api::invitation_to;
use vouchkey_tests::database::Database;
use vouchkey_tests::program::Installation;

/// The status and the message of one look, whatever the exit code.
async fn said_of(installation: &Installation, check: &str) -> (String, String) {
    let output = installation.run(&["doctor", "--json"]).await;
    let text = String::from_utf8_lossy(&output.stdout);
    let answer: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let mut looks = answer["checks"].as_array().into_iter().flatten();
    let found = looks.find(|found| found["check"] == check);
    let found = found.unwrap_or_else(|| panic!("no word of {check}: {text}"));
    let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
    (text("status"), text("message"))
}

#[tokio::test]
async fn a_server_is_found_wherever_it_listens() {
    let installation = Installation::new()
        .await
        .with("VOUCHKEY_PUBLIC_URL", "https://id.example");
    let server = installation.serve().await;
    let (status, message) = said_of(&installation, "server").await;
    let ready = format!("ready at {}", server.address());
    assert!(
        status == "ok" && message.contains(&ready),
        "{status}: {message}"
    );
}

#[tokio::test]
async fn sealed_values_that_do_not_open_are_named_by_row_and_column() {
    let installation = Installation::new().await;
    let (server, api) = installation.sandbox().await;
    let (status, message) = said_of(&installation, "sealed").await;
    assert!(status == "ok" && message.contains("nothing"), "{message}");
    let mut ids = Vec::new();
    for number in 0..3 {
        let mut body = invitation_to(&format!("jane{number}@example.com"));
        body["metadata"] = json!({"number": number});
        ids.push(api.created(&body).await["id"].clone());
    }
    server.owner(&installation).await;
    for id in &ids {
        happened(&server, id, "invitation.sent").await;
    }
    let (status, message) = said_of(&installation, "sealed").await;
    assert!(
        status == "ok" && message.contains("6 were tried"),
        "{message}"
    );

    let ids: Vec<&str> = ids.iter().filter_map(Value::as_str).collect();
    let mut database = Database::open(&installation).await;
    for (table, column, named) in [
        ("sessions", "metadata_sealed", 1),
        ("sessions", "applicant_email_sealed", 1),
        ("mailbox_messages", "message_sealed", 1),
        // The key to a session and to its message.
        ("data_keys", "key_wrapped", 2),
    ] {
        let id = if table == "data_keys" {
            "data_key_id"
        } else {
            "session_id"
        };
        // Another row's value in this one's place, as who writes the database could put it there, and back.
        let [own, other] = ids[..2] else {
            panic!("three sessions")
        };
        database
            .execute(&format!(
                "CREATE TABLE kept AS SELECT {column} AS value FROM {table} WHERE {id} = '{own}'"
            ))
            .await;
        let moved = format!("(SELECT o.{column} FROM {table} o WHERE o.{id} = '{other}')");
        let put =
            |value: &str| format!("UPDATE {table} SET {column} = {value} WHERE {id} = '{own}'");
        database.execute(&put(&moved)).await;
        let (status, message) = said_of(&installation, "sealed").await;
        assert_eq!(status, "problem", "{column}: {message}");
        let all = format!("{named} of the 6 newest rows");
        for word in [all.as_str(), own, column] {
            assert!(message.contains(word), "{word} in {message}");
        }
        assert!(
            !message.contains(other) && !message.contains("jane"),
            "{message}"
        );
        database.execute(&put("(SELECT value FROM kept)")).await;
        database.execute("DROP TABLE kept").await;
        let (status, message) = said_of(&installation, "sealed").await;
        assert_eq!(status, "ok", "{column} is back: {message}");
    }

    // Values of a session whose data key is gone for good were erased on purpose.
    let gone = format!(
        "UPDATE data_keys SET key_wrapped = NULL, destroyed_at = 1 WHERE data_key_id = '{}'",
        ids[2]
    );
    database.execute(&gone).await;
    let (status, message) = said_of(&installation, "sealed").await;
    assert_eq!(status, "ok", "{message}");
}
