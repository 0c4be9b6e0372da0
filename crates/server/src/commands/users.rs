//! Users of the dashboard, and the one-time links with which they set a password.

mod list;
mod remove;
mod set;
#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sqlx::AnyConnection;
use vouchkey_types::id::{OrganizationId, UserId};

use super::CommandError;
use super::arguments::{UserCreateArguments, UserResetArguments};
use super::installation::Installation;
use crate::store::users::{self, Role, SignInLinkRow, UserRow};
use crate::store::{Change, Engine, StoreError, organizations, sign_ins};

pub(super) use list::list;
pub(super) use remove::remove;
pub(super) use set::set;

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
    let added = installation.store.write(AddUser { user, link: row }).await;
    match added {
        Ok(()) => Ok(link),
        Err(StoreError::UniqueViolation) => Err(CommandError::Failed(
            "there is a user with this address already; `vouchkey users reset-password` makes a new link".to_owned(),
        )),
        Err(error) => Err(error.into()),
    }
}

/// Ends the password and all sessions of a user at once, and makes the link with which they come back.
pub(super) async fn reset_password(
    installation: &Installation,
    arguments: &UserResetArguments,
) -> Result<String, CommandError> {
    let user = find(installation, arguments.email.as_str()).await?;
    let (link, row) = one_time_link(installation, user.organization, user.id);
    installation.store.write(Reset(row)).await?;
    Ok(link)
}

/// The user of this address.
async fn find(installation: &Installation, email: &str) -> Result<UserRow, CommandError> {
    installation
        .store
        .read(async |conn| users::find_by_email(conn, email).await)
        .await?
        .ok_or_else(nobody)
}

fn nobody() -> CommandError {
    CommandError::Failed("there is no user with this address".to_owned())
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
    user: UserRow,
    link: SignInLinkRow,
}

impl Change for AddUser {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        users::insert(conn, &self.user).await?;
        users::insert_link(conn, &self.link).await
    }
}

struct Reset(SignInLinkRow);

impl Change for Reset {
    type Outcome = ();

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        let Self(link) = self;
        sign_ins::shut_out(conn, link.organization, link.user, link.created_at).await?;
        users::insert_link(conn, &link).await
    }
}

/// Why a user was not changed.
enum Refused {
    /// Somebody else has removed them.
    Gone,
    /// No owner of this organization would be left.
    LastOwner(OrganizationId),
}

impl From<Refused> for CommandError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Gone => nobody(),
            Refused::LastOwner(organization) => Self::Failed(format!(
                "this is the last owner of {organization}, and an organization needs one. Make another first, with \
                 `vouchkey users set --email EMAIL --role owner` or `vouchkey users create --email EMAIL --role owner \
                 --org {organization}`; then run this again"
            )),
        }
    }
}

/// Whether a user may lose what they are, so that their organization keeps an owner. Until this transaction ends nobody
/// else loses that role there.
async fn may_lose_role(
    conn: &mut AnyConnection,
    user: &UserRow,
) -> Result<Result<(), Refused>, StoreError> {
    let organization = user.organization;
    organizations::hold(conn, organization).await?;
    let Some(now) = sign_ins::find_user(conn, organization, user.id).await? else {
        return Ok(Err(Refused::Gone));
    };
    if now.role == Role::Owner && !users::has_other_owner(conn, organization, user.id).await? {
        return Ok(Err(Refused::LastOwner(organization)));
    }
    Ok(Ok(()))
}
