//! Keys: what each may do, where, from where and for how long.

use serde_json::{Value, json};
use vouchkey_tests::api::SESSIONS;
use vouchkey_tests::database::Database;
use vouchkey_tests::program::Installation;
use vouchkey_tests::wait;
use vouchkey_types::api_key::ApiKey;

#[tokio::test]
async fn a_new_key_is_recognisable_and_shown_once() {
    let installation = Installation::new().await;
    for (environment, prefix) in [("live", "vk_live_"), ("sandbox", "vk_sandbox_")] {
        let key = installation.key(environment, &["--label", "billing"]).await;
        assert!(key.id.starts_with("key_"), "{}", key.id);
        assert!(key.secret.starts_with(prefix), "{}", key.id);
        assert_eq!(key.secret.len(), prefix.len() + 49);
        assert!(
            ApiKey::parse(&key.secret).is_some(),
            "its checksum is right"
        );
        let list = installation.output(&["keys", "list", "--json"]).await;
        assert!(list.contains(&key.id) && list.contains("billing"), "{list}");
        assert!(
            !list.contains(&key.secret),
            "the list does not show it again"
        );
    }
}

#[tokio::test]
async fn a_key_does_only_what_its_scopes_allow() {
    let installation = Installation::new().await;
    let reader = installation
        .key("sandbox", &["--scopes", "sessions:read"])
        .await;
    let creator = installation
        .key("sandbox", &["--scopes", "sessions:create"])
        .await;
    let writer = installation
        .key("sandbox", &["--scopes", "sessions:write"])
        .await;
    let server = installation.serve().await;
    for key in [&creator, &writer] {
        let id = server.api(key).created(&json!({})).await["id"].clone();
        let one = format!("{SESSIONS}/{}", id.as_str().unwrap_or_default());
        server
            .api(key)
            .get(&one)
            .await
            .expect_error(403, "insufficient_scope");
        server
            .api(key)
            .get(SESSIONS)
            .await
            .expect_error(403, "insufficient_scope");
        server.api(&reader).get(&one).await.expect_status(200);
    }
    let refused = server
        .api(&reader)
        .create(&json!({}))
        .await
        .expect_error(403, "insufficient_scope");
    let detail = refused.json()["detail"].to_string();
    assert!(
        detail.contains("sessions:create") && detail.contains("sessions:write"),
        "{detail}"
    );
    let wrong = installation
        .run(&[
            "keys",
            "create",
            "--environment",
            "live",
            "--scopes",
            "sessions:eat",
        ])
        .await;
    assert_eq!(wrong.status.code(), Some(2), "{wrong:?}");
}

#[tokio::test]
async fn the_environments_do_not_see_each_other() {
    let installation = Installation::new().await;
    let live = installation.key("live", &[]).await;
    let sandbox = installation.key("sandbox", &[]).await;
    let server = installation.serve().await;
    let (live, sandbox) = (server.api(&live), server.api(&sandbox));
    let theirs = live.created(&json!({"external_ref": "same"})).await;
    let one = format!("{SESSIONS}/{}", theirs["id"].as_str().unwrap_or_default());
    sandbox.get(&one).await.expect_error(404, "not_found");
    live.get(&one).await.expect_status(200);
    assert_eq!(sandbox.count().await, 0);
    let found = sandbox
        .get(&format!("{SESSIONS}?external_ref=same"))
        .await
        .expect_status(200);
    assert_eq!(found.json()["data"], json!([]));
}

