//! Users of the dashboard, and the one-time links with which they set a password.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sqlx::AnyConnection;
use vouchkey_types::id::{OrganizationId, UserId};

use super::CommandError;
use super::arguments::{UserCreateArguments, UserResetArguments};
use super::installation::Installation;
use crate::store::users::{self, SignInLinkRow, UserRow};
use crate::store::{Change, Engine, StoreError};

/// How long a one-time link is good: an hour (decision 27).
const LINK_LIFE_MS: i64 = 60 * 60 * 1_000;

pub(super) async fn create(
    installation: &Installation,
    arguments: &UserCreateArguments,
) -> Result<String, CommandError> {
    let organization = installation
        .organization(arguments.organization.org)
        .await?;
    let user = UserRow {
        id: installation.clock.id(),
        organization: organization.id,
        email: users::normal_email(arguments.email.as_str()),
        role: arguments.role,
        password_hash: None,
        created_at: installation.clock.now_ms(),
    };
    let (link, row) = one_time_link(installation, user.organization, user.id);
    let added = installation
        .store
        .write(AddUser {
            user: Some(user),
            link: row,
        })
        .await;
    match added {
        Ok(()) => Ok(link),
        Err(StoreError::UniqueViolation) => Err(CommandError::Failed(
            "there is a user with this address already; `vouchkey users reset-password` makes a new link".to_owned(),
        )),
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn reset_password(
    installation: &Installation,
    arguments: &UserResetArguments,
) -> Result<String, CommandError> {
    let email = arguments.email.as_str();
    let found = installation
        .store
        .read(async |conn| users::find_by_email(conn, email).await)
        .await?;
    let user = found
        .ok_or_else(|| CommandError::Failed("there is no user with this address".to_owned()))?;
    let (link, row) = one_time_link(installation, user.organization, user.id);
    installation
        .store
        .write(AddUser {
            user: None,
            link: row,
        })
        .await?;
    Ok(link)
}

/// A link to set a password with, and what is kept of it.
pub(super) fn one_time_link(
    installation: &Installation,
    organization: OrganizationId,
    user: UserId,
) -> (String, SignInLinkRow) {
    let now = installation.clock.now_ms();
    let token = URL_SAFE_NO_PAD.encode(installation.clock.random::<32>());
    let row = SignInLinkRow {
        link_hash: installation
            .secrets
            .sign_in_hash(&[b"link", token.as_bytes()]),
        user,
        organization,
        created_at: now,
        expires_at: now + LINK_LIFE_MS,
    };
    let base = installation.link_base();
    (format!("{base}/dashboard/sign-in#{token}"), row)
}

struct AddUser {
    user: Option<UserRow>,
    link: SignInLinkRow,
}

impl Change for AddUser {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        if let Some(user) = &self.user {
            users::insert(conn, user).await?;
        }
        users::insert_link(conn, &self.link).await
    }
}
