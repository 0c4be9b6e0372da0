//! The hot change: a session with all that belongs to it.

use std::sync::LazyLock;

use sqlx::AnyConnection;

use super::capture_links::CaptureLinkRow;
use super::data_keys::DataKeyRow;
use super::idempotency::IdempotencyRow;
use super::mailbox::MailboxRow;
use super::outbox::NewInvitation;
use super::rows::{Places, RowTexts};
use super::session_events::SessionEventRow;
use super::sessions::SessionRow;
use super::{
    Change, Engine, Reshown, StoreError, capture_links, data_keys, idempotency, mailbox, outbox,
    session_events, sessions,
};

/// Everything that a creation writes.
#[derive(Debug, Clone)]
pub struct CreateSession {
    /// What keeps a retry from creating twice, if the caller sent a key.
    pub idempotency: Option<IdempotencyRow>,
    /// What seals the session.
    pub data_key: DataKeyRow,
    /// The session.
    pub session: SessionRow,
    /// Its link.
    pub link: CaptureLinkRow,
    /// The beginning of its timeline.
    pub events: Vec<SessionEventRow>,
    /// Its invitation, if there is to be one.
    pub invitation: Option<NewInvitation>,
    /// What the embedded mailbox keeps of the invitation: with it, the invitation counts as sent.
    pub kept: Option<MailboxRow>,
}

/// What became of a creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// Written.
    New,
    /// The same request was written before under the same key: this is its record.
    Replay(IdempotencyRow),
    /// Another request was written before under the same key.
    Mismatch,
}

impl Change for CreateSession {
    type Outcome = Created;

    fn reshows(&self) -> Reshown {
        Reshown::None
    }

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<Created, StoreError> {
        // First, since the primary key of the records decides between concurrent copies.
        if let Some(record) = &self.idempotency
            && !idempotency::claim(conn, record).await?
        {
            return match idempotency::find(conn, &record.scope, record.created_at).await? {
                Some(earlier) if earlier.fingerprint == record.fingerprint => {
                    Ok(Created::Replay(earlier))
                }
                Some(_) => Ok(Created::Mismatch),
                // It was refused for a record that is gone a moment later: the caller may try again.
                None => Err(StoreError::Unavailable(
                    "an idempotency record was purged meanwhile".to_owned(),
                )),
            };
        }
        insert(conn, &[&self]).await?;
        Ok(Created::New)
    }
}

/// Applies creations together, no two of which have the same key, and says which of them were written. The key of each
/// other one is taken: it has yet to be applied by itself. If this fails, nothing is said about any of them.
///
/// # Errors
/// Those of the database, [`StoreError::UniqueViolation`] among them.
pub(super) async fn apply_all(
    conn: &mut AnyConnection,
    creations: &[&CreateSession],
) -> Result<Vec<bool>, StoreError> {
    let records: Vec<_> = creations
        .iter()
        .filter_map(|creation| creation.idempotency.as_ref())
        .collect();
    // First, since the primary key of the records decides between concurrent copies.
    let claimed = idempotency::claim_all(conn, &records).await?;
    let is_new: Vec<bool> = creations
        .iter()
        .map(|creation| {
            let record = creation.idempotency.as_ref();
            record.is_none_or(|record| claimed.contains(&record.session))
        })
        .collect();
    let new: Vec<&CreateSession> = creations
        .iter()
        .zip(&is_new)
        .filter_map(|(creation, is_new)| is_new.then_some(*creation))
        .collect();
    insert(conn, &new).await?;
    Ok(is_new)
}

/// Writes all rows but the records of keys.
async fn insert(conn: &mut AnyConnection, new: &[&CreateSession]) -> Result<(), StoreError> {
    if !Engine::of(conn).takes_several_statements() {
        return insert_by_table(conn, new).await;
    }
    let (kept, others): (Vec<_>, Vec<_>) = new.iter().copied().partition(|new| KEPT.fits(new));
    let (invited, others): (Vec<_>, Vec<_>) = others.into_iter().partition(|new| INVITED.fits(new));
    let (plain, odd): (Vec<_>, Vec<_>) = others.into_iter().partition(|new| PLAIN.fits(new));
    KEPT.insert(conn, &kept).await?;
    INVITED.insert(conn, &invited).await?;
    PLAIN.insert(conn, &plain).await?;
    insert_by_table(conn, &odd).await
}

