//! Who is shut out, at which moment, and who cannot be.

use vouchkey_types::json::Json;

use super::*;
use crate::clock::Clock;
use crate::commands::tests::Folder;
use crate::store::fixtures;
use crate::store::sign_ins::SignInRow;

const PLACE: &str = "--public-url https://id.example";

/// Signs in, as the dashboard does; with a password, unless there is one.
struct SignIn(UserRow, SignInRow);

impl Change for SignIn {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        let Self(user, row) = self;
        if user.password_hash.is_none() {
            let (organization, now) = (user.organization, row.created_at);
            sign_ins::set_password(conn, organization, user.id, Some("a hash"), now).await?;
        }
        sign_ins::insert(conn, &row).await
    }
}

/// A user who signs in, and the hash of the cookie's token.
async fn signed_in(installation: &Installation, email: &str) -> (UserRow, [u8; 32]) {
    let user = find(installation, email).await.unwrap();
    let now = installation.clock.now_ms();
    let token_hash = installation.clock.random::<32>();
    let row = SignInRow {
        token_hash,
        user: user.id,
        organization: user.organization,
        created_at: now,
        last_seen_at: now,
        expires_at: now + LINK_LIFE_MS,
        revoked_at: None,
    };
    installation
        .store
        .write(SignIn(user.clone(), row))
        .await
        .unwrap();
    (user, token_hash)
}

/// Whether a sign-in of this token is there and goes on.
async fn goes_on(installation: &Installation, token_hash: [u8; 32]) -> bool {
    let found = installation
        .store
        .read(async |conn| sign_ins::find(conn, token_hash).await)
        .await
        .unwrap();
    found.is_some_and(|row| row.revoked_at.is_none())
}

async fn refused(folder: &Folder, line: &str) -> String {
    match folder.run(line).await {
        Err(CommandError::Failed(message)) => message,
        other => panic!("{line}: {other:?}"),
    }
}

/// Each user as address, role, password and session.
async fn listed(folder: &Folder) -> Vec<(String, String, bool, bool)> {
    let answer = folder.json("users list").await;
    let users = answer.get("data").and_then(Json::as_array).unwrap();
    let text = |user: &Json, name| user.get(name).and_then(Json::as_str).unwrap().to_owned();
    let flag = |user: &Json, name| user.get(name).unwrap().to_text() == "true";
    let all = users.iter().map(|user| {
        (
            text(user, "email"),
            text(user, "role"),
            flag(user, "has_password"),
            flag(user, "is_signed_in"),
        )
    });
    all.collect()
}

fn row(email: &str, role: &str, password: bool, session: bool) -> (String, String, bool, bool) {
    (email.to_owned(), role.to_owned(), password, session)
}

#[tokio::test]
async fn a_reset_ends_the_password_and_every_session_before_the_link_is_used() {
    let folder = Folder::initialised().await;
    let installation = folder.installation().await;
    let (_, one) = signed_in(&installation, "owner@example.com").await;
    let (user, other) = signed_in(&installation, "owner@example.com").await;
    assert!(goes_on(&installation, one).await && goes_on(&installation, other).await);
    folder
        .answer(&format!(
            "users reset-password --email owner@example.com {PLACE}"
        ))
        .await;
    assert!(!goes_on(&installation, one).await && !goes_on(&installation, other).await);
    let now = find(&installation, "owner@example.com").await.unwrap();
    assert_eq!((now.id, now.password_hash), (user.id, None));
}

#[tokio::test]
async fn who_is_removed_leaves_no_session_and_no_link() {
    let folder = Folder::initialised().await;
    let installation = folder.installation().await;
    let create = format!("users create --email jane@example.com --role admin {PLACE}");
    folder.answer(&create).await;
    let (user, token) = signed_in(&installation, "jane@example.com").await;
    let said = folder.answer("users remove --email Jane@example.com").await;
    assert!(said.starts_with("jane@example.com "), "{said}");
    assert!(!goes_on(&installation, token).await);
    let again = refused(&folder, "users remove --email jane@example.com").await;
    assert_eq!(again, "there is no user with this address");
    assert_eq!(
        listed(&folder).await,
        [row("owner@example.com", "owner", false, false)]
    );
    // The address is free, for somebody else.
    folder.answer(&create).await;
    let new = find(&installation, "jane@example.com").await.unwrap();
    assert_ne!(new.id, user.id);
}

