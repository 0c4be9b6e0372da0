//! Who signs in at the moment in which another process shuts them out.

use vouchkey_types::id::OrganizationId;

use super::*;
use crate::admin::sign_in::{Enter, Proof};
use crate::store::sign_ins::{self, SignInRow};
use crate::store::{Store, fixtures};

const HASH: &str = "a hash";

struct SetPassword(OrganizationId, UserId, Option<&'static str>);

impl Change for SetPassword {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        let Self(organization, user, password_hash) = self;
        sign_ins::set_password(conn, organization, user, password_hash, 0).await
    }
}

struct ShutOut(OrganizationId, UserId);

impl Change for ShutOut {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        let Self(organization, user) = self;
        sign_ins::shut_out(conn, organization, user, fixtures::NOW).await
    }
}

/// Lets somebody in by this proof while they are shut out, and says whether they are in afterwards.
async fn is_in(bed: &Bed, other: &Store, user: UserId, proof: Proof) -> bool {
    let token_hash = bed.clock.random();
    let enter = Enter {
        row: SignInRow {
            token_hash,
            user,
            organization: bed.organization,
            created_at: bed.clock.now_ms(),
            last_seen_at: bed.clock.now_ms(),
            expires_at: bed.clock.now_ms() + HOUR,
            revoked_at: None,
        },
        account_hash: [0; 32],
        proof,
    };
    let shut_out = ShutOut(bed.organization, user);
    let (entered, is_out) = tokio::join!(bed.state.store.write(enter), other.write(shut_out));
    entered.unwrap();
    is_out.unwrap();
    let organization = bed.organization;
    let (session, user) = other
        .read(async |conn| {
            let session = sign_ins::find(conn, token_hash).await?;
            let user = sign_ins::find_user(conn, organization, user).await?;
            Ok((session, user))
        })
        .await
        .unwrap();
    assert_eq!(user.unwrap().password_hash, None);
    session.is_some_and(|session| session.revoked_at.is_none())
}

#[tokio::test]
async fn whoever_is_shut_out_while_they_sign_in_is_out() {
    let bed = Bed::new().await;
    let other = fixtures::open(bed.folder.path()).await;
    for round in 0..20 {
        let token = format!("token {round}");
        let user = add_user(&bed, &format!("{round}@example.com"), &token).await;
        let by_link = Proof::Link {
            link_hash: link(&bed, user, &token).link_hash,
            password_hash: HASH.to_owned(),
        };
        assert!(!is_in(&bed, &other, user, by_link).await, "{round}");
        let set = SetPassword(bed.organization, user, Some(HASH));
        bed.state.store.write(set).await.unwrap();
        let by_password = Proof::Password(HASH.to_owned());
        assert!(!is_in(&bed, &other, user, by_password).await, "{round}");
    }
}
