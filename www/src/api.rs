//! The calls that the pages make, and what they answer.

use vouchkey_types::api_key::Environment;
use vouchkey_types::json::Json;
use vouchkey_types::object;
use vouchkey_wasm::client::{Client, ClientError};

use crate::model::me::Me;
use crate::model::{mailbox, session};
use crate::place::encoded;

/// What a call gave.
pub(crate) type Answer<T> = Result<T, ClientError>;

/// The answer did not hold what this page needs: an older or newer server, or a proxy's page.
fn unreadable() -> ClientError {
    ClientError {
        status: None,
        error: None,
        detail: "The server’s answer could not be read. Reload the page: it may be older than the server.".to_owned(),
        errors: Vec::new(),
        request_id: None,
        retry_after: None,
        offline: false,
    }
}

fn read<T>(answer: Answer<Json>, reader: impl FnOnce(&Json) -> Option<T>) -> Answer<T> {
    reader(&answer?).ok_or_else(unreadable)
}

// Calls that belong to no environment; the server ignores which one is named.
const ANY: Client = Client::cookie(Environment::Live);

pub(crate) async fn me() -> Answer<Me> {
    read(ANY.get("/admin/v1/me").await, Me::read)
}

pub(crate) async fn sign_in(email: String, password: String) -> Answer<()> {
    let body = object! { "email": email, "password": password };
    ANY.post("/admin/v1/sign-in", &body.into()).await.map(drop)
}

pub(crate) async fn set_password(token: String, password: String) -> Answer<()> {
    let body = object! { "token": token, "password": password };
    ANY.post("/admin/v1/password", &body.into()).await.map(drop)
}

pub(crate) async fn sign_out() -> Answer<()> {
    ANY.post("/admin/v1/sign-out", &object! {}.into())
        .await
        .map(drop)
}

pub(crate) async fn list(environment: Environment, query: session::Query) -> Answer<session::Page> {
    let pairs = [
        ("limit", session::PAGE_SIZE),
        ("q", query.q.as_str()),
        ("status", query.status.as_str()),
        ("cursor", query.cursor.as_str()),
    ];
    let set: Vec<(&str, &str)> = pairs
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    read(
        Client::cookie(environment).list_sessions(&set).await,
        session::Page::read,
    )
}

pub(crate) async fn detail(environment: Environment, id: String) -> Answer<session::Detail> {
    let path = format!("/admin/v1/sessions/{}", encoded(&id));
    read(
        Client::cookie(environment).get(&path).await,
        session::Detail::read,
    )
}

/// Creates a session and answers with its id.
pub(crate) async fn create(environment: Environment, body: String, key: String) -> Answer<String> {
    let answer = Client::cookie(environment)
        .create_session(&body, &key)
        .await;
    read(answer, |answer| {
        answer.get("id")?.as_str().map(str::to_owned)
    })
}

pub(crate) async fn dry_run(environment: Environment, body: String) -> Answer<session::DryRun> {
    let answer = Client::cookie(environment).dry_run_session(&body).await;
    read(answer, session::DryRun::read)
}

pub(crate) async fn mailbox(environment: Environment, cursor: String) -> Answer<mailbox::Page> {
    let mut path = "/admin/v1/mailbox?limit=50".to_owned();
    if !cursor.is_empty() {
        path = format!("{path}&cursor={}", encoded(&cursor));
    }
    read(
        Client::cookie(environment).get(&path).await,
        mailbox::Page::read,
    )
}

pub(crate) async fn message(environment: Environment, id: String) -> Answer<mailbox::Message> {
    let path = format!("/admin/v1/mailbox/{}", encoded(&id));
    read(
        Client::cookie(environment).get(&path).await,
        mailbox::Message::read,
    )
}
