//! Rows for tests.

use std::cell::RefCell;
use std::path::Path;
use std::pin::Pin;

use vouchkey_types::api_key::{Environment, KeyKind};
use vouchkey_types::id::{LinkId, OrganizationId, SessionId};
use vouchkey_types::inflection::Inflection;
use vouchkey_types::scope::Scope;
use vouchkey_types::session::status::SessionStatus;
use vouchkey_types::version::ApiVersion;

use super::api_keys::ApiKeyRow;
use super::capture_links::{CaptureLinkRow, LinkKind};
use super::create_session::CreateSession;
use super::data_keys::DataKeyRow;
use super::idempotency::{IdempotencyRow, IdempotencyScope};
use super::organizations::{self, OrganizationRow};
use super::outbox::NewInvitation;
use super::secrets::{self, RootKeyRow};
use super::session_events::SessionEventRow;
use super::sessions::{RetentionStatus, SealedFields, SessionRow};
use super::{Change, Engine, Store, StoreError};
use crate::clock::Clock;
use crate::config::{DataConfig, DatabaseConfig};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, PgConnection};

pub(crate) const NOW: i64 = 1_769_947_200_000;
const ROOT_KEY: &str = "rk_test";

/// A scratch cluster of PostgreSQL, if the tests are to run on one.
fn cluster() -> Option<String> {
    std::env::var("VOUCHKEY_TEST_POSTGRES_URL").ok()
}

/// The database that belongs to a test's folder: SQLite in it, or, where `VOUCHKEY_TEST_POSTGRES_URL` leads to a scratch
/// cluster, a PostgreSQL database of its own, which is dropped when the test's thread ends.
pub(crate) async fn database(folder: &Path) -> DatabaseConfig {
    let Some(cluster) = cluster() else {
        return DatabaseConfig::default();
    };
    let path: String = folder
        .to_string_lossy()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    // PostgreSQL cuts names at 63 bytes, and the end of a path is what tells it from others.
    let name = format!("test{}", &path[path.len().saturating_sub(50)..]);
    match execute_at(&cluster, format!("CREATE DATABASE \"{name}\"")).await {
        Ok(()) => MADE.with_borrow_mut(|made| made.0.push(name.clone())),
        Err(error) => {
            // The test opens its folder again, perhaps at this moment.
            let code = error
                .as_database_error()
                .and_then(sqlx::error::DatabaseError::code);
            assert!(
                matches!(code.as_deref(), Some("42P04" | "23505")),
                "{error}"
            );
        }
    }
    let (server, parameters) = cluster.split_once('?').unwrap_or((&cluster, ""));
    let (server, _) = server.rsplit_once('/').unwrap();
    DatabaseConfig {
        url: Some(format!("{server}/{name}?{parameters}").into()),
        ..DatabaseConfig::default()
    }
}

/// The PostgreSQL databases that a thread has made.
struct Made(Vec<String>);

thread_local! {
    static MADE: RefCell<Made> = const { RefCell::new(Made(Vec::new())) };
}

impl Drop for Made {
    fn drop(&mut self) {
        let names = std::mem::take(&mut self.0);
        let Some(cluster) = cluster().filter(|_| !names.is_empty()) else {
            return;
        };
        // What this thread needs to run anything is being taken down.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                for name in names {
                    let drop = format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");
                    execute_at(&cluster, drop).await?;
                }
                Ok::<(), sqlx::Error>(())
            })
        });
        if let Ok(Err(error)) = dropping.join() {
            eprintln!("databases are left in the scratch cluster: {error}");
        }
    }
}

async fn execute_at(cluster: &str, statement: String) -> sqlx::Result<()> {
    let mut conn = PgConnection::connect(cluster).await?;
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(&mut conn)
        .await?;
    conn.close().await
}

/// An empty store.
pub(crate) async fn open(folder: &Path) -> Store {
    let data = DataConfig {
        folder: folder.to_owned(),
    };
    Store::open(&database(folder).await, &data).await.unwrap()
}

/// A store with one organization in it.
pub(crate) async fn store(folder: &Path) -> (Store, OrganizationId) {
    let store = open(folder).await;
    let organization = organization(&store).await;
    (store, organization)
}

/// Adds an organization.
pub(crate) async fn organization(store: &Store) -> OrganizationId {
    let id = Clock::fixed(NOW).id();
    add_organization(store, id).await;
    id
}

/// Adds the organization of this id.
pub(crate) async fn add_organization(store: &Store, id: OrganizationId) {
    store.write(AddOrganization(id)).await.unwrap();
}

/// What a test writes, without a change of its own.
pub(crate) struct Apply<F>(F);

