//! The vault as a whole: the root key's life, and places.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use vouchkey_types::id::LinkId;

use super::*;
use crate::config::{DataConfig, DatabaseConfig};

async fn store(folder: &Path) -> Store {
    Store::open(
        &DatabaseConfig::default(),
        &DataConfig {
            folder: folder.to_owned(),
        },
    )
    .await
    .unwrap()
}

fn clock() -> Clock {
    Clock::fixed(1_769_947_200_000)
}

fn file(folder: &Path) -> RootKeySource {
    RootKeySource::File(folder.join("root.key"))
}

fn value(byte: u8) -> RootKeySource {
    use base64::Engine as _;
    RootKeySource::Value(
        base64::engine::general_purpose::STANDARD
            .encode([byte; 32])
            .into(),
    )
}

#[tokio::test]
async fn the_first_start_makes_a_private_root_key_that_later_starts_use() {
    let folder = tempfile::tempdir().unwrap();
    let link = LinkId::from_bytes([1; 16]);
    let (_, secrets) = Vault::open(&store(folder.path()).await, &file(folder.path()), &clock())
        .await
        .unwrap();
    let token = secrets.capture_token(link);
    let made = folder.path().join("root.key");
    assert_eq!(
        std::fs::metadata(&made).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(std::fs::read_to_string(&made).unwrap().len(), 45);
    let names = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    assert_eq!(
        names
            .filter(|name| name.to_string_lossy().starts_with("root"))
            .count(),
        1
    );

    let (_, secrets) = Vault::open(&store(folder.path()).await, &file(folder.path()), &clock())
        .await
        .unwrap();
    assert_eq!(secrets.capture_token(link), token);
}

#[tokio::test]
async fn a_missing_root_key_stops_the_start_and_is_not_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    Vault::open(&store, &file(folder.path()), &clock())
        .await
        .unwrap();
    std::fs::remove_file(folder.path().join("root.key")).unwrap();
    let error = Vault::open(&store, &file(folder.path()), &clock())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, VaultError::RootKeyMissing { .. }),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("Put the file back from its backup"),
        "{error}"
    );
    assert!(!folder.path().join("root.key").exists());
}

#[tokio::test]
async fn a_root_key_file_that_is_a_link_to_nothing_is_said_to_be_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    let (link, elsewhere) = (folder.path().join("root.key"), tempfile::tempdir().unwrap());
    let target = elsewhere.path().join("kept.key");
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let refused = async || {
        let opened = Vault::open(&store, &file(folder.path()), &clock()).await;
        opened.unwrap_err().to_string()
    };
    let said = refused().await;
    let why = format!("a link to {}, where there is no file", target.display());
    assert!(said.contains(&why), "{said}");
    assert!(said.contains("remove the link"), "{said}");
    assert!(!target.exists());

    // Likewise once there is something that only the key opens.
    std::fs::remove_file(&link).unwrap();
    Vault::open(&store, &file(folder.path()), &clock())
        .await
        .unwrap();
    std::fs::rename(&link, elsewhere.path().join("other.key")).unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let said = refused().await;
    assert!(said.contains(&why), "{said}");
    std::fs::rename(elsewhere.path().join("other.key"), &target).unwrap();
    Vault::open(&store, &file(folder.path()), &clock())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_root_key_is_proved_without_making_anything() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    let prove = async |source: RootKeySource| {
        let proof =
            store.read(async |conn| Ok(Vault::prove(conn, &source, rows::SEVERAL_ROOT_KEYS).await));
        proof
            .await
            .unwrap()
            .map(|vault| vault.map(|vault| vault.active_root_key()))
    };
    let source = file(folder.path());
    assert!(matches!(prove(source.clone()).await, Ok(None)));
    assert!(!folder.path().join("root.key").exists());

    let (vault, _) = Vault::open(&store, &source, &clock()).await.unwrap();
    let proved = prove(source.clone()).await.unwrap();
    assert_eq!(proved.as_deref(), Some(vault.ring().active().id()));
    // A backup may be of a schema that knew one key.
    let step = rows::SEVERAL_ROOT_KEYS - 1;
    let older = store.read(async |conn| Ok(Vault::prove(conn, &source, step).await));
    let older = older.await.unwrap().unwrap();
    assert_eq!(older.map(|vault| vault.active_root_key()), proved);
    assert!(matches!(
        prove(value(2)).await,
        Err(VaultError::RootKeyWrong { .. })
    ));
    std::fs::remove_file(folder.path().join("root.key")).unwrap();
    assert!(matches!(
        prove(source).await,
        Err(VaultError::RootKeyMissing { .. })
    ));
    assert!(!folder.path().join("root.key").exists());
}

