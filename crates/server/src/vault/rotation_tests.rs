//! Root keys that are replaced while a server runs: what it reads and writes meanwhile, and where it may be cut off.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use sqlx::AssertSqlSafe;
use vouchkey_types::id::SessionId;

use super::*;
use crate::store::StoreError;
use crate::store::data_keys::{self, DataKeyRow};
use crate::store::fixtures::apply;
use crate::store::redact_session::RedactSession;
use crate::test_bed::{Bed, Reply};

fn file(bed: &Bed) -> PathBuf {
    bed.folder.path().join("root.key")
}

/// The keys in the file.
fn listed(bed: &Bed) -> Vec<String> {
    let ring = key_file::read(&file(bed)).unwrap().unwrap();
    ring.keys().map(|key| key.id().to_owned()).collect()
}

/// The vault as a command opens it, beside the server of the bed.
async fn vault(bed: &Bed) -> Vault {
    opened(bed, &bed.state.config.root_key).await.unwrap()
}

async fn opened(bed: &Bed, source: &RootKeySource) -> Result<Vault, VaultError> {
    bed.clock.advance(1);
    let opened = Vault::open(&bed.state.store, source, &bed.clock).await?;
    Ok(opened.0)
}

async fn rotate(bed: &Bed) -> Rotated {
    let vault = vault(bed).await;
    vault.rotate(&bed.state.store, &bed.clock).await.unwrap()
}

async fn retire(bed: &Bed) -> Result<Retired, VaultError> {
    let vault = vault(bed).await;
    vault.retire(&bed.state.store, &bed.clock).await
}