pub(crate) fn apply<T, F>(work: F) -> Apply<F>
where
    F: for<'a> FnOnce(&'a mut AnyConnection) -> Applying<'a, T>,
{
    Apply(work)
}

impl<T, F> Change for Apply<F>
where
    T: Send + 'static,
    F: for<'a> FnOnce(&'a mut AnyConnection) -> Applying<'a, T> + Send + 'static,
{
    type Outcome = T;

    fn apply(
        self,
        conn: &mut AnyConnection,
        _: Engine,
    ) -> impl Future<Output = Result<T, StoreError>> + Send {
        (self.0)(conn)
    }
}

pub(crate) type Applying<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

struct AddOrganization(OrganizationId);

impl Change for AddOrganization {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        let root_key = RootKeyRow {
            id: ROOT_KEY.to_owned(),
            canary_sealed: vec![1],
            created_at: NOW,
        };
        secrets::insert_root_key(conn, &root_key).await?;
        let row = OrganizationRow {
            redirect_hosts: vec!["example.com".to_owned()],
            ..OrganizationRow::new(self.0, "Example".to_owned(), NOW)
        };
        organizations::insert(conn, &row).await
    }
}

/// A secret key of the sandbox with the default scopes, which no request can send.
pub(crate) fn api_key(organization: OrganizationId) -> ApiKeyRow {
    ApiKeyRow {
        key_hash: [0; 32],
        id: Clock::fixed(NOW).id(),
        organization,
        environment: Environment::Sandbox,
        kind: KeyKind::Secret,
        label: "backend".to_owned(),
        scopes: Scope::DEFAULT.into_iter().collect(),
        api_version: ApiVersion::LATEST,
        inflection: Inflection::Snake,
        origins: Vec::new(),
        allowed_ips: Vec::new(),
        hint: "abcd".to_owned(),
        created_by: None,
        created_at: NOW,
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    }
}

/// A creation with everything that it can have, but an idempotency record.
pub(crate) fn creation(organization: OrganizationId, created_at: i64) -> CreateSession {
    let clock = Clock::fixed(created_at);
    let id: SessionId = clock.id();
    CreateSession {
        idempotency: None,
        data_key: DataKeyRow {
            organization,
            session: id,
            root_key_id: ROOT_KEY.to_owned(),
            key_wrapped: Some(vec![1; 73]),
            created_at,
        },
        session: SessionRow {
            organization,
            id,
            environment: Environment::Live,
            status: SessionStatus::Pending,
            external_ref: Some("user_42".to_owned()),
            country: Some("DE".to_owned()),
            checks: Some(vec!["document_ocr".to_owned()]),
            workflow: None,
            send_email: true,
            tags: Vec::new(),
            created_by: "key:key_00000000000000000000000000".to_owned(),
            created_at,
            updated_at: created_at,
            expires_at: created_at + 86_400_000,
            row_version: 1,
            last_sequence: 1,
            invitations_sent: 1,
            processing_attempts: 0,
            retention_status: RetentionStatus::Active,
            sealed: SealedFields {
                metadata: Some(vec![2; 50]),
                ..SealedFields::default()
            },
        },
        link: CaptureLinkRow {
            id: clock.id::<LinkId>(),
            organization,
            session: id,
            kind: LinkKind::Creation,
            capture_key_id: 1,
            created_at,
            expires_at: created_at + 86_400_000,
            revoked_at: None,
            consumed_at: None,
            bound_hash: None,
        },
        events: vec![SessionEventRow {
            organization,
            session: id,
            id: clock.id(),
            event: "session.created".to_owned(),
            actor: "key:key_00000000000000000000000000".to_owned(),
            sequence: Some(1),
            detail: "{}".to_owned(),
            created_at,
        }],
        invitation: Some(NewInvitation {
            organization,
            id: clock.id(),
            environment: Environment::Live,
            session: id,
            created_at,
        }),
        kept: None,
    }
}

/// The same with an idempotency record.
pub(crate) fn keyed_creation(
    organization: OrganizationId,
    created_at: i64,
    key: u8,
    fingerprint: u8,
) -> CreateSession {
    let mut creation = creation(organization, created_at);
    creation.idempotency = Some(IdempotencyRow {
        scope: IdempotencyScope {
            organization,
            environment: Environment::Live,
            namespace: String::new(),
            key_hash: [key; 32],
        },
        fingerprint: [fingerprint; 32],
        session: creation.session.id,
        status: 201,
        response_sealed: vec![3; 60],
        api_version: ApiVersion::LATEST,
        created_at,
        expires_at: created_at + 86_400_000,
    });
    creation
}
