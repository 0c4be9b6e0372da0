//! Sessions for measurements, written straight into the store.
//!
//! Each is decided by the server's own rules, as its request would have been, and written as creations are: with its data
//! key, its sealed values, its link and its events. No request is made for it, so that a million take minutes.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::task::JoinSet;
use vouchkey_server::clock::Clock;
use vouchkey_server::config::{Config, Flags, PublicUrl};
use vouchkey_server::http::directory::Tenant;
use vouchkey_server::http::{Actor, Caller};
use vouchkey_server::sessions::decide::{Circumstances, Dice, decide};
use vouchkey_server::store::create_session::CreateSession;
use vouchkey_server::store::session_events::SessionEventRow;
use vouchkey_server::store::{Store, api_keys, organizations, workflows};
use vouchkey_server::vault::{ServerSecrets, Vault};
use vouchkey_types::date::Date;
use vouchkey_types::id::{EventId, SessionId};
use vouchkey_types::inflection::Inflection;
use vouchkey_types::json;
use vouchkey_types::scope::ScopeSet;
use vouchkey_types::session::create::{Context, CreateSessionRequest, NewSession};
use vouchkey_types::session::status::SessionStatus;
use vouchkey_types::version::ApiVersion;

/// Anything that can go wrong, as a sentence.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The sessions are spread over so much time before now: a year, in milliseconds.
const SPAN: u64 = 365 * 86_400_000;

/// Tasks that decide sessions and wait for their commits. More than share a commit, so that the store never waits.
const TASKS: usize = 256;

/// What seeding takes from an installation.
struct Field {
    store: Store,
    vault: Vault,
    secrets: ServerSecrets,
    clock: Clock,
    public_url: PublicUrl,
    caller: Caller,
    tenant: Tenant,
}

/// Writes so many sessions into the installation whose data folder this is, for the organization and the environment of
/// its first API key, spread evenly over the last year, the oldest first. Those whose time has passed are expired, and
/// none has an idempotency record. Gives back ids of sessions from all of that time, so many at most.
///
/// # Errors
/// The installation has no API key, or cannot be opened or written.
pub async fn seed(folder: &Path, sessions: u64, most: u64) -> Result<Vec<SessionId>, Failure> {
    let field = Arc::new(open(folder).await?);
    let next = Arc::new(AtomicU64::new(0));
    let now = field.clock.now_ms();
    let mut tasks: JoinSet<Result<Vec<SessionId>, Failure>> = JoinSet::new();
    for _ in 0..TASKS {
        let (field, next) = (field.clone(), next.clone());
        tasks.spawn(async move {
            let mut sample = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= sessions {
                    return Ok(sample);
                }
                let created_at = now - i64::try_from(SPAN - SPAN / sessions * number)?;
                let creation = creation(&field, number, created_at, now)?;
                if number.is_multiple_of(sessions.div_ceil(most)) {
                    sample.push(creation.session.id);
                }
                field.store.write(creation).await?;
            }
        });
    }
    let mut sample = Vec::new();
    while let Some(task) = tasks.join_next().await {
        sample.extend(task??);
    }
    field.store.close().await;
    Ok(sample)
}

async fn open(folder: &Path) -> Result<Field, Failure> {
    let config = Config::load(&Flags {
        data: Some(folder.to_owned()),
        ..Flags::default()
    })?;
    let clock = Clock::system();
    let store = Store::open(&config.database, &config.data).await?;
    let (vault, secrets) = Vault::open(&store, &config.root_key, &clock).await?;
    let found = store.read(async |conn| {
        let Some(organization) = organizations::oldest(conn, 1).await?.pop() else {
            return Ok(None);
        };
        let Some(key) = api_keys::list(conn, organization.id).await?.pop() else {
            return Ok(None);
        };
        let workflows = workflows::list_active(conn, organization.id, key.environment).await?;
        Ok(Some((
            key,
            Tenant {
                organization,
                workflows,
            },
        )))
    });
    let (key, tenant) = found.await?.ok_or("the installation has no API key")?;
    Ok(Field {
        store,
        vault,
        secrets,
        clock,
        public_url: PublicUrl::parse("http://127.0.0.1:8080")?,
        caller: Caller {
            organization: tenant.organization.id,
            environment: key.environment,
            actor: Actor::Key(key.id),
            scopes: ScopeSet::default(),
            publishable: None,
            version: ApiVersion::LATEST,
            inflection: Inflection::default(),
        },
        tenant,
    })
}

/// A session of that time, as it is now.
fn creation(
    field: &Field,
    number: u64,
    created_at: i64,
    now: i64,
) -> Result<CreateSession, Failure> {
    let circumstances = Circumstances {
        caller: &field.caller,
        tenant: &field.tenant,
        public_url: &field.public_url,
        secrets: &field.secrets,
        vault: &field.vault,
        mailbox_from: None,
        marker: None,
        now: created_at,
    };
    let new = request(number, Date::from_unix_ms(created_at))?;
    let mut creation = decide(
        &new,
        &circumstances,
        &Dice::roll(&field.clock, circumstances.now),
    )
    .change;
    let session = &mut creation.session;
    if session.expires_at <= now {
        session.status = SessionStatus::Expired;
        session.updated_at = session.expires_at;
        session.row_version += 1;
        session.last_sequence += 1;
        creation.events.push(SessionEventRow {
            organization: session.organization,
            session: session.id,
            id: EventId::from_parts(u64::try_from(session.expires_at)?, field.clock.random()),
            event: "session.expired".to_owned(),
            actor: "system".to_owned(),
            sequence: Some(session.last_sequence),
            detail: "{}".to_owned(),
            created_at: session.expires_at,
        });
    }
    Ok(creation)
}

