//! The API from request to answer: the whole router over a real database, with a clock that stands
//! still.

mod cookies;
mod creating;
mod errors;
mod idempotency;
mod limits;
mod publishable;
mod reading;
mod rows;

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt;
use sqlx::AnyConnection;
use tempfile::TempDir;
use tower::ServiceExt;
use vouchkey_types::api_key::{ApiKey, Environment};
use vouchkey_types::id::{KeyId, OrganizationId, WorkflowId};
use vouchkey_types::inflection::Inflection;
use vouchkey_types::json::{self, Json};
use vouchkey_types::scope::{Scope, ScopeSet};

use crate::app::{self, App, AppState, Foundation};
use crate::clock::Clock;
use crate::config::{
    Config, DataConfig, HttpConfig, LimitConfig, MailConfig, PublicUrl, RootKeySource,
    TelemetryConfig,
};
use crate::http::address::Peer;
use crate::store::api_keys::{self, ApiKeyRow};
use crate::store::fixtures::{self, NOW};
use crate::store::{Change, Engine, Store, StoreError};
use crate::vault::Vault;
use rows::{AddKey, AddOrganization, Execute};

const SESSIONS: &str = "/api/v1/sessions";

/// A server without sockets, with an organization, a workflow in each environment, and a live key.
struct Server {
    state: AppState,
    router: Router,
    clock: Clock,
    organization: OrganizationId,
    workflow: WorkflowId,
    key: String,
    counter: AtomicU64,
    _folder: TempDir,
}

/// An answer, read.
#[derive(Debug, Clone, PartialEq)]
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Json,
}

impl Server {
    async fn start() -> Self {
        Self::with_limits(LimitConfig {
            requests_per_minute: 1_000,
            creates_per_minute: 300,
            publishable_creates_per_minute: 10,
        })
        .await
    }

    async fn with_limits(limits: LimitConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            http: HttpConfig {
                listen: ([127, 0, 0, 1], 0).into(),
                public_url: None,
                trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            },
            data: DataConfig {
                folder: folder.path().to_owned(),
            },
            database: fixtures::database(folder.path()).await,
            mail: MailConfig::mailbox(None),
            limits,
            telemetry: TelemetryConfig::default(),
            root_key: RootKeySource::File(folder.path().join("root.key")),
        };
        let clock = Clock::fixed(NOW);
        let store = Store::open(&config.database, &config.data).await.unwrap();
        let (vault, secrets) = Vault::open(&store, &config.root_key, &clock).await.unwrap();
        let public_url = PublicUrl::parse("https://verify.example.com").unwrap();
        let App { state } = app::build(Foundation {
            config,
            public_url,
            store,
            vault,
            secrets,
            clock: clock.clone(),
        });
        let (organization, workflow) = (clock.id(), clock.id());
        state
            .store
            .write(AddOrganization(organization, workflow, clock.id()))
            .await
            .unwrap();
        let mut server = Self {
            router: App {
                state: state.clone(),
            }
            .router(),
            state,
            clock,
            organization,
            workflow,
            key: String::new(),
            counter: AtomicU64::new(0),
            _folder: folder,
        };
        server.key = server.add_key(|_| {}).await;
        server
    }

    /// Adds a live key with the default scopes, changed by `change`.
    async fn add_key(&self, change: impl FnOnce(&mut ApiKeyRow)) -> String {
        let mut row = ApiKeyRow {
            id: KeyId::from_parts(self.counter.fetch_add(1, Ordering::SeqCst), [0; 10]),
            environment: Environment::Live,
            ..fixtures::api_key(self.organization)
        };
        change(&mut row);
        let key = ApiKey::from_random(row.environment, row.kind, self.clock.random());
        row.key_hash = self.state.secrets.api_key_hash(&key);
        self.state.store.write(AddKey(row)).await.unwrap();
        key.expose().to_owned()
    }

    /// A request with the key.
    fn call(&self, method: Method, path: &str) -> Call<'_> {
        self.anonymous(method, path).header("x-api-key", &self.key)
    }

    /// A request without a key.
    fn anonymous(&self, method: Method, path: &str) -> Call<'_> {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap();
        let host = HeaderValue::from_static("verify.example.com");
        request.headers_mut().insert("host", host);
        Call {
            server: self,
            request,
        }
    }

    fn post(&self, body: &str) -> Call<'_> {
        self.call(Method::POST, SESSIONS).body(body)
    }

    async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path).send().await
    }

    /// Creates a session and says its id.
    async fn create(&self, body: &str) -> String {
        let reply = self.post(body).send().await;
        assert_eq!(reply.status, StatusCode::CREATED, "{:?}", reply.body);
        reply.text("id").to_owned()
    }

    async fn count(&self, query: &str) -> i64 {
        let list = self.get(&format!("{SESSIONS}{query}")).await;
        list.body
            .get("pagination")
            .and_then(|page| page.get("total"))
            .and_then(Json::as_i64)
            .unwrap()
    }
}

/// A request that is being put together.
struct Call<'a> {
    server: &'a Server,
    request: Request<Body>,
}

impl Call<'_> {
    fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        self.request
            .headers_mut()
            .append(name, HeaderValue::from_str(value).unwrap());
        self
    }

    /// Instead of the server's own key.
    fn key(mut self, key: &str) -> Self {
        self.request
            .headers_mut()
            .insert("x-api-key", HeaderValue::from_str(key).unwrap());
        self
    }

    fn from(mut self, peer: &str) -> Self {
        self.request
            .extensions_mut()
            .insert(Peer(peer.parse::<IpAddr>().unwrap()));
        self
    }

    fn body(mut self, body: &str) -> Self {
        *self.request.body_mut() = Body::from(body.to_owned());
        self
    }

    async fn send(self) -> Reply {
        let response = self
            .server
            .router
            .clone()
            .oneshot(self.request)
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = json::read(&bytes).unwrap_or(Json::Null);
        Reply {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }
}

impl Reply {
    fn text(&self, name: &str) -> &str {
        self.body
            .get(name)
            .and_then(Json::as_str)
            .unwrap_or_default()
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Checks the shape that every error has.
    fn is_error(&self, status: u16, code: &str) -> &Self {
        assert_eq!(
            (self.status.as_u16(), self.text("error")),
            (status, code),
            "{:?}",
            self.body
        );
        assert_eq!(
            self.body.get("status_code").and_then(Json::as_i64),
            Some(i64::from(status))
        );
        assert_eq!(self.text("request_id"), self.header("x-request-id"));
        assert!(!self.text("detail").is_empty());
        assert_eq!(self.header("content-type"), "application/json");
        self
    }

    /// The field errors as `path code`.
    fn field_errors(&self) -> Vec<String> {
        let errors = self
            .body
            .get("errors")
            .and_then(Json::as_array)
            .unwrap_or_default();
        let member = |error: &Json, name: &str| {
            error
                .get(name)
                .and_then(Json::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        errors
            .iter()
            .map(|error| format!("{} {}", member(error, "field"), member(error, "code")))
            .collect()
    }
}

fn scopes(scopes: &[Scope]) -> ScopeSet {
    scopes.iter().copied().collect()
}