async fn insert_by_table(
    conn: &mut AnyConnection,
    new: &[&CreateSession],
) -> Result<(), StoreError> {
    let data_keys: Vec<_> = new.iter().map(|new| &new.data_key).collect();
    data_keys::insert_all(conn, &data_keys).await?;
    let sessions: Vec<_> = new.iter().map(|new| &new.session).collect();
    sessions::insert_all(conn, &sessions).await?;
    let links: Vec<_> = new.iter().map(|new| &new.link).collect();
    capture_links::insert_all(conn, &links).await?;
    let events: Vec<_> = new.iter().flat_map(|new| &new.events).collect();
    session_events::insert_all(conn, &events).await?;
    let (kept, waiting): (Vec<_>, Vec<_>) = new
        .iter()
        .filter_map(|new| Some((new.invitation.as_ref()?, new.kept.as_ref())))
        .partition(|(_, kept)| kept.is_some());
    let waiting: Vec<_> = waiting
        .into_iter()
        .map(|(invitation, _)| invitation)
        .collect();
    outbox::insert_all(conn, &waiting).await?;
    let sent: Vec<_> = kept.iter().map(|(invitation, _)| *invitation).collect();
    outbox::insert_all_sent(conn, &sent).await?;
    let kept: Vec<_> = kept.into_iter().filter_map(|(_, kept)| kept).collect();
    mailbox::insert_all(conn, &kept).await
}

/// Creations with as many rows each, which one text of several statements writes.
pub(super) struct Shape {
    events: usize,
    invitation: Invitation,
    pub(super) texts: LazyLock<RowTexts>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Invitation {
    None,
    Waits,
    IsKept,
}

/// With an invitation that the embedded mailbox keeps, and a note of it.
pub(super) static KEPT: Shape = Shape {
    events: 2,
    invitation: Invitation::IsKept,
    texts: LazyLock::new(|| {
        RowTexts::of_several(&[
            (data_keys::INSERT, 1),
            (sessions::INSERT, 1),
            (capture_links::INSERT, 1),
            (session_events::INSERT, 2),
            (outbox::INSERT_SENT, 1),
            (mailbox::INSERT, 1),
        ])
    }),
};

/// With an invitation that waits for the worker, and a note of it.
pub(super) static INVITED: Shape = Shape {
    events: 2,
    invitation: Invitation::Waits,
    texts: LazyLock::new(|| {
        RowTexts::of_several(&[
            (data_keys::INSERT, 1),
            (sessions::INSERT, 1),
            (capture_links::INSERT, 1),
            (session_events::INSERT, 2),
            (outbox::INSERT, 1),
        ])
    }),
};

/// Without one.
pub(super) static PLAIN: Shape = Shape {
    events: 1,
    invitation: Invitation::None,
    texts: LazyLock::new(|| {
        RowTexts::of_several(&[
            (data_keys::INSERT, 1),
            (sessions::INSERT, 1),
            (capture_links::INSERT, 1),
            (session_events::INSERT, 1),
        ])
    }),
};

impl Shape {
    fn fits(&self, new: &CreateSession) -> bool {
        let invitation = match (&new.invitation, &new.kept) {
            (None, _) => Invitation::None,
            (Some(_), None) => Invitation::Waits,
            (Some(_), Some(_)) => Invitation::IsKept,
        };
        new.events.len() == self.events && invitation == self.invitation
    }

