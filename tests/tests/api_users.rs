//! People of the dashboard, as an operator makes, changes and removes them while the server runs.

use serde_json::{Value, json};
use vouchkey_tests::admin::{Admin, PASSWORD};
use vouchkey_tests::api::SESSIONS;
use vouchkey_tests::database::Database;
use vouchkey_tests::program::{Installation, OWNER, Server};

const JANE: &str = "jane@example.com";

async fn me(admin: &Admin) -> u16 {
    admin.call("GET", "/admin/v1/me", None, None).await.status
}

/// The token of the link that a command printed.
fn token(printed: &str) -> &str {
    printed.trim().split('#').nth(1).unwrap_or_default()
}

/// Jane, with this role, signed in by her link.
async fn jane(installation: &Installation, server: &Server, role: &str) -> Admin {
    let create = ["users", "create", "--email", JANE, "--role", role];
    let printed = installation.output(&create).await;
    let jane = Admin::nobody(server);
    jane.set_password(token(&printed)).await.expect_status(200);
    jane
}

/// What a command that is refused says, with its exit code.
async fn refused(installation: &Installation, arguments: &[&str]) -> (Option<i32>, String) {
    let output = installation.run(arguments).await;
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// Who is listed: address, role, whether there is a password and a session.
async fn listed(installation: &Installation) -> Vec<Value> {
    let answer = installation.json(&["users", "list", "--json"]).await;
    let users = answer["data"].as_array().cloned().unwrap_or_default();
    let shown = |user: Value| {
        json!([
            user["email"],
            user["role"],
            user["has_password"],
            user["is_signed_in"]
        ])
    };
    users.into_iter().map(shown).collect()
}

#[tokio::test]
async fn who_is_removed_is_out_at_the_next_request() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let owner = server.owner(&installation).await;
    let jane = jane(&installation, &server, "admin").await;
    let elsewhere = Admin::nobody(&server);
    elsewhere.sign_in(JANE, PASSWORD).await.expect_status(200);
    let created = jane
        .call("POST", SESSIONS, Some("sandbox"), Some(&json!({})))
        .await
        .expect_status(201)
        .json();
    let both = [
        json!([OWNER, "owner", true, true]),
        json!([JANE, "admin", true, true]),
    ];
    assert_eq!(listed(&installation).await, both);

    let remove = ["users", "remove", "--email", "Jane@Example.com"];
    installation.output(&remove).await;
    assert_eq!((me(&jane).await, me(&elsewhere).await), (401, 401));
    jane.get(SESSIONS, "sandbox").await.expect_status(401);
    let sign_in = jane.sign_in(JANE, PASSWORD).await;
    sign_in.expect_error(401, "unauthorized");
    assert_eq!(listed(&installation).await, both[..1]);
    let (code, said) = refused(&installation, &remove).await;
    assert_eq!(code, Some(1), "{said}");

    // What they did can still be read, without their address.
    let page = owner.session(&created["id"], "sandbox").await;
    let by = page["created_by"].as_str().unwrap_or_default();
    assert!(by.starts_with("removed user usr_"), "{page}");
    assert_eq!(page["timeline"][0]["actor"], page["created_by"]);
    assert!(!page.to_string().contains(JANE), "{page}");
    let list = owner.get(SESSIONS, "sandbox").await.expect_status(200);
    assert_eq!(list.json()["data"][0]["id"], created["id"]);
}

#[tokio::test]
async fn a_link_of_somebody_who_was_removed_opens_nothing() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let create = ["users", "create", "--email", JANE, "--role", "admin"];
    let printed = installation.output(&create).await;
    let remove = ["users", "remove", "--email", JANE];
    installation.output(&remove).await;
    let jane = Admin::nobody(&server);
    let answer = jane.set_password(token(&printed)).await;
    answer.expect_error(401, "unauthorized");
    assert_eq!(me(&jane).await, 401);
}