async fn create(bed: &Bed, note: &str) -> (SessionId, String) {
    bed.create(&format!(r#"{{"metadata": {{"note": "{note}"}}}}"#))
        .await
}

async fn get(bed: &Bed, session: SessionId) -> Reply {
    let request = Request::get(format!("/api/v1/sessions/{session}"))
        .header("x-api-key", &bed.key)
        .body(Body::empty());
    bed.send(request.unwrap()).await
}

async fn data_key(bed: &Bed, session: SessionId) -> DataKeyRow {
    let organization = bed.organization;
    bed.state
        .store
        .read(async |conn| data_keys::find(conn, organization, session).await)
        .await
        .unwrap()
        .unwrap()
}

async fn execute(bed: &Bed, sql: String) -> Result<(), StoreError> {
    let change = apply(move |conn| {
        Box::pin(async move {
            sqlx::query(AssertSqlSafe(sql)).execute(conn).await?;
            Ok(())
        })
    });
    bed.state.store.write(change).await
}

#[tokio::test]
async fn a_server_that_runs_reads_and_writes_through_a_rotation() {
    let bed = Bed::new().await;
    let old = listed(&bed)[0].clone();
    let (first, token) = create(&bed, "first").await;
    let (second, _) = create(&bed, "second").await;

    let rotated = rotate(&bed).await;
    assert_ne!(rotated.active, old);
    assert_eq!(listed(&bed), [rotated.active.clone(), old.clone()]);
    assert_eq!((rotated.data_keys, rotated.secrets), (2, 4));
    assert!(!rotated.is_resumed);
    let done = Older {
        id: old.clone(),
        rows: 0,
    };
    assert_eq!(rotated.older, [done]);
    let mode = std::fs::metadata(file(&bed)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // It meets a key that it does not know, and looks for it.
    for (session, note) in [(first, "first"), (second, "second")] {
        let reply = get(&bed, session).await;
        assert!(reply.text.contains(note), "{}", reply.text);
    }
    assert_eq!(data_key(&bed, first).await.root_key_id, rotated.active);
    let (third, _) = create(&bed, "third").await;
    assert_eq!(data_key(&bed, third).await.root_key_id, rotated.active);
    assert_eq!(bed.get(&format!("/verify/{token}")).await.status, 200);

    let retired = retire(&bed).await.unwrap();
    assert_eq!(retired.retired, [old]);
    assert_eq!(listed(&bed), std::slice::from_ref(&rotated.active));
    for session in [first, second, third] {
        assert_eq!(get(&bed, session).await.status, 200);
    }
    assert_eq!(bed.get(&format!("/verify/{token}")).await.status, 200);
    assert_eq!(retire(&bed).await.unwrap().retired, [""; 0]);
    // The next one is another one.
    assert_ne!(rotate(&bed).await.active, rotated.active);
}

#[tokio::test]
async fn nothing_is_retired_while_a_row_names_it() {
    let bed = Bed::new().await;
    let old = listed(&bed)[0].clone();
    let (late, _) = create(&bed, "late").await;
    let before = data_key(&bed, late).await;
    let rotated = rotate(&bed).await;
    // As a server does that has not read the new list.
    let stale = before.clone();
    let put_back = apply(move |conn| {
        Box::pin(async move { data_keys::rewrap(conn, &stale, &rotated.active).await })
    });
    assert_eq!(bed.state.store.write(put_back).await, Ok(true));
    let error = retire(&bed).await.unwrap_err();
    assert!(
        matches!(&error, VaultError::RootKeyNamed { id, rows: 1 } if *id == old),
        "{error}"
    );
    assert_eq!(listed(&bed).len(), 2);
    // Not even by hand.
    let deleted = execute(
        &bed,
        format!("DELETE FROM root_keys WHERE root_key_id = '{old}'"),
    );
    assert_eq!(deleted.await, Err(StoreError::ReferenceViolation));

    let again = rotate(&bed).await;
    assert!(again.is_resumed);
    assert_eq!((again.data_keys, again.secrets), (1, 0));
    assert_eq!(retire(&bed).await.unwrap().retired, [old]);
    assert!(get(&bed, late).await.text.contains("late"));
}

#[tokio::test]
async fn a_server_that_would_seal_with_a_retired_key_takes_the_new_one_or_nothing() {
    let bed = Bed::new().await;
    rotate(&bed).await;
    retire(&bed).await.unwrap();
    // Whatever the server has read so far.
    let (session, _) = create(&bed, "note").await;
    assert_eq!(data_key(&bed, session).await.root_key_id, listed(&bed)[0]);

    let bed = Bed::new().await;
    let kept = std::fs::read(file(&bed)).unwrap();
    rotate(&bed).await;
    retire(&bed).await.unwrap();
    // Its own copy of the file, on another machine, say, has not followed.
    std::fs::write(file(&bed), kept).unwrap();
    bed.state.vault.look();
    let request = Request::post("/api/v1/sessions")
        .header("x-api-key", &bed.key)
        .body(Body::from("{}"))
        .unwrap();
    let reply = bed.send(request).await;
    assert_eq!(reply.status, 503, "{}", reply.text);
    let error = opened(&bed, &bed.state.config.root_key).await.unwrap_err();
    assert!(matches!(error, VaultError::RootKeyRetired(_)), "{error}");
}

#[tokio::test]
async fn a_rotation_that_was_cut_off_goes_on_with_the_same_key() {
    let bed = Bed::new().await;
    let (session, _) = create(&bed, "note").await;
    let command = vault(&bed).await;
    let (store, clock) = (&bed.state.store, &bed.clock);
    // The new key is in the file, and nowhere else.
    let new = command.prepare(store, clock).await.unwrap();
    assert_eq!(command.prepare(store, clock).await.unwrap(), new);
    assert_eq!(listed(&bed).len(), 2);
    assert_ne!(listed(&bed)[0], new);
    assert_eq!(retire(&bed).await.unwrap().retired, [""; 0]);
    assert_eq!(listed(&bed).len(), 2, "what is prepared is not retired");
    // The database knows it, and it does not seal yet.
    bed.clock.advance(1);
    let ring = key_file::read(&file(&bed)).unwrap().unwrap();
    let row = AddRootKey::new(ring.find(&new).unwrap(), clock);
    store.write(row).await.unwrap();
    let rotated = rotate(&bed).await;
    assert_eq!(rotated.active, new);
    assert_eq!((rotated.data_keys, rotated.secrets), (1, 4));
    assert!(get(&bed, session).await.text.contains("note"));

    // It seals, and nothing is sealed with it yet.
    let command = vault(&bed).await;
    command.renew(&file(&bed), store, clock).await.unwrap();
    let newest = listed(&bed)[0].clone();
    let rotated = rotate(&bed).await;
    assert!(rotated.is_resumed);
    assert_eq!((rotated.active, rotated.data_keys), (newest, 1));
    assert!(get(&bed, session).await.text.contains("note"));
}

#[tokio::test]
async fn what_cannot_be_opened_stays_and_holds_nobody_up() {
    let bed = Bed::new().await;
    let (damaged, _) = create(&bed, "damaged").await;
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(create(&bed, "whole").await.0);
    }
    let mut key = data_key(&bed, damaged).await.key_wrapped.unwrap();
    key[30] ^= 1;
    let broken = key.clone();
    let change = apply(move |conn| {
        Box::pin(async move {
            let sql = "UPDATE data_keys SET key_wrapped = $1 WHERE data_key_id = $2";
            let query = sqlx::query(sql).bind(broken).bind(damaged.to_string());
            query.execute(conn).await?;
            Ok(())
        })
    });
    bed.state.store.write(change).await.unwrap();
    let rotated = rotate(&bed).await;
    assert_eq!(rotated.data_keys, 3);
    assert_eq!(rotated.older[0].rows, 1);
    let error = retire(&bed).await.unwrap_err();
    assert!(error.to_string().contains("rows: 1"), "{error}");
    assert_eq!(data_key(&bed, damaged).await.key_wrapped, Some(key));
    assert_eq!(get(&bed, damaged).await.status, 500);
    for session in others {
        assert!(get(&bed, session).await.text.contains("whole"));
    }
}

#[tokio::test]
async fn a_destroyed_key_stays_destroyed() {
    let bed = Bed::new().await;
    let (erased, _) = create(&bed, "erased").await;
    let (racing, _) = create(&bed, "racing").await;
    let read_before = data_key(&bed, racing).await;
    let from = read_before.root_key_id.clone();
    for session in [erased, racing] {
        let erasure = RedactSession {
            organization: bed.organization,
            environment: vouchkey_types::api_key::Environment::Sandbox,
            session,
            actor: "system".to_owned(),
            event: bed.clock.id(),
            note: bed.clock.id(),
            now: bed.clock.now_ms(),
        };
        bed.state.store.write(erasure).await.unwrap();
    }
    // Read before it was destroyed, written after.
    let late = apply(move |conn| {
        Box::pin(async move { data_keys::rewrap(conn, &read_before, &from).await })
    });
    assert_eq!(bed.state.store.write(late).await, Ok(false));
    let rotated = rotate(&bed).await;
    assert_eq!((rotated.data_keys, rotated.older[0].rows), (2, 0));
    for session in [erased, racing] {
        let key = data_key(&bed, session).await;
        assert_eq!(
            (key.key_wrapped, key.root_key_id),
            (None, rotated.active.clone())
        );
        assert_eq!(get(&bed, session).await.status, 200);
    }
    retire(&bed).await.unwrap();
}

#[tokio::test]
async fn a_row_that_names_another_root_key_than_its_own_is_refused() {
    let bed = Bed::new().await;
    let (session, _) = create(&bed, "moved").await;
    let (other, _) = create(&bed, "whole").await;
    rotate(&bed).await;
    let [_, old] = <[String; 2]>::try_from(listed(&bed)).unwrap();
    let sql = format!("UPDATE data_keys SET root_key_id = '{old}' WHERE data_key_id = '{session}'");
    execute(&bed, sql).await.unwrap();
    let reply = get(&bed, session).await;
    assert_eq!(reply.status, 500);
    assert!(!reply.text.contains("rk_") && !reply.text.contains("moved"));
    assert!(get(&bed, other).await.text.contains("whole"));
    let sql = "UPDATE server_secrets SET root_key_id = $1";
    execute(&bed, sql.replace("$1", &format!("'{old}'")))
        .await
        .unwrap();
    let error = opened(&bed, &bed.state.config.root_key).await.unwrap_err();
    assert!(matches!(error, VaultError::SecretDamaged(_)), "{error}");
}

#[tokio::test]
async fn a_list_in_the_setting_is_rotated_in_the_order_that_the_command_says() {
    let bed = Bed::new().await;
    let (session, _) = create(&bed, "note").await;
    let old = std::fs::read_to_string(file(&bed)).unwrap();
    let (old, new) = (old.trim(), STANDARD.encode([7; 32]));
    let list = |keys: &[&str]| RootKeySource::Value(keys.join(",").into());
    let (store, clock) = (&bed.state.store, &bed.clock);

    let vault = opened(&bed, &list(&[old])).await.unwrap();
    let error = vault.rotate(store, clock).await.unwrap_err();
    assert!(matches!(error, VaultError::RootKeyIsASetting), "{error}");
    assert!(!error.to_string().contains(old));
    let error = vault.prepare(store, clock).await.unwrap_err();
    assert!(matches!(error, VaultError::RootKeyIsASetting), "{error}");
    // Too early: the new key alone opens nothing.
    let error = opened(&bed, &list(&[&new])).await.unwrap_err();
    assert!(matches!(error, VaultError::RootKeyWrong { .. }), "{error}");

    opened(&bed, &list(&[old, &new])).await.unwrap();
    let vault = opened(&bed, &list(&[&new, old])).await.unwrap();
    // Sealed with both by now.
    let error = opened(&bed, &list(&[&new])).await.unwrap_err();
    let VaultError::RootKeyAbsent { missing, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*missing, listed(&bed)[0]);
    let rotated = vault.rotate(store, clock).await.unwrap();
    assert_eq!((rotated.data_keys, rotated.secrets), (1, 4));
    let retired = vault.retire(store, clock).await.unwrap();
    assert_eq!(retired.retired, listed(&bed));
    assert!(retired.is_list_unchanged);
    let vault = opened(&bed, &list(&[&new])).await.unwrap();
    assert!(!vault.retire(store, clock).await.unwrap().is_list_unchanged);
    let key = SessionId::to_string(&session);
    let row = data_key(&bed, session).await;
    let wrapped = Wrapped {
        root_key_id: row.root_key_id,
        key: row.key_wrapped.unwrap(),
    };
    let place = data_key_place(&bed.organization, &key);
    assert!(vault.unwrap(&wrapped, &place).is_ok());
    let error = opened(&bed, &list(&[old, &new])).await.unwrap_err();
    assert!(matches!(error, VaultError::RootKeyRetired(_)), "{error}");
}