    async fn insert(
        &'static self,
        conn: &mut AnyConnection,
        new: &[&CreateSession],
    ) -> Result<(), StoreError> {
        for (sql, part) in self.texts.parts(Engine::of(conn), new) {
            let mut places = Places::of(sql);
            for new in part {
                places = data_keys::bind(places, &new.data_key);
            }
            for new in part {
                places = sessions::bind(places, &new.session);
            }
            for new in part {
                places = capture_links::bind(places, &new.link);
            }
            for event in part.iter().flat_map(|new| &new.events) {
                places = session_events::bind(places, event);
            }
            for invitation in part.iter().filter_map(|new| new.invitation.as_ref()) {
                places = match self.invitation {
                    Invitation::IsKept => outbox::bind_sent(places, invitation),
                    _ => outbox::bind(places, invitation),
                };
            }
            for kept in part.iter().filter_map(|new| new.kept.as_ref()) {
                places = mailbox::bind(places, kept);
            }
            places.query().execute(&mut *conn).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use vouchkey_types::api_key::Environment;
    use vouchkey_types::id::{OrganizationId, SessionId};

    use super::*;
    use crate::store::Store;
    use crate::store::fixtures::{NOW, creation, keyed_creation, organization, store};
    use crate::store::idempotency::IdempotencyScope;

    const DAY: i64 = 86_400_000;

    async fn find(
        store: &Store,
        organization: OrganizationId,
        id: SessionId,
    ) -> Option<SessionRow> {
        store
            .read(async |conn| sessions::find(conn, organization, Environment::Live, id).await)
            .await
            .unwrap()
    }

    async fn count(store: &Store, table: &str) -> i64 {
        use sqlx::Row;
        let sql = format!("SELECT COUNT(*) FROM {table}");
        store
            .read(async |conn| {
                Ok(sqlx::query(sqlx::AssertSqlSafe(sql))
                    .fetch_one(conn)
                    .await?
                    .try_get(0)?)
            })
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_creation_is_read_back_as_written() {
        let folder = tempfile::tempdir().unwrap();
        let (store, organization) = store(folder.path()).await;
        let creation = keyed_creation(organization, NOW, 1, 1);
        let id = creation.session.id;
        assert_eq!(store.write(creation.clone()).await, Ok(Created::New));
        assert_eq!(
            find(&store, organization, id).await.as_ref(),
            Some(&creation.session)
        );
        store
            .read(async |conn| {
                assert_eq!(
                    data_keys::find(conn, organization, id).await?,
                    Some(creation.data_key)
                );
                assert_eq!(
                    capture_links::live(conn, organization, id).await?.as_ref(),
                    Some(&creation.link)
                );
                assert_eq!(
                    capture_links::find(conn, creation.link.id).await?,
                    Some(creation.link)
                );
                assert_eq!(
                    session_events::list(conn, organization, id, 10).await?,
                    creation.events
                );
                let record = creation.idempotency.unwrap();
                assert_eq!(
                    idempotency::find(conn, &record.scope, NOW).await?,
                    Some(record)
                );
                Ok(())
            })
            .await
            .unwrap();
        assert_eq!(count(&store, "outbox").await, 1);
    }

    #[tokio::test]
    async fn another_organization_or_environment_does_not_see_it() {
        let folder = tempfile::tempdir().unwrap();
        let (store, owner) = store(folder.path()).await;
        let other = organization(&store).await;
        let creation = creation(owner, NOW);
        let id = creation.session.id;
        store.write(creation).await.unwrap();
        assert_eq!(find(&store, other, id).await, None);
        let sandbox = store
            .read(async |conn| sessions::find(conn, owner, Environment::Sandbox, id).await)
            .await;
        assert_eq!(sandbox, Ok(None));
    }

    #[tokio::test]
    async fn concurrent_copies_make_one_session() {
        let folder = tempfile::tempdir().unwrap();
        let (store, organization) = store(folder.path()).await;
        // A second store stands for a second process.
        let (second, _) = crate::store::fixtures::store(folder.path()).await;
        let mut copies = tokio::task::JoinSet::new();
        for number in 0..64 {
            let store = if number % 2 == 0 {
                store.clone()
            } else {
                second.clone()
            };
            copies.spawn(async move {
                store
                    .write(keyed_creation(organization, NOW, 1, 1))
                    .await
                    .unwrap()
            });
        }
        let outcomes = copies.join_all().await;
        assert_eq!(
            outcomes
                .iter()
                .filter(|outcome| **outcome == Created::New)
                .count(),
            1
        );
        let mut replays = outcomes.iter().filter_map(|outcome| match outcome {
            Created::Replay(record) => Some(record.session),
            _ => None,
        });
        let first = replays.next().unwrap();
        assert!(find(&store, organization, first).await.is_some());
        assert_eq!(replays.filter(|session| *session == first).count(), 62);
        assert_eq!(
            (
                count(&store, "sessions").await,
                count(&store, "outbox").await
            ),
            (1, 1)
        );
    }

    #[tokio::test]
    async fn the_same_key_with_another_request_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (store, organization) = store(folder.path()).await;
        assert_eq!(
            store.write(keyed_creation(organization, NOW, 1, 1)).await,
            Ok(Created::New)
        );
        assert_eq!(
            store.write(keyed_creation(organization, NOW, 1, 2)).await,
            Ok(Created::Mismatch)
        );
        assert_eq!(count(&store, "sessions").await, 1);
        assert_eq!(count(&store, "data_keys").await, 1);
    }

    #[tokio::test]
    async fn a_key_counts_in_its_own_scope_only() {
        let folder = tempfile::tempdir().unwrap();
        let (store, owner) = store(folder.path()).await;
        let other = organization(&store).await;
        let first = keyed_creation(owner, NOW, 1, 1);
        let mut sandbox = keyed_creation(owner, NOW, 1, 2);
        let scope = |creation: &mut CreateSession, change: fn(&mut IdempotencyScope)| {
            change(&mut creation.idempotency.as_mut().unwrap().scope);
        };
        scope(&mut sandbox, |scope| {
            scope.environment = Environment::Sandbox;
        });
        let mut publishable = keyed_creation(owner, NOW, 1, 2);
        scope(&mut publishable, |scope| {
            "key_1".clone_into(&mut scope.namespace);
        });
        let foreign = keyed_creation(other, NOW, 1, 2);
        for creation in [
            first,
            sandbox,
            publishable,
            foreign,
            keyed_creation(owner, NOW, 2, 2),
        ] {
            assert_eq!(store.write(creation).await, Ok(Created::New));
        }
    }

    #[tokio::test]
    async fn a_key_is_new_again_after_a_day_to_the_millisecond() {
        let folder = tempfile::tempdir().unwrap();
        let (store, organization) = store(folder.path()).await;
        store
            .write(keyed_creation(organization, NOW, 1, 1))
            .await
            .unwrap();
        let late = store
            .write(keyed_creation(organization, NOW + DAY - 1, 1, 1))
            .await
            .unwrap();
        assert!(matches!(late, Created::Replay(_)));
        assert_eq!(
            store
                .write(keyed_creation(organization, NOW + DAY, 1, 2))
                .await,
            Ok(Created::New)
        );
        assert_eq!(
            store
                .write(keyed_creation(organization, NOW + DAY, 1, 1))
                .await,
            Ok(Created::Mismatch)
        );
        assert_eq!(count(&store, "idempotency_keys").await, 1);
    }

    #[tokio::test]
    async fn a_creation_that_fails_leaves_its_key_free() {
        let folder = tempfile::tempdir().unwrap();
        let (store, organization) = store(folder.path()).await;
        let mut broken = keyed_creation(organization, NOW, 1, 1);
        broken.events.push(broken.events[0].clone());
        assert_eq!(store.write(broken).await, Err(StoreError::UniqueViolation));
        assert_eq!(count(&store, "idempotency_keys").await, 0);
        assert_eq!(
            store.write(keyed_creation(organization, NOW, 1, 2)).await,
            Ok(Created::New)
        );
    }
}