#[tokio::test]
async fn nobody_signs_in_past_their_own_removal() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    jane(&installation, &server, "admin").await;
    let browsers: Vec<_> = (0..6).map(|_| Admin::nobody(&server)).collect();
    let attempts: Vec<_> = browsers
        .iter()
        .cloned()
        .map(|browser| tokio::spawn(async move { browser.sign_in(JANE, PASSWORD).await.status }))
        .collect();
    let remove = ["users", "remove", "--email", JANE];
    installation.output(&remove).await;
    for attempt in attempts {
        let status = attempt.await.unwrap_or_default();
        assert!(matches!(status, 200 | 401 | 429), "{status}");
    }
    for browser in &browsers {
        assert_eq!(me(browser).await, 401);
    }
    let mut database = Database::open(&installation).await;
    let left = database.texts("SELECT user_id FROM sign_ins").await;
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_role_holds_from_the_next_request_on() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let jane = jane(&installation, &server, "viewer").await;
    let create = async || {
        let body = json!({});
        let call = jane.call("POST", SESSIONS, Some("sandbox"), Some(&body));
        call.await.status
    };
    assert_eq!(create().await, 403);
    for (role, status) in [("admin", 201), ("reviewer", 403)] {
        let set = ["users", "set", "--email", JANE, "--role", role];
        installation.output(&set).await;
        assert_eq!(create().await, status, "{role}");
    }
    assert_eq!(me(&jane).await, 200, "she is still signed in");
}

#[tokio::test]
async fn the_last_owner_stays_and_is_told_what_to_do() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let owner = server.owner(&installation).await;
    for line in [
        &["users", "remove", "--email", OWNER][..],
        &["users", "set", "--email", OWNER, "--role", "admin"],
    ] {
        let (code, said) = refused(&installation, line).await;
        assert_eq!(code, Some(1), "{said}");
        assert!(
            said.contains("last owner") && said.contains("users set"),
            "{said}"
        );
    }
    assert_eq!(me(&owner).await, 200);
    let create = ["users", "create", "--email", JANE, "--role", "owner"];
    installation.output(&create).await;
    let remove = ["users", "remove", "--email", OWNER];
    installation.output(&remove).await;
    assert_eq!(me(&owner).await, 401);
}

#[tokio::test]
async fn two_owners_who_go_at_once_do_not_both_go() {
    let installation = Installation::new().await;
    let create = ["users", "create", "--email", JANE, "--role", "owner"];
    installation.output(&create).await;
    let remove = ["users", "remove", "--email", OWNER];
    let set = ["users", "set", "--email", JANE, "--role", "viewer"];
    let (one, other) = tokio::join!(installation.run(&remove), installation.run(&set));
    let successes = [&one, &other].map(|output| output.status.success());
    assert_ne!(successes[0], successes[1], "{one:?} {other:?}");
    let owners = listed(&installation).await;
    let owners: Vec<_> = owners.iter().filter(|user| user[1] == "owner").collect();
    assert_eq!(owners.len(), 1, "{owners:?}");
}

#[tokio::test]
async fn a_link_that_is_used_while_its_user_is_removed_lets_nobody_stay() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let create = ["users", "create", "--email", JANE, "--role", "admin"];
    let printed = installation.output(&create).await;
    let jane = Admin::nobody(&server);
    let remove = ["users", "remove", "--email", JANE];
    let (entered, removed) = tokio::join!(
        jane.set_password(token(&printed)),
        installation.run(&remove)
    );
    assert!(matches!(entered.status, 200 | 401), "{}", entered.status);
    assert!(removed.status.success(), "{removed:?}");
    assert_eq!(me(&jane).await, 401);
    assert_eq!(listed(&installation).await.len(), 1);
}

#[tokio::test]
async fn a_reset_shuts_out_before_its_link_is_used() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let owner = server.owner(&installation).await;
    let reset = ["users", "reset-password", "--email", OWNER];
    let printed = installation.output(&reset).await;
    assert_eq!(me(&owner).await, 401);
    let sign_in = owner.sign_in(OWNER, PASSWORD).await;
    sign_in.expect_error(401, "unauthorized");
    assert_eq!(
        listed(&installation).await,
        [json!([OWNER, "owner", false, false])]
    );
    let again = Admin::nobody(&server);
    again.set_password(token(&printed)).await.expect_status(200);
    assert_eq!(me(&again).await, 200);
    assert_eq!(me(&owner).await, 401);
}
