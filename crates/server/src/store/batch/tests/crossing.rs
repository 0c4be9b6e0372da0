//! Two servers that write the same keys in crossing orders, with their workers beside them.

use vouchkey_types::api_key::{Environment, KeyKind};
use vouchkey_types::id::KeyId;
use vouchkey_types::inflection::Inflection;
use vouchkey_types::scope::ScopeSet;
use vouchkey_types::version::ApiVersion;

use super::*;
use crate::clock::Clock;
use crate::store::api_keys::{self, ApiKeyRow};
use crate::store::outbox::{Lease, Release};
use crate::store::upkeep::{ExpireSessions, PurgeIdempotency, TouchKeys};

/// Sends creations to two servers at once, with the same keys in crossing orders, and each time what their workers write.
/// Every key must have one session.
async fn cross(one: &Store, two: &Store, organization: OrganizationId, round: u64) {
    // Some keys had been used a day ago: their records are replaced, purged, or both at once.
    let now = NOW + i64::try_from(round).unwrap() * 3_600_000;
    let keys: Vec<u64> = (0..12).map(|key| (round * 12 + key) % 1_000).collect();
    let creations = |keys: &mut dyn Iterator<Item = &u64>| -> Vec<_> {
        let of_key = |key: &u64| {
            let mut creation = keyed_creation(organization, now, 0, 1);
            // The lock is made of the first bytes, the order by all of them.
            let hash = key.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
            let record = creation.idempotency.as_mut().unwrap();
            record.scope.key_hash = [hash; 4].concat().try_into().unwrap();
            creation
        };
        keys.map(of_key).collect()
    };
    let here = send(one, creations(&mut keys.iter()));
    let there = send(two, creations(&mut keys.iter().rev()));
    let (here, there, (), ()) = tokio::join!(
        all(here),
        all(there),
        work(one, organization, now),
        work(two, organization, now)
    );
    let outcomes: Vec<Created> = here.into_iter().chain(there).map(Result::unwrap).collect();
    let new = outcomes.iter().filter(|outcome| **outcome == Created::New);
    assert_eq!(new.count(), keys.len(), "round {round}");
}

/// One turn of what the workers of a server do.
async fn work(store: &Store, organization: OrganizationId, now: i64) {
    let clock = Clock::fixed(now);
    let keys = (0..KEYS).map(|key| ((organization, KeyId::from_parts(key, [1; 10])), now));
    let (expired, purged, leased, released, touched) = tokio::join!(
        store.write(ExpireSessions {
            now,
            events: (0..20).map(|_| clock.id()).collect(),
        }),
        store.write(PurgeIdempotency { now, limit: 20 }),
        store.write(Lease {
            now,
            until: now + 60_000,
            token: clock.id(),
            limit: 20,
        }),
        store.write(Release { now }),
        store.write(TouchKeys(keys.collect())),
    );
    assert!(expired.unwrap().len() <= 20);
    assert!(purged.unwrap() <= 20);
    assert!(leased.unwrap().len() <= 20);
    released.unwrap();
    touched.unwrap();
}

/// API keys that both servers have seen used.
const KEYS: u64 = 20;

async fn add_keys(store: &Store, organization: OrganizationId) {
    let insert = fixtures::apply(move |conn| {
        Box::pin(async move {
            for key in 0..KEYS {
                let row = ApiKeyRow {
                    key_hash: [u8::try_from(key).unwrap(); 32],
                    id: KeyId::from_parts(key, [1; 10]),
                    organization,
                    environment: Environment::Live,
                    kind: KeyKind::Secret,
                    label: String::new(),
                    scopes: ScopeSet::default(),
                    api_version: ApiVersion::LATEST,
                    inflection: Inflection::Snake,
                    origins: Vec::new(),
                    allowed_ips: Vec::new(),
                    hint: String::new(),
                    created_by: None,
                    created_at: NOW,
                    expires_at: None,
                    revoked_at: None,
                    last_used_at: None,
                };
                api_keys::insert(&mut *conn, &row).await?;
            }
            Ok(())
        })
    });
    store.write(insert).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_with_the_same_keys_cannot_lock_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let (one, organization) = store(folder.path()).await;
    let two = fixtures::open(folder.path()).await;
    add_keys(&one, organization).await;
    for round in 0..300 {
        cross(&one, &two, organization, round).await;
    }
    two.close().await;
    if one.engine() == Engine::Postgres {
        // A deadlock in a batch is mended by trying again: only PostgreSQL knows that there was one. It counts when a
        // connection ends, as that of the second server has.
        let sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
        let deadlocks = one
            .read(async |conn| Ok(sqlx::query(sql).fetch_one(conn).await?.get::<i64, _>(0)))
            .await;
        assert_eq!(deadlocks, Ok(0));
    }
    one.close().await;
}
