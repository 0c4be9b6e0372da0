use vouchkey_types::id::UserId;

use super::*;
use crate::store::users::{self, Role, UserRow};

impl Server {
    /// Adds a user, who signs in by a one-time link, and says the cookie.
    async fn sign_in(&self, role: Role) -> String {
        let user = self.clock.id();
        self.state
            .store
            .write(AddUser(self.organization, user, role))
            .await
            .unwrap();
        let token = "t".repeat(43);
        let link = users::SignInLinkRow {
            link_hash: self
                .state
                .secrets
                .sign_in_hash(&[b"link", token.as_bytes()]),
            user,
            organization: self.organization,
            created_at: NOW,
            expires_at: NOW + 3_600_000,
        };
        self.state.store.write(AddLink(link)).await.unwrap();
        let body = format!(r#"{{"token":"{token}","password":"correct horse battery staple"}}"#);
        let call = self
            .anonymous(Method::POST, "/admin/v1/password")
            .body(&body);
        let reply = call
            .header("content-type", "application/json")
            .header("sec-fetch-site", "same-origin")
            .send()
            .await;
        assert_eq!(reply.status, StatusCode::OK, "{:?}", reply.body);
        reply
            .header("set-cookie")
            .split(';')
            .next()
            .unwrap()
            .to_owned()
    }
}

struct AddUser(OrganizationId, UserId, Role);

impl Change for AddUser {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        let row = UserRow {
            id: self.1,
            organization: self.0,
            email: format!("{}@example.com", self.2.as_str()),
            role: self.2,
            password_hash: None,
            created_at: NOW,
        };
        users::insert(conn, &row).await
    }
}

struct AddLink(users::SignInLinkRow);

impl Change for AddLink {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        users::insert_link(conn, &self.0).await
    }
}

#[tokio::test]
async fn a_signed_in_admin_creates_from_the_dashboard_in_the_environment_it_names() {
    let server = Server::start().await;
    let cookie = server.sign_in(Role::Admin).await;
    let post = || {
        server
            .anonymous(Method::POST, SESSIONS)
            .header("cookie", &cookie)
    };
    let own = || post().header("sec-fetch-site", "same-origin");
    let created = own().header("vouchkey-environment", "sandbox").send().await;
    assert_eq!(created.status, StatusCode::CREATED);
    assert_eq!(created.body.get("is_sandbox"), Some(&Json::Bool(true)));
    assert_eq!(created.header("x-ratelimit-limit"), "300");
    post()
        .header("vouchkey-environment", "live")
        .send()
        .await
        .is_error(403, "forbidden");
    post()
        .header("vouchkey-environment", "live")
        .header("sec-fetch-site", "cross-site")
        .send()
        .await
        .is_error(403, "forbidden");
    own().send().await.is_error(400, "invalid_header");
    own()
        .header("vouchkey-environment", "test")
        .send()
        .await
        .is_error(400, "invalid_header");
    let list = server
        .anonymous(Method::GET, SESSIONS)
        .header("cookie", &cookie);
    let list = list.header("vouchkey-environment", "sandbox").send().await;
    assert_eq!(
        list.body
            .get("data")
            .and_then(Json::as_array)
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_viewer_may_look_and_not_create() {
    let server = Server::start().await;
    let cookie = server.sign_in(Role::Viewer).await;
    let call = |method| {
        server
            .anonymous(method, SESSIONS)
            .header("cookie", &cookie)
            .header("vouchkey-environment", "live")
    };
    assert_eq!(call(Method::GET).send().await.status, StatusCode::OK);
    let create = call(Method::POST)
        .header("sec-fetch-site", "same-origin")
        .send()
        .await;
    create.is_error(403, "insufficient_scope");
}

#[tokio::test]
async fn a_key_wins_over_a_cookie() {
    let server = Server::start().await;
    let cookie = server.sign_in(Role::Viewer).await;
    assert_eq!(
        server
            .post("{}")
            .header("cookie", &cookie)
            .send()
            .await
            .status,
        StatusCode::CREATED
    );
    server
        .anonymous(Method::GET, SESSIONS)
        .key("wrong")
        .header("cookie", &cookie)
        .send()
        .await
        .is_error(401, "unauthorized");
}
