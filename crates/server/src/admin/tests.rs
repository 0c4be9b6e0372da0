//! Signing in and what it opens, by a clock that stands still.

mod attempts;
mod dashboard;
mod shut_out;

use axum::body::Body;
use http::Request;
use sqlx::AnyConnection;
use vouchkey_types::id::UserId;
use vouchkey_types::json::Json;

use crate::config::MailConfig;
use crate::store::users::{self, Role, SignInLinkRow, UserRow};
use crate::store::{Change, Engine, StoreError};
use crate::test_bed::{Bed, Reply};

const HOUR: i64 = 60 * 60 * 1_000;
const PASSWORD: &str = "correct horse battery staple";

struct AddUser(Option<UserRow>, SignInLinkRow);

impl Change for AddUser {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        if let Some(user) = &self.0 {
            users::insert(conn, user).await?;
        }
        users::insert_link(conn, &self.1).await
    }
}

/// Adds a user with a one-time link of this token.
async fn add_user(bed: &Bed, email: &str, token: &str) -> UserId {
    let user = UserRow {
        id: bed.clock.id(),
        organization: bed.organization,
        email: email.to_owned(),
        role: Role::Owner,
        password_hash: None,
        created_at: bed.clock.now_ms(),
    };
    let id = user.id;
    bed.state
        .store
        .write(AddUser(Some(user), link(bed, id, token)))
        .await
        .unwrap();
    id
}

fn link(bed: &Bed, user: UserId, token: &str) -> SignInLinkRow {
    SignInLinkRow {
        link_hash: bed.state.secrets.sign_in_hash(&[b"link", token.as_bytes()]),
        user,
        organization: bed.organization,
        created_at: bed.clock.now_ms(),
        expires_at: bed.clock.now_ms() + HOUR,
    }
}

