//! What a creation writes, and what becomes of copies of it.

use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{OrganizationId, SessionId};

use super::*;
use crate::store::Store;
use crate::store::fixtures::{NOW, creation, keyed_creation, organization, store};
use crate::store::idempotency::IdempotencyScope;

const DAY: i64 = 86_400_000;

async fn find(store: &Store, organization: OrganizationId, id: SessionId) -> Option<SessionRow> {
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