#[tokio::test]
async fn organizations_do_not_see_each_other() {
    let installation = Installation::new().await;
    let other = installation.add_organization("other@example.com").await;
    let organization = other["organization_id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let first = installation.first_answer()["organization_id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let ours = installation.key("sandbox", &["--org", &first]).await;
    let theirs = installation.key("sandbox", &["--org", &organization]).await;
    let server = installation.serve().await;
    let session = server
        .api(&ours)
        .created_under(&json!({}), "k")
        .await
        .json();
    let one = format!("{SESSIONS}/{}", session["id"].as_str().unwrap_or_default());
    let api = server.api(&theirs);
    api.get(&one).await.expect_error(404, "not_found");
    assert_eq!(api.count().await, 0);
    let same_key = api.created_under(&json!({}), "k").await;
    assert_eq!(same_key.header("idempotency-replayed"), None);
    api.create(&json!({"workflow_id": installation.workflow("sandbox")}))
        .await
        .expect_errors(&[("workflow_id", "not_found")]);
    let undecided = installation
        .run(&["keys", "create", "--environment", "live"])
        .await;
    assert!(
        !undecided.status.success(),
        "two organizations, and none was named"
    );
}

#[tokio::test]
async fn an_expired_key_is_refused_within_a_second_of_its_expiry() {
    let installation = Installation::new().await;
    let key = installation.key("sandbox", &[]).await;
    let server = installation.serve().await;
    let api = server.api(&key);
    api.get(SESSIONS).await.expect_status(200);
    installation.output(&["keys", "expire", &key.id]).await;
    wait::until("the refusal of an expired key", async || {
        (api.get(SESSIONS).await.status == 401).then_some(())
    })
    .await;
    api.get(SESSIONS).await.expect_error(401, "unauthorized");

    let future = installation
        .key("sandbox", &["--expires-at", "2999-01-01T00:00:00Z"])
        .await;
    server.api(&future).get(SESSIONS).await.expect_status(200);
    let past = format!(
        "UPDATE api_keys SET expires_at = created_at WHERE api_key_id = '{}'",
        future.id
    );
    assert_eq!(Database::open(&installation).await.execute(&past).await, 1);
    wait::until("the refusal of a key whose time is over", async || {
        (server.api(&future).get(SESSIONS).await.status == 401).then_some(())
    })
    .await;
    let wrong = [
        "keys",
        "create",
        "--environment",
        "live",
        "--expires-at",
        "2020-01-01T00:00:00Z",
    ];
    assert!(
        !installation.run(&wrong).await.status.success(),
        "born expired"
    );
}

#[tokio::test]
async fn a_key_made_while_the_server_runs_works_at_once() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let key = installation.key("sandbox", &[]).await;
    server.api(&key).created(&json!({})).await;
}

#[tokio::test]
async fn a_key_works_only_from_its_addresses() {
    let installation = Installation::new()
        .await
        .with("VOUCHKEY_TRUSTED_PROXIES", "127.0.0.0/8");
    let home = installation
        .key("sandbox", &["--allowed-ips", "127.0.0.0/8"])
        .await;
    let office = installation
        .key(
            "sandbox",
            &["--allowed-ips", "203.0.113.0/24,2001:db8::/32"],
        )
        .await;
    let server = installation.serve().await;
    server.api(&home).get(SESSIONS).await.expect_status(200);
    server
        .api(&office)
        .get(SESSIONS)
        .await
        .expect_error(403, "forbidden");
    for (forwarded, status) in [
        ("203.0.113.9", 200),
        ("2001:db8::1", 200),
        ("198.51.100.1", 403),
        ("203.0.113.9, 198.51.100.1", 403),
        ("198.51.100.1, 203.0.113.9", 200),
        ("nonsense", 403),
    ] {
        let call = server
            .api(&office)
            .call("GET", SESSIONS)
            .header("X-Forwarded-For", forwarded);
        assert_eq!(call.send().await.status, status, "{forwarded}");
    }
}

#[tokio::test]
async fn whoever_is_not_a_trusted_proxy_cannot_lend_an_address() {
    let installation = Installation::new().await;
    let office = installation
        .key("sandbox", &["--allowed-ips", "203.0.113.0/24"])
        .await;
    let server = installation.serve().await;
    let call = server
        .api(&office)
        .call("GET", SESSIONS)
        .header("X-Forwarded-For", "203.0.113.9");
    call.send().await.expect_error(403, "forbidden");
}

#[tokio::test]
async fn the_last_use_of_a_key_is_remembered() {
    let installation = Installation::new().await;
    let key = installation.key("sandbox", &[]).await;
    let server = installation.serve().await;
    server.api(&key).created(&json!({})).await;
    wait::until("the time of the last use", async || {
        let list = installation.json(&["keys", "list", "--json"]).await;
        let keys = list
            .as_array()
            .or_else(|| list["data"].as_array())
            .cloned()
            .unwrap_or_default();
        let own = keys.into_iter().find(|one| one["id"] == key.id.as_str())?;
        (own["last_used_at"] != Value::Null).then_some(())
    })
    .await;
}