#[tokio::test]
async fn an_organization_keeps_its_last_owner() {
    let folder = Folder::initialised().await;
    folder
        .answer(&format!(
            "org create --name Other --owner other@example.com {PLACE}"
        ))
        .await;
    let lose = [
        "users remove --email owner@example.com",
        "users set --email owner@example.com --role viewer",
    ];
    for line in lose {
        // The owner of another organization is none here.
        let message = refused(&folder, line).await;
        assert!(
            message.contains("last owner of org_") && message.contains("users create"),
            "{message}"
        );
    }
    folder
        .answer("users set --email owner@example.com --role owner")
        .await;
    let organization = find(&folder.installation().await, "owner@example.com")
        .await
        .unwrap()
        .organization;
    folder
        .answer(&format!(
            "users create --email jane@example.com --role viewer --org {organization} {PLACE}"
        ))
        .await;
    refused(&folder, lose[0]).await;
    folder
        .answer("users set --email jane@example.com --role owner")
        .await;
    folder.answer(lose[1]).await;
    folder.answer(lose[0]).await;
    refused(&folder, "users remove --email jane@example.com").await;
}

/// Takes the role from an owner, if that may be.
struct Lose(UserRow);

impl Change for Lose {
    type Outcome = bool;

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<bool, StoreError> {
        let Self(user) = self;
        if may_lose_role(conn, &user).await?.is_err() {
            return Ok(false);
        }
        users::set_role(conn, user.organization, user.id, Role::Viewer).await?;
        Ok(true)
    }
}

/// Two processes, as far as the database can tell.
#[tokio::test]
async fn two_owners_who_go_at_once_do_not_both_go() {
    let folder = tempfile::tempdir().unwrap();
    let one = fixtures::open(folder.path()).await;
    let other = fixtures::open(folder.path()).await;
    let clock = Clock::system();
    for _ in 0..20 {
        let organization = fixtures::organization(&one).await;
        let owners = [0, 1].map(|_| UserRow {
            id: clock.id(),
            organization,
            email: clock.id::<UserId>().to_string(),
            role: Role::Owner,
            password_hash: None,
            created_at: clock.now_ms(),
        });
        let added = owners.clone();
        let add = fixtures::apply(move |conn| {
            Box::pin(async move {
                for user in &added {
                    users::insert(conn, user).await?;
                }
                Ok(())
            })
        });
        one.write(add).await.unwrap();
        let [first, second] = owners.map(Lose);
        let (first, second) = tokio::join!(one.write(first), other.write(second));
        assert_ne!(first.unwrap(), second.unwrap());
    }
}

#[tokio::test]
async fn a_list_says_who_may_what_and_who_is_signed_in() {
    let folder = Folder::initialised().await;
    let installation = folder.installation().await;
    let second = folder
        .json(&format!(
            "org create --name Other --owner other@example.com {PLACE}"
        ))
        .await;
    let second = second
        .get("organization_id")
        .and_then(Json::as_str)
        .unwrap();
    signed_in(&installation, "owner@example.com").await;
    assert_eq!(
        listed(&folder).await,
        [
            row("owner@example.com", "owner", true, true),
            row("other@example.com", "owner", false, false),
        ]
    );
    let shown = folder.answer("users list").await;
    let first = shown.lines().next().unwrap_or_default();
    for word in [
        "org_",
        "owner",
        "password set",
        "signed in",
        "owner@example.com",
    ] {
        assert!(first.contains(word), "{word} in {first}");
    }
    let one = folder.answer(&format!("users list --org {second}")).await;
    assert_eq!(one.lines().count(), 1, "{one}");
    assert!(
        one.contains("no password") && one.contains("signed out"),
        "{one}"
    );
    refused(&folder, "users list --org org_00000000000000000000000000").await;
}