#[tokio::test]
async fn a_wrong_or_unreadable_root_key_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    Vault::open(&store, &value(1), &clock()).await.unwrap();
    let error = Vault::open(&store, &value(2), &clock()).await.unwrap_err();
    assert!(matches!(&error, VaultError::RootKeyWrong { .. }), "{error}");
    for text in [
        "",
        "AAAA",
        "not base64",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
    ] {
        let error = Vault::open(&store, &RootKeySource::Value(text.into()), &clock())
            .await
            .unwrap_err();
        assert!(
            matches!(&error, VaultError::RootKeyUnreadable { .. }),
            "{error}"
        );
        assert!(
            text.is_empty() || !error.to_string().contains(text),
            "{error}"
        );
    }
    Vault::open(&store, &value(1), &clock()).await.unwrap();
}

#[tokio::test]
async fn two_first_starts_agree() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (store(folder.path()).await, store(folder.path()).await);
    let (source, clock) = (file(folder.path()), clock());
    let (one, two) = tokio::join!(
        Vault::open(&one, &source, &clock),
        Vault::open(&two, &source, &clock)
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.0.ring().ids(), two.0.ring().ids());
    let link = LinkId::from_bytes([1; 16]);
    assert_eq!(one.1.capture_token(link), two.1.capture_token(link));
}

#[tokio::test]
async fn a_value_opens_at_its_own_place_only() {
    let folder = tempfile::tempdir().unwrap();
    let (vault, _) = Vault::open(&store(folder.path()).await, &value(1), &clock())
        .await
        .unwrap();
    let (organization, other) = (
        OrganizationId::from_bytes([1; 16]),
        OrganizationId::from_bytes([2; 16]),
    );
    let place = Place {
        organization: &organization,
        table: "sessions",
        row: "ses_1",
        field: "metadata_sealed",
        version: 1,
    };
    let elsewhere = [
        Place {
            organization: &other,
            ..place
        },
        Place {
            table: "outbox",
            ..place
        },
        Place {
            row: "ses_2",
            ..place
        },
        Place {
            field: "prefill_sealed",
            ..place
        },
        Place {
            version: 2,
            ..place
        },
        Place {
            row: "ses_1metadata_sealed",
            field: "",
            ..place
        },
    ];
    let key = DataKey::from_random([7; 32]);
    let sealed = key.seal(b"{}", &place, [8; 24]);
    let wrapped = vault.wrap(&key, &place, [9; 24]);
    assert_eq!(key.open(&sealed, &place).unwrap(), b"{}");
    assert_eq!(
        vault
            .unwrap(&wrapped, &place)
            .unwrap()
            .open(&sealed, &place)
            .unwrap(),
        b"{}"
    );
    for place in elsewhere {
        assert_eq!(key.open(&sealed, &place), Err(OpenError), "{place:?}");
        assert!(vault.unwrap(&wrapped, &place).is_err(), "{place:?}");
    }
    // Sealed bytes are no wrapped key, whoever swaps them.
    let swapped = Wrapped {
        key: sealed,
        ..wrapped
    };
    assert!(vault.unwrap(&swapped, &place).is_err());
}

#[tokio::test]
async fn no_debug_text_shows_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let opened = Vault::open(&store(folder.path()).await, &value(0x41), &clock())
        .await
        .unwrap();
    let text = format!(
        "{opened:?} {:?} {:?}",
        DataKey::from_random([0x41; 32]),
        value(0x41)
    );
    assert!(!text.contains("65, 65") && !text.contains("QUFB"), "{text}");
}

#[tokio::test]
async fn drafts_of_killed_commands_are_removed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("root.key");
    key_file::create(&key, &clock()).unwrap();
    let others = [
        "root.new-1",
        "root.new-zzzzzzzzzzzzzzzz",
        "other.new-0123456789abcdef",
    ];
    for name in others {
        std::fs::write(folder.path().join(name), "mine").unwrap();
    }
    std::fs::write(folder.path().join("root.new-0123456789abcdef"), "draft").unwrap();
    let ring = key_file::read(&key).unwrap().unwrap();
    key_file::replace(&key, &ring, &clock()).unwrap();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        names.push(entry.unwrap().file_name().into_string().unwrap());
    }
    names.sort();
    let mut expected = vec!["root.key"];
    expected.extend(others);
    expected.sort_unstable();
    assert_eq!(names, expected);
}
