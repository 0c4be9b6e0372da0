//! A web page with a publishable key, and what a browser asks and checks for it.

use serde_json::Value;

use crate::api::{Answer, Api, Call};
use crate::program::{Installation, Key, Server};

/// The origin of the shop.
pub const SHOP: &str = "https://shop.example";

/// A publishable key of the sandbox for the shop and for a developer's own machine.
pub async fn key(installation: &Installation) -> Key {
    let origins = "https://shop.example,http://localhost:3000";
    let more = ["--kind", "publishable", "--origins", origins];
    installation.key("sandbox", &more).await
}

/// A server, the shop's page, and the shop's own server.
pub async fn shop(installation: &Installation) -> (Server, Page, Api) {
    let secret = installation.key("sandbox", &[]).await;
    let key = key(installation).await;
    let server = installation.serve().await;
    let (page, own) = (Page(server.api(&key)), server.api(&secret));
    (server, page, own)
}

/// The shop's page: what it sends comes from its origin.
#[derive(Clone, Debug)]
pub struct Page(Api);

impl Page {
    /// The page with the key of this client.
    pub const fn of(api: Api) -> Self {
        Self(api)
    }

    /// A client with its key, and without its origin.
    pub const fn client(&self) -> &Api {
        &self.0
    }

    /// A creation, to be sent.
    pub fn creation(&self, body: &Value) -> Call {
        self.0.creation(body).header("Origin", SHOP)
    }

    /// Creates.
    pub async fn create(&self, body: &Value) -> Answer {
        self.creation(body).send().await
    }
}

/// What a browser asks before it lets a page of this origin send what it wants to.
pub fn preflight(api: &Api, path: &str, origin: &str) -> Call {
    api.call("OPTIONS", path)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "POST")
        .header(
            "Access-Control-Request-Headers",
            "content-type,idempotency-key,x-api-key",
        )
}

/// Stops the test unless the page of this origin, or no other page at all, may read the answer.
#[track_caller]
pub fn expect_reader(answer: &Answer, origin: Option<&str>) {
    assert_eq!(
        answer.header("access-control-allow-origin"),
        origin,
        "{}",
        answer.text
    );
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert_eq!(answer.header("vary"), Some("Origin"));
    let exposed = answer.header("access-control-expose-headers");
    assert_eq!(exposed.is_some(), origin.is_some());
}
