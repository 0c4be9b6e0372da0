//! A server without sockets for the tests of what surrounds a session: its own database, a clock that stands still, an
//! organization, and a sandbox key to create sessions with.

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::BodyExt as _;
use sqlx::AnyConnection;
use tempfile::TempDir;
use tower::ServiceExt as _;
use vouchkey_types::api_key::{ApiKey, Environment, KeyKind};
use vouchkey_types::email::EmailAddress;
use vouchkey_types::id::{OrganizationId, SessionId};
use vouchkey_types::json::{self, Json};

use crate::app::{self, App, AppState, Foundation};
use crate::clock::Clock;
use crate::config::{
    Config, DataConfig, HttpConfig, LimitConfig, MailConfig, PublicUrl, RootKeySource,
    TelemetryConfig,
};
use crate::invitations::{MailAuthorities, Smtp, SmtpAddress};
use crate::store::api_keys::{self, ApiKeyRow};
use crate::store::fixtures::{self, NOW, apply};
use crate::store::organizations::{self, OrganizationRow};
use crate::store::sign_ins::{self, SignInRow};
use crate::store::users::{self, Role, UserRow};
use crate::store::{Change, Engine, Store, StoreError, session_events};
use crate::vault::Vault;

pub(crate) struct Bed {
    pub(crate) state: AppState,
    pub(crate) clock: Clock,
    pub(crate) organization: OrganizationId,
    pub(crate) folder: TempDir,
    router: Router,
    pub(crate) key: String,
}

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Bed {
    pub(crate) async fn new() -> Self {
        Self::with_mail(MailConfig::mailbox(None)).await
    }

    /// One whose invitations wait: its mail server has a name that leads nowhere. [`crate::outbox::keep_due`] gives them to
    /// the mailbox.
    pub(crate) async fn waiting() -> Self {
        Self::with_mail(MailConfig::Smtp {
            server: Smtp::new(
                SmtpAddress::parse("smtp://mail.invalid").unwrap(),
                MailAuthorities::default(),
            ),
            from: EmailAddress::parse("no-reply@example.com").unwrap(),
        })
        .await
    }

    pub(crate) async fn with_mail(mail: MailConfig) -> Self {
        Self::with(mail, "https://verify.example.com").await
    }

    pub(crate) async fn with(mail: MailConfig, public_url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            http: HttpConfig {
                listen: ([127, 0, 0, 1], 0).into(),
                public_url: None,
                trusted_proxies: Vec::new(),
            },
            data: DataConfig {
                folder: folder.path().to_owned(),
            },
            database: fixtures::database(folder.path()).await,
            mail,
            limits: LimitConfig {
                requests_per_minute: 0,
                creates_per_minute: 0,
                publishable_creates_per_minute: 0,
            },
            telemetry: TelemetryConfig::default(),
            root_key: RootKeySource::File(folder.path().join("root.key")),
        };
        let clock = Clock::fixed(NOW);
        let store = Store::open(&config.database, &config.data).await.unwrap();
        let (vault, secrets) = Vault::open(&store, &config.root_key, &clock).await.unwrap();
        let public_url = PublicUrl::parse(public_url).unwrap();
        let app = app::build(Foundation {
            config,
            public_url,
            store,
            vault,
            secrets,
            clock: clock.clone(),
        });
        let router = app.router();
        let App { state } = app;
        let (organization, key) = found(&state).await;
        Self {
            state,
            clock,
            organization,
            folder,
            router,
            key,
        }
    }

    /// Adds another organization like the first; its id, and a sandbox key of its own.
    pub(crate) async fn add_organization(&self) -> (OrganizationId, String) {
        found(&self.state).await
    }

    /// Signs an owner of an organization in; the `Cookie` header of such a browser.
    pub(crate) async fn sign_in(&self, organization: OrganizationId) -> String {
        let id = self.clock.id();
        let user = UserRow {
            id,
            organization,
            email: format!("owner@{id}.example"),
            role: Role::Owner,
            password_hash: None,
            created_at: NOW,
        };
        let token = user.id.to_string();
        let sign_in = SignInRow {
            token_hash: self
                .state
                .secrets
                .sign_in_hash(&[b"session", token.as_bytes()]),
            user: user.id,
            organization,
            created_at: NOW,
            last_seen_at: NOW,
            expires_at: i64::MAX,
            revoked_at: None,
        };
        let change = apply(move |conn| {
            Box::pin(async move {
                users::insert(conn, &user).await?;
                sign_ins::insert(conn, &sign_in).await
            })
        });
        self.state.store.write(change).await.unwrap();
        format!("__Host-vouchkey={token}")
    }

    /// Creates a sandbox session; its id and its capture token.
    pub(crate) async fn create(&self, body: &str) -> (SessionId, String) {
        let request = Request::post("/api/v1/sessions")
            .header("x-api-key", &self.key)
            .header("content-type", "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap();
        let reply = self.send(request).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
        let text = |name| {
            reply
                .json()
                .get(name)
                .and_then(Json::as_str)
                .unwrap()
                .to_owned()
        };
        let token = text("capture_url").rsplit('/').next().unwrap().to_owned();
        (SessionId::parse(&text("id")).unwrap(), token)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Reply {
        request
            .headers_mut()
            .entry("host")
            .or_insert(HeaderValue::from_static("verify.example.com"));
        let (parts, body) = self
            .router
            .clone()
            .oneshot(request)
            .await
            .unwrap()
            .into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// Waits for what was begun off the path of requests.
    pub(crate) async fn finish_tasks(&self) {
        self.state.tasks.close();
        self.state.tasks.wait().await;
        self.state.tasks.reopen();
    }

    /// Closes the store, and finds none of these texts in any file of its folder.
    pub(crate) async fn keeps_none_of(&self, secrets: &[&str]) {
        self.state.store.close().await;
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            for secret in secrets {
                let mut places = bytes.windows(secret.len());
                assert!(!places.any(|text| text == secret.as_bytes()), "{secret}");
            }
        }
    }

    /// Writes a state that no endpoint makes yet.
    pub(crate) async fn execute(&self, sql: &'static str) {
        self.state.store.write(Execute(sql)).await.unwrap();
    }

    /// The names of a session's timeline, the oldest first.
    pub(crate) async fn timeline(&self, session: SessionId) -> Vec<String> {
        let organization = self.organization;
        let mut rows = self
            .state
            .store
            .read(async |conn| session_events::list(conn, organization, session, 100).await)
            .await
            .unwrap();
        rows.sort_by_key(|row| (row.created_at, row.sequence.is_none()));
        rows.into_iter().map(|row| row.event).collect()
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Json {
        json::read(self.text.as_bytes()).unwrap_or(Json::Null)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

/// Writes an organization; its id, and a sandbox key of its own.
async fn found(state: &AppState) -> (OrganizationId, String) {
    let clock = state.clock.clone();
    let key = ApiKey::from_random(Environment::Sandbox, KeyKind::Secret, clock.random());
    let organization = clock.id();
    let key_hash = state.secrets.api_key_hash(&key);
    let found = Found {
        organization,
        key_hash,
        clock,
    };
    state.store.write(found).await.unwrap();
    (organization, key.expose().to_owned())
}

struct Found {
    organization: OrganizationId,
    key_hash: [u8; 32],
    clock: Clock,
}

impl Change for Found {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        let organization = OrganizationRow {
            email_display_name: Some("Acme".to_owned()),
            support_url: Some("https://example.com/support".to_owned()),
            embed_origins: vec!["https://app.example.com".to_owned()],
            accent_colour: Some("#0a7d4f".to_owned()),
            ..OrganizationRow::new(self.organization, "Acme Holdings Ltd".to_owned(), NOW)
        };
        organizations::insert(conn, &organization).await?;
        let key = ApiKeyRow {
            key_hash: self.key_hash,
            id: self.clock.id(),
            ..fixtures::api_key(self.organization)
        };
        api_keys::insert(conn, &key).await
    }
}

struct Execute(&'static str);

impl Change for Execute {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        sqlx::query(self.0).execute(conn).await?;
        Ok(())
    }
}
