//! A person in the dashboard, as HTTP sees one: a cookie and the endpoints that take it.

use reqwest::Client;
use serde_json::{Value, json};

use crate::api::{Answer, plain_client};
use crate::program::{Installation, OWNER, Server};
use crate::wait;

/// The password that the tests' owner chooses.
pub const PASSWORD: &str = "correct horse battery staple";

/// A browser's view of the server, without the browser.
#[derive(Clone, Debug)]
pub struct Admin {
    client: Client,
    base: String,
    origin: String,
}

impl Admin {
    /// Somebody who has not signed in.
    pub fn nobody(server: &Server) -> Self {
        Self::at(server.base())
    }

    /// The same at an address that stands for several servers.
    pub fn at(base: &str) -> Self {
        let client = plain_client()
            .cookie_store(true)
            .build()
            .expect("an HTTP client");
        Self {
            client,
            base: base.to_owned(),
            origin: base.to_owned(),
        }
    }

    /// The owner, signed in by setting a password through the one-time link that `init` printed.
    pub async fn by_link(server: &Server, installation: &Installation) -> Self {
        let admin = Self::nobody(server);
        admin
            .set_password(&link_token(installation.first_answer()))
            .await
            .expect_status(200);
        admin
    }

    /// The owner, signed in by password.
    pub async fn by_password(server: &Server) -> Self {
        let admin = Self::nobody(server);
        admin.sign_in(OWNER, PASSWORD).await.expect_status(200);
        admin
    }

    /// The same browser, its requests led to another server of the installation. Its pages stay where they were.
    #[must_use]
    pub fn led_to(&self, server: &Server) -> Self {
        Self {
            base: server.base().to_owned(),
            ..self.clone()
        }
    }

    /// `POST /admin/v1/password`
    pub async fn set_password(&self, token: &str) -> Answer {
        self.post(
            "/admin/v1/password",
            &json!({"token": token, "password": PASSWORD}),
        )
        .await
    }

    /// The same from a page of another address, as behind a proxy that speaks TLS.
    pub async fn call_as_origin(&self, origin: &str, token: &str) -> Answer {
        let elsewhere = Self {
            origin: origin.to_owned(),
            ..self.clone()
        };
        elsewhere.set_password(token).await
    }

    /// `POST /admin/v1/sign-in`
    pub async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.post(
            "/admin/v1/sign-in",
            &json!({"email": email, "password": password}),
        )
        .await
    }

    /// A request as the dashboard sends it.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        environment: Option<&str>,
        body: Option<&Value>,
    ) -> Answer {
        let method = method.parse().expect("a method");
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .header("Sec-Fetch-Site", "same-origin")
            .header("Origin", &self.origin);
        if let Some(environment) = environment {
            request = request.header("Vouchkey-Environment", environment);
        }
        if let Some(body) = body {
            let json = "application/json";
            request = request.header("Content-Type", json).body(body.to_string());
        }
        let answer = request.send().await.expect("an answer from the server");
        Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            text: answer.text().await.expect("a whole answer"),
        }
    }

    /// `POST` without an environment.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, None, Some(body)).await
    }

    /// `GET` in an environment.
    pub async fn get(&self, path: &str, environment: &str) -> Answer {
        self.call("GET", path, Some(environment), None).await
    }

    /// The mails of an environment's mailbox, newest first, as the list shows them.
    pub async fn mailbox(&self, environment: &str) -> Vec<Value> {
        let list = self
            .get("/admin/v1/mailbox", environment)
            .await
            .expect_status(200)
            .json();
        list["data"].as_array().cloned().expect("a list of mails")
    }

    /// A session's page with its timeline.
    pub async fn session(&self, id: &Value, environment: &str) -> Value {
        let id = id.as_str().expect("a session's id");
        let path = format!("/admin/v1/sessions/{id}");
        self.get(&path, environment).await.expect_status(200).json()
    }

    /// The names of a session's timeline, in the order of the answer.
    pub async fn timeline(&self, id: &Value, environment: &str) -> Vec<String> {
        let page = self.session(id, environment).await;
        let entries = page["timeline"].as_array().cloned().unwrap_or_default();
        let name = |entry: &Value| entry["event"].as_str().unwrap_or_default().to_owned();
        entries.iter().map(name).collect()
    }
}

/// Waits until the timeline of a sandbox session names an event.
pub async fn happened(server: &Server, id: &Value, event: &str) {
    let owner = Admin::by_password(server).await;
    wait::until(&format!("{event} in the timeline"), async || {
        let names = owner.timeline(id, "sandbox").await;
        names.iter().any(|name| name == event).then_some(())
    })
    .await;
}

/// The token in the one-time link of an answer of `init` or `org create`.
pub fn link_token(answer: &Value) -> String {
    let url = answer["owner"]["sign_in_url"]
        .as_str()
        .expect("a one-time link");
    let (_, token) = url.split_once('#').expect("the token stands behind #");
    token.to_owned()
}