/// What a backend asks for: a reference of its own, somebody, and values to seal. Its mail is left out, since what was
/// delivered long ago is no work for the server that is measured.
fn request(number: u64, today: Date) -> Result<NewSession, Failure> {
    let body = format!(
        r#"{{"external_ref":"order-{number}","country":"US","send_email":false,"applicant_email":"ada.lovelace+{number}@example.com","applicant_name":"Ada Lovelace","fields":{{"name_first":"Ada","name_last":"Lovelace","birthdate":"1990-12-10"}},"metadata":{{"order_id":"{number}","plan":"business","region":"eu-west","cart":"2 x walnut desk 160 x 80 cm, 1 x office chair with arm rests, 4 x monitor stand, 1 x cable tray, delivery to the third floor, in the afternoon, by two people"}},"redirect_url":"https://shop.example/verified/return?order={number}"}}"#
    );
    let context = Context {
        today,
        schemes: &[],
        strict: true,
        workflows: None,
        publishable: None,
    };
    CreateSessionRequest::from_json(json::read(body.as_bytes())?)
        .map_err(|error| error.message)?
        .validate(&context)
        .map_err(|errors| {
            let faults: Vec<_> = errors
                .iter()
                .map(|error| format!("{}: {}", error.field, error.message))
                .collect();
            faults.join("; ").into()
        })
}

#[cfg(test)]
mod tests {
    use sqlx::AnyConnection;
    use vouchkey_server::config::{DataConfig, DatabaseConfig, RootKeySource};
    use vouchkey_server::sessions::sealed::{Field as Sealed, SessionKey};
    use vouchkey_server::store::api_keys::ApiKeyRow;
    use vouchkey_server::store::organizations::OrganizationRow;
    use vouchkey_server::store::{
        Change, Engine, StoreError, capture_links, data_keys, session_events, sessions,
    };
    use vouchkey_types::api_key::{Environment, KeyKind};

    use super::*;

    struct Begin(OrganizationRow, ApiKeyRow);

    impl Change for Begin {
        type Outcome = ();

        async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
            organizations::insert(conn, &self.0).await?;
            api_keys::insert(conn, &self.1).await
        }
    }

    /// An organization with a key, as `vouchkey init` and `vouchkey keys create` leave them.
    async fn begin(store: &Store) {
        let clock = Clock::system();
        let organization = OrganizationRow::new(clock.id(), "Example".to_owned(), 0);
        let key = ApiKeyRow {
            key_hash: [1; 32],
            id: clock.id(),
            organization: organization.id,
            environment: Environment::Sandbox,
            kind: KeyKind::Secret,
            label: String::new(),
            scopes: ScopeSet::default(),
            api_version: ApiVersion::LATEST,
            inflection: Inflection::default(),
            origins: Vec::new(),
            allowed_ips: Vec::new(),
            hint: String::new(),
            created_by: None,
            created_at: 0,
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        };
        store.write(Begin(organization, key)).await.unwrap();
    }

    #[tokio::test]
    async fn seeded_sessions_are_what_requests_would_have_left() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataConfig {
            folder: folder.path().to_owned(),
        };
        let database = DatabaseConfig::default();
        let root_key = RootKeySource::File(folder.path().join("root.key"));
        let store = Store::open(&database, &data).await.unwrap();
        let (vault, _) = Vault::open(&store, &root_key, &Clock::system())
            .await
            .unwrap();
        begin(&store).await;
        store.close().await;

        let ids = seed(folder.path(), 1_000, 2_000).await.unwrap();
        assert_eq!(ids.len(), 1_000);

        let store = Store::open(&database, &data).await.unwrap();
        let (mut open, mut expired) = (0, 0);
        store
            .read(async |conn| {
                let organization = organizations::oldest(conn, 1).await?.pop().unwrap().id;
                for id in ids {
                    let session = sessions::find(conn, organization, Environment::Sandbox, id)
                        .await?
                        .unwrap();
                    let key = data_keys::find(conn, organization, id).await?.unwrap();
                    let key = SessionKey::open(&vault, &key).unwrap().unwrap();
                    let name = key.text(
                        Sealed::ApplicantName,
                        session.sealed.applicant_name.as_deref(),
                    );
                    assert_eq!(name.unwrap().as_deref(), Some("Ada Lovelace"));
                    assert!(capture_links::live(conn, organization, id).await?.is_some());
                    let events = session_events::list(conn, organization, id, 10).await?;
                    assert_eq!(i64::try_from(events.len()).unwrap(), session.last_sequence);
                    if session.status == SessionStatus::Expired {
                        expired += 1;
                    } else {
                        open += 1;
                    }
                }
                Ok(())
            })
            .await
            .unwrap();
        // A link is open for a day of the year, and the newest session is eight hours old.
        assert!(
            (2..=3).contains(&open),
            "{open} are open, {expired} expired"
        );
    }
}
