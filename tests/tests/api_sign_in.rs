//! Signing in: the one-time link, the password, the cookie, and who is kept out.

use serde_json::json;
use vouchkey_tests::admin::{Admin, PASSWORD, link_token};
use vouchkey_tests::api::SESSIONS;
use vouchkey_tests::program::{Installation, OWNER, Server};

async fn me(admin: &Admin) -> u16 {
    admin.call("GET", "/admin/v1/me", None, None).await.status
}

#[tokio::test]
async fn the_link_of_the_first_owner_works_once() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let token = link_token(installation.first_answer());
    let owner = Admin::nobody(&server);
    assert_eq!(me(&owner).await, 401);

    let short = json!({"token": token, "password": "too short"});
    let refused = owner
        .post("/admin/v1/password", &short)
        .await
        .expect_error(422, "validation_failed");
    assert_eq!(refused.errors()[0].0, "password");

    let answer = owner.set_password(&token).await.expect_status(200);
    assert_eq!(answer.json()["user"]["email"], OWNER);
    assert_eq!(answer.json()["user"]["role"], "owner");
    let cookie = answer.header("set-cookie").unwrap_or_default();
    assert!(cookie.starts_with("vouchkey="), "{cookie}");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "loopback has no TLS: {cookie}");

    let who = owner
        .call("GET", "/admin/v1/me", None, None)
        .await
        .expect_status(200)
        .json();
    assert_eq!(who["user"]["email"], OWNER);
    assert_eq!(who["organization"]["name"], "Example");
    assert_eq!(who["mail"], "mailbox");
    assert_eq!(who["public_url"], server.base());
    Admin::nobody(&server)
        .set_password(&token)
        .await
        .expect_error(401, "unauthorized");
    Admin::nobody(&server)
        .set_password("nonsense")
        .await
        .expect_error(401, "unauthorized");
}

#[tokio::test]
async fn a_password_signs_in_and_signing_out_ends_it() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    server.owner(&installation).await;
    let owner = Admin::by_password(&server).await;
    assert_eq!(me(&owner).await, 200);
    owner
        .call("POST", "/admin/v1/sign-out", None, None)
        .await
        .expect_status(204);
    assert_eq!(me(&owner).await, 401);
}

#[tokio::test]
async fn an_https_address_gets_the_strict_cookie() {
    let installation = Installation::new()
        .await
        .with("VOUCHKEY_PUBLIC_URL", "https://verify.example.com");
    let server = installation.serve().await;
    let token = link_token(installation.first_answer());
    let answer = Admin::nobody(&server)
        .call_as_origin("https://verify.example.com", &token)
        .await;
    let answer = answer.expect_status(200);
    let cookie = answer.header("set-cookie").unwrap_or_default();
    assert!(
        cookie.starts_with("__Host-vouchkey=") && cookie.contains("Secure"),
        "{cookie}"
    );
}

#[tokio::test]
async fn every_failure_sounds_the_same_and_many_are_slowed_down() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    server.owner(&installation).await;
    let nobody = Admin::nobody(&server);
    let wrong = nobody
        .sign_in(OWNER, "wrong horse battery staple")
        .await
        .expect_error(401, "unauthorized");
    let unknown = nobody
        .sign_in("ghost@example.com", PASSWORD)
        .await
        .expect_error(401, "unauthorized");
    assert_eq!(wrong.json()["detail"], unknown.json()["detail"]);
    // No database text.
    nobody
        .sign_in("ghost\0@example.com", PASSWORD)
        .await
        .expect_error(401, "unauthorized");
    let mut throttled = false;
    for _ in 0..20 {
        let answer = nobody
            .sign_in("ghost@example.com", "wrong horse battery staple")
            .await;
        if answer.status == 429 {
            assert!(answer.number("retry-after") >= 1);
            throttled = true;
            break;
        }
        answer.expect_error(401, "unauthorized");
    }
    assert!(throttled, "twenty guesses in a row were let through");
    Admin::by_password(&server).await;
}

#[tokio::test]
async fn the_cookie_uses_the_same_api_as_a_key() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let owner = server.owner(&installation).await;
    let body = json!({"external_ref": "by hand"});
    let created = owner
        .call("POST", SESSIONS, Some("live"), Some(&body))
        .await
        .expect_status(201)
        .json();
    assert_eq!(created["is_sandbox"], false);
    let list = owner.get(SESSIONS, "live").await.expect_status(200).json();
    assert_eq!(list["pagination"]["total"], 1);
    let list = owner
        .get(SESSIONS, "sandbox")
        .await
        .expect_status(200)
        .json();
    assert_eq!(list["pagination"]["total"], 0);
    owner
        .call("GET", SESSIONS, None, None)
        .await
        .expect_error(400, "invalid_header");
    owner
        .get(SESSIONS, "moon")
        .await
        .expect_error(400, "invalid_header");
    let page = owner.session(&created["id"], "live").await;
    assert_eq!(page["created_by"], OWNER);
    assert_eq!(page["session"]["id"], created["id"]);
    assert_eq!(page["timeline"].as_array().map(Vec::len), Some(1), "{page}");
    assert_eq!(page["timeline"][0]["event"], "session.created");
}

async fn cross_site(server: &Server, cookie: &str, site: &str) -> u16 {
    let call = server.stranger().call("POST", SESSIONS).json(&json!({}));
    let call = call
        .header("Cookie", cookie)
        .header("Vouchkey-Environment", "sandbox");
    let call = call
        .header("Sec-Fetch-Site", site)
        .header("Origin", "https://evil.example");
    call.send().await.status
}

#[tokio::test]
async fn another_site_cannot_write_with_the_cookie() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let token = link_token(installation.first_answer());
    let answer = Admin::nobody(&server)
        .set_password(&token)
        .await
        .expect_status(200);
    let cookie = answer.header("set-cookie").unwrap_or_default();
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    for site in ["cross-site", "same-site", "none"] {
        assert_eq!(cross_site(&server, &cookie, site).await, 403, "{site}");
    }
    let key = installation.key("sandbox", &[]).await;
    assert_eq!(server.api(&key).count().await, 0);
}

#[tokio::test]
async fn a_viewer_sees_and_does_not_create() {
    let installation = Installation::new().await;
    let made = [
        "users",
        "create",
        "--email",
        "viewer@example.com",
        "--role",
        "viewer",
    ];
    let output = installation.output(&made).await;
    let token = output.split('#').nth(1).unwrap_or_default();
    let token: String = token
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .collect();
    let server = installation.serve().await;
    let viewer = Admin::nobody(&server);
    viewer.set_password(&token).await.expect_status(200);
    viewer.get(SESSIONS, "sandbox").await.expect_status(200);
    let refused = viewer
        .call("POST", SESSIONS, Some("sandbox"), Some(&json!({})))
        .await;
    refused.expect_error(403, "insufficient_scope");
}
