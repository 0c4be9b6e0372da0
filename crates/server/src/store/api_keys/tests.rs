use super::*;
use crate::clock::Clock;
use crate::store::Store;
use crate::store::fixtures::{self, NOW, apply, organization, store};

fn row(organization: OrganizationId) -> ApiKeyRow {
    ApiKeyRow {
        key_hash: Clock::fixed(NOW).random(),
        scopes: ScopeSet::parse_list("sessions:create,sessions:read").unwrap(),
        inflection: Inflection::Camel,
        allowed_ips: vec![
            "10.0.0.0/8".parse().unwrap(),
            "2001:db8::/32".parse().unwrap(),
        ],
        hint: "iPrh".to_owned(),
        expires_at: Some(NOW + 1),
        ..fixtures::api_key(organization)
    }
}

async fn add(store: &Store, key: ApiKeyRow) {
    let change = apply(move |conn| Box::pin(async move { insert(conn, &key).await }));
    store.write(change).await.unwrap();
}

async fn revoked(store: &Store, organization: OrganizationId, id: KeyId, now: i64) -> bool {
    let change =
        apply(move |conn| Box::pin(async move { revoke(conn, organization, id, now).await }));
    store.write(change).await.unwrap()
}

#[tokio::test]
async fn a_key_is_found_by_its_hash_and_ended_by_its_own_organization_only() {
    let folder = tempfile::tempdir().unwrap();
    let (store, owner) = store(folder.path()).await;
    let other = organization(&store).await;
    let key = row(owner);
    let (id, hash, copy) = (key.id, key.key_hash, key.clone());
    store
        .write(apply(move |conn| {
            Box::pin(async move { insert(conn, &copy).await })
        }))
        .await
        .unwrap();
    let found = async || {
        store
            .read(async |conn| find(conn, &hash).await)
            .await
            .unwrap()
    };
    assert_eq!(found().await, Some(key.clone()));
    assert_eq!(
        store.read(async |conn| find(conn, &[0; 32]).await).await,
        Ok(None)
    );
    assert_eq!(
        store
            .read(async |conn| find_by_id(conn, other, id).await)
            .await,
        Ok(None)
    );
    assert_eq!(
        store.read(async |conn| list(conn, other).await).await,
        Ok(Vec::new())
    );

    assert!(!revoked(&store, other, id, NOW + 5).await);
    assert!(revoked(&store, owner, id, NOW + 5).await);
    assert!(revoked(&store, owner, id, NOW + 9).await);
    assert_eq!(found().await.unwrap().revoked_at, Some(NOW + 5));
}

#[tokio::test]
async fn origins_are_those_of_publishable_keys_that_live() {
    let folder = tempfile::tempdir().unwrap();
    let (store, owner) = store(folder.path()).await;
    let other = organization(&store).await;
    let origin = |name: &str| format!("https://{name}.{owner}.example");
    let keys = [
        (owner, KeyKind::Publishable, "a", None, None),
        (other, KeyKind::Publishable, "b", Some(NOW + 1), None),
        (owner, KeyKind::Publishable, "expired", Some(NOW), None),
        (owner, KeyKind::Publishable, "revoked", None, Some(NOW - 1)),
        (owner, KeyKind::Secret, "secret", None, None),
    ];
    for (organization, kind, name, expires_at, revoked_at) in keys {
        let key = ApiKeyRow {
            kind,
            origins: vec![origin(name)],
            expires_at,
            revoked_at,
            ..row(organization)
        };
        add(&store, key).await;
    }
    let mut listed = store
        .read(async |conn| listed_origins(conn, NOW).await)
        .await
        .unwrap();
    listed.retain(|(origins, _)| origins[0].contains(&owner.to_string()));
    listed.sort();
    assert_eq!(
        listed,
        [
            (vec![origin("a")], None),
            (vec![origin("b")], Some(NOW + 1)),
        ]
    );
}

#[tokio::test]
async fn the_last_use_never_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = store(folder.path()).await;
    let key = row(organization);
    let (id, copy) = (key.id, key.clone());
    store
        .write(apply(move |conn| {
            Box::pin(async move { insert(conn, &copy).await })
        }))
        .await
        .unwrap();
    for (used_at, last) in [(NOW + 5, NOW + 5), (NOW + 3, NOW + 5), (NOW + 6, NOW + 6)] {
        let change = apply(move |conn| {
            Box::pin(async move { touch(conn, organization, id, used_at).await })
        });
        store.write(change).await.unwrap();
        let found = store
            .read(async |conn| find_by_id(conn, organization, id).await)
            .await
            .unwrap();
        assert_eq!(found.unwrap().last_used_at, Some(last));
    }
}