async fn post(bed: &Bed, path: &str, body: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::post(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    bed.send(request.body(Body::from(body.to_owned())).unwrap())
        .await
}

async fn json(bed: &Bed, path: &str, body: &str) -> Reply {
    post(bed, path, body, &[("content-type", "application/json")]).await
}

async fn sign_in(bed: &Bed, email: &str, password: &str) -> Reply {
    json(
        bed,
        "/admin/v1/sign-in",
        &format!(r#"{{"email":"{email}","password":"{password}"}}"#),
    )
    .await
}

async fn by_link(bed: &Bed, token: &str, password: &str) -> Reply {
    json(
        bed,
        "/admin/v1/password",
        &format!(r#"{{"token":"{token}","password":"{password}"}}"#),
    )
    .await
}

async fn get(bed: &Bed, path: &str, cookie: &str) -> Reply {
    let request = Request::get(path)
        .header("cookie", cookie)
        .header("vouchkey-environment", "sandbox");
    bed.send(request.body(Body::empty()).unwrap()).await
}

/// The pair of a `Set-Cookie`, as a browser sends it back.
fn cookie(reply: &Reply) -> String {
    reply
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned()
}

/// A server with an owner who has a password.
async fn with_owner() -> (Bed, String) {
    let bed = Bed::new().await;
    add_user(&bed, "jane@example.com", "token").await;
    let reply = by_link(&bed, "token", PASSWORD).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let cookie = cookie(&reply);
    (bed, cookie)
}

fn member<'a>(json: &'a Json, path: &[&str]) -> Option<&'a str> {
    path.iter()
        .try_fold(json, |json, name| json.get(name))
        .and_then(Json::as_str)
}

#[tokio::test]
async fn a_one_time_link_sets_a_password_and_signs_in_once() {
    let bed = Bed::new().await;
    add_user(&bed, "jane@example.com", "token").await;
    let weak = by_link(&bed, "token", "too short").await;
    assert_eq!(weak.status, 422);
    assert!(
        weak.text
            .contains(r#""field":"password","code":"out_of_range""#),
        "{}",
        weak.text
    );
    // A weak password does not use the link up.
    let reply = by_link(&bed, "token", PASSWORD).await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        member(&reply.json(), &["user", "email"]),
        Some("jane@example.com")
    );
    let set = reply.header("set-cookie");
    assert!(
        set.starts_with("__Host-vouchkey=") && set.contains("; HttpOnly; SameSite=Lax;"),
        "{set}"
    );
    assert!(set.ends_with("; Secure"), "{set}");
    for token in ["token", "unknown"] {
        assert_eq!(by_link(&bed, token, PASSWORD).await.status, 401, "{token}");
    }
    assert_eq!(
        sign_in(&bed, "JANE@example.com", PASSWORD).await.status,
        200
    );
}

#[tokio::test]
async fn a_one_time_link_lives_an_hour_and_a_new_password_ends_all_sessions() {
    let (bed, old) = with_owner().await;
    let user = users::find_by_email;
    let user = bed
        .state
        .store
        .read(async |conn| user(conn, "jane@example.com").await)
        .await
        .unwrap()
        .unwrap();
    bed.state
        .store
        .write(AddUser(None, link(&bed, user.id, "second")))
        .await
        .unwrap();
    bed.clock.advance(HOUR);
    assert_eq!(by_link(&bed, "second", PASSWORD).await.status, 401);
    assert_eq!(get(&bed, "/admin/v1/me", &old).await.status, 200);
    bed.state
        .store
        .write(AddUser(None, link(&bed, user.id, "third")))
        .await
        .unwrap();
    bed.clock.advance(HOUR - 1);
    let reply = by_link(&bed, "third", "another long password").await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(get(&bed, "/admin/v1/me", &old).await.status, 401);
    assert_eq!(get(&bed, "/admin/v1/me", &cookie(&reply)).await.status, 200);
}

#[tokio::test]
async fn every_failure_says_the_same() {
    let (bed, _) = with_owner().await;
    add_user(&bed, "new@example.com", "other").await;
    let mut texts = Vec::new();
    for (email, password) in [
        ("jane@example.com", "wrong wrong wrong wrong"),
        ("nobody@example.com", PASSWORD),
        ("new@example.com", PASSWORD),
        ("no address", PASSWORD),
    ] {
        let reply = sign_in(&bed, email, password).await;
        assert_eq!(reply.status, 401, "{email}");
        assert!(reply.header("set-cookie").is_empty());
        texts.push(member(&reply.json(), &["detail"]).unwrap().to_owned());
    }
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
}

#[tokio::test]
async fn failures_delay_an_address_whether_anybody_has_it_or_not() {
    let (bed, _) = with_owner().await;
    for email in ["jane@example.com", "nobody@example.com"] {
        for _ in 0..5 {
            assert_eq!(
                sign_in(&bed, email, "wrong wrong wrong wrong").await.status,
                401
            );
        }
        let reply = sign_in(&bed, email, PASSWORD).await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("retry-after")),
            (429, "1"),
            "{email}"
        );
        bed.clock.advance(1_000);
        assert_eq!(
            sign_in(&bed, email, "wrong wrong wrong wrong").await.status,
            401
        );
        bed.clock.advance(1_000);
        assert_eq!(
            sign_in(&bed, email, PASSWORD).await.header("retry-after"),
            "1",
            "{email}"
        );
    }
    // The right password after the delay clears the account.
    bed.clock.advance(2_000);
    assert_eq!(
        sign_in(&bed, "jane@example.com", PASSWORD).await.status,
        200
    );
    assert_eq!(
        sign_in(&bed, "jane@example.com", "wrong wrong wrong wrong")
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn a_session_ends_by_idleness_by_age_and_by_signing_out() {
    let (bed, cookie) = with_owner().await;
    let me = "/admin/v1/me";
    for _ in 0..11 {
        bed.clock.advance(HOUR);
        assert_eq!(get(&bed, me, &cookie).await.status, 200);
        bed.finish_tasks().await;
    }
    bed.clock.advance(HOUR);
    assert_eq!(get(&bed, me, &cookie).await.status, 401, "12 hours");

    let idle = self::cookie(&sign_in(&bed, "jane@example.com", PASSWORD).await);
    bed.clock.advance(2 * HOUR - 1);
    assert_eq!(get(&bed, me, &idle).await.status, 200);
    bed.finish_tasks().await;
    bed.clock.advance(2 * HOUR);
    assert_eq!(get(&bed, me, &idle).await.status, 401, "2 hours idle");

    let out = self::cookie(&sign_in(&bed, "jane@example.com", PASSWORD).await);
    let reply = post(&bed, "/admin/v1/sign-out", "", &[("cookie", &out)]).await;
    assert_eq!(reply.status, 204);
    assert!(
        reply.header("set-cookie").contains("=; ")
            && reply.header("set-cookie").contains("Max-Age=0")
    );
    assert_eq!(get(&bed, me, &out).await.status, 401, "signed out");
}

#[tokio::test]
async fn neither_passwords_nor_tokens_stand_in_the_database() {
    let (bed, cookie) = with_owner().await;
    let token = cookie.split_once('=').unwrap().1;
    bed.keeps_none_of(&[PASSWORD, token]).await;
}

#[tokio::test]
async fn another_sites_pages_and_other_than_json_are_refused() {
    let (bed, cookie) = with_owner().await;
    let body = format!(r#"{{"email":"jane@example.com","password":"{PASSWORD}"}}"#);
    let json = ("content-type", "application/json");
    for (headers, status) in [
        (vec![json, ("sec-fetch-site", "same-origin")], 200),
        (vec![json, ("sec-fetch-site", "none")], 200),
        (vec![json], 200),
        (vec![json, ("sec-fetch-site", "cross-site")], 403),
        (vec![json, ("sec-fetch-site", "same-site")], 403),
        (
            vec![
                json,
                ("origin", "https://evil.example.net"),
                ("host", "verify.example.com"),
            ],
            403,
        ),
        (
            vec![json, ("origin", "null"), ("host", "verify.example.com")],
            403,
        ),
        (vec![("content-type", "text/plain")], 415),
        (
            vec![("content-type", "application/x-www-form-urlencoded")],
            415,
        ),
        (vec![], 415),
    ] {
        let reply = post(&bed, "/admin/v1/sign-in", &body, &headers).await;
        assert_eq!(reply.status.as_u16(), status, "{headers:?}: {}", reply.text);
    }
    let headers = [
        ("cookie", cookie.as_str()),
        ("sec-fetch-site", "cross-site"),
    ];
    assert_eq!(
        post(&bed, "/admin/v1/sign-out", "", &headers).await.status,
        403
    );
    assert_eq!(get(&bed, "/admin/v1/me", &cookie).await.status, 200);
}

#[tokio::test]
async fn a_body_larger_than_any_password_is_refused() {
    let (bed, _) = with_owner().await;
    let large = "x".repeat(16 * 1024);
    let body = format!(r#"{{"email":"jane@example.com","password":"{large}"}}"#);
    let reply = json(&bed, "/admin/v1/sign-in", &body).await;
    assert_eq!(reply.status, 413, "{}", reply.text);
    assert!(reply.text.contains("over 16 KiB"), "{}", reply.text);
}

#[tokio::test]
async fn on_plain_http_beyond_loopback_nobody_signs_in() {
    let bed = Bed::with(MailConfig::mailbox(None), "http://verify.example.com").await;
    add_user(&bed, "jane@example.com", "token").await;
    let reply = by_link(&bed, "token", PASSWORD).await;
    assert_eq!(reply.status, 403);
    assert!(reply.text.contains("https"), "{}", reply.text);
    let bed = Bed::with(MailConfig::mailbox(None), "http://127.0.0.1:8080").await;
    add_user(&bed, "jane@example.com", "token").await;
    let reply = by_link(&bed, "token", PASSWORD).await;
    assert!(
        reply.header("set-cookie").starts_with("vouchkey=")
            && !reply.header("set-cookie").contains("Secure")
    );
}

#[tokio::test]
async fn an_address_that_is_no_text_is_answered_in_the_one_shape_of_errors() {
    let (bed, cookie) = with_owner().await;
    for (path, status) in [
        ("/admin/v1/sessions/%ff", 404),
        ("/admin/v1/mailbox/%ff", 404),
        ("/admin/v1/mailbox/%ff/html", 404),
        ("/admin/v1/mailbox?limit=%ff", 422),
    ] {
        let reply = get(&bed, path, &cookie).await;
        assert_eq!(reply.status.as_u16(), status, "{path}: {}", reply.text);
        assert!(member(&reply.json(), &["request_id"]).is_some(), "{path}");
    }
}
