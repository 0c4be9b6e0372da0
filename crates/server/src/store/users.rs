//! Users of the dashboard, and the links with which they set a password.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use vouchkey_types::id::{OrganizationId, UserId};
use vouchkey_types::scope::{Scope, ScopeSet};

use super::StoreError;
use super::columns::{Columns, columns_of, statements};

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but owners.
    Admin,
    /// Look, and decide reviews.
    Reviewer,
    /// Look.
    Viewer,
}

impl Role {
    /// All of them, the mightiest first.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Reviewer, Self::Viewer];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Reviewer => "reviewer",
            Self::Viewer => "viewer",
        }
    }

    /// The role of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// What the role may do at the API (decision 10).
    pub fn scopes(self) -> ScopeSet {
        let scopes: &[Scope] = match self {
            Self::Owner | Self::Admin => &[
                Scope::SessionsRead,
                Scope::SessionsCreate,
                Scope::SessionsWrite,
                Scope::VerificationsRead,
            ],
            Self::Reviewer | Self::Viewer => &[Scope::SessionsRead, Scope::VerificationsRead],
        };
        scopes.iter().copied().collect()
    }
}

/// A user of the dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// Which it is.
    pub id: UserId,
    /// Where it belongs.
    pub organization: OrganizationId,
    /// Its address, in lower case: see [`normal_email`].
    pub email: String,
    /// What it may do.
    pub role: Role,
    /// Its password as a PHC string, if it has set one.
    pub password_hash: Option<String>,
    /// Unix milliseconds.
    pub created_at: i64,
}

/// A user as an operator sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedUser {
    /// Who it is.
    pub user: UserRow,
    /// Whether they have a session of the dashboard that has not ended.
    pub is_signed_in: bool,
}

/// When a session of the dashboard counts as open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenSignIn {
    /// It ends after this; Unix milliseconds, as is the other.
    pub now: i64,
    /// It was last used after this.
    pub seen_since: i64,
}

/// A link, good once, with which a user sets a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInLinkRow {
    /// The keyed hash of its token.
    pub link_hash: [u8; 32],
    /// Who may use it.
    pub user: UserId,
    /// Where that user belongs.
    pub organization: OrganizationId,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds.
    pub expires_at: i64,
}

statements! {
    INSERT = "INSERT INTO users (user_id, organization_id, email, role, password_hash, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    FIND_BY_EMAIL = concat!("SELECT ", columns_of!(users), " FROM users WHERE email = $1");
    FIRST_OWNER = concat!("SELECT ", columns_of!(users), " FROM users WHERE organization_id = $1 AND role = 'owner' \
        ORDER BY created_at, user_id LIMIT 1");
    LIST = concat!("SELECT ", columns_of!(users), ", (SELECT COUNT(*) FROM sign_ins s \
        WHERE s.organization_id = u.organization_id AND s.user_id = u.user_id AND s.revoked_at IS NULL \
        AND s.expires_at > $2 AND s.last_seen_at > $3) AS open_sign_ins \
        FROM users u WHERE organization_id = $1 ORDER BY created_at, user_id");
    OTHER_OWNER = "SELECT user_id FROM users WHERE organization_id = $1 AND role = 'owner' AND user_id <> $2 LIMIT 1";
    SET_ROLE = "UPDATE users SET role = $3 WHERE organization_id = $1 AND user_id = $2";
    DELETE = "DELETE FROM users WHERE organization_id = $1 AND user_id = $2";
    INSERT_LINK = "INSERT INTO sign_in_links (link_hash, user_id, organization_id, created_at, expires_at, used_at) \
        VALUES ($1, $2, $3, $4, $5, NULL)";
    DELETE_UNUSED_LINKS = "DELETE FROM sign_in_links WHERE organization_id = $1 AND user_id = $2 AND used_at IS NULL";
}

/// How an address is kept and looked for: people do not agree on its case.
pub fn normal_email(email: &str) -> String {
    email.to_ascii_lowercase()
}

/// Adds a user.
///
/// # Errors
/// [`StoreError::UniqueViolation`] if there is a user with this address.
pub async fn insert(conn: &mut AnyConnection, row: &UserRow) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(row.id.to_string())
        .bind(row.organization.to_string())
        .bind(normal_email(&row.email))
        .bind(row.role.as_str())
        .bind(row.password_hash.as_deref())
        .bind(row.created_at)
        .execute(conn)
        .await?;
    Ok(())
}

/// The user with this address, in any case.
///
/// # Errors
/// Those of the database.
pub async fn find_by_email(
    conn: &mut AnyConnection,
    email: &str,
) -> Result<Option<UserRow>, StoreError> {
    if email.contains('\0') {
        // PostgreSQL takes no such text, so that no row holds it.
        return Ok(None);
    }
    let row = sqlx::query(FIND_BY_EMAIL)
        .bind(normal_email(email))
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The oldest owner of an organization.
///
/// # Errors
/// Those of the database.
pub async fn first_owner(
    conn: &mut AnyConnection,
    organization: OrganizationId,
) -> Result<Option<UserRow>, StoreError> {
    let row = sqlx::query(FIRST_OWNER)
        .bind(organization.to_string())
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The users of an organization, the oldest first, and which of them have an open session.
///
/// # Errors
/// Those of the database.
pub async fn list(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    open: OpenSignIn,
) -> Result<Vec<ListedUser>, StoreError> {
    let rows = sqlx::query(LIST)
        .bind(organization.to_string())
        .bind(open.now)
        .bind(open.seen_since)
        .fetch_all(conn)
        .await?;
    let listed = |row: &AnyRow| {
        Ok(ListedUser {
            user: read(row)?,
            is_signed_in: row.plain::<i64>("open_sign_ins")? > 0,
        })
    };
    rows.iter().map(listed).collect()
}

/// Whether an organization has an owner beside this user. It stays so until the transaction ends only if that holds the
/// organization (`organizations::hold`).
///
/// # Errors
/// Those of the database.
pub async fn has_other_owner(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    user: UserId,
) -> Result<bool, StoreError> {
    let row = sqlx::query(OTHER_OWNER)
        .bind(organization.to_string())
        .bind(user.to_string())
        .fetch_optional(conn)
        .await?;
    Ok(row.is_some())
}

/// Gives a user another role.
///
/// # Errors
/// Those of the database.
pub async fn set_role(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    user: UserId,
    role: Role,
) -> Result<(), StoreError> {
    sqlx::query(SET_ROLE)
        .bind(organization.to_string())
        .bind(user.to_string())
        .bind(role.as_str())
        .execute(conn)
        .await?;
    Ok(())
}

/// Removes a user, of whom no session and no link is left.
///
/// # Errors
/// [`StoreError::ReferenceViolation`] if one is.
pub async fn delete(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    user: UserId,
) -> Result<(), StoreError> {
    sqlx::query(DELETE)
        .bind(organization.to_string())
        .bind(user.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// Drops the links of a user that were not used.
///
/// # Errors
/// Those of the database.
pub async fn delete_unused_links(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    user: UserId,
) -> Result<(), StoreError> {
    sqlx::query(DELETE_UNUSED_LINKS)
        .bind(organization.to_string())
        .bind(user.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// Adds a link and drops the user's unused ones.
///
/// # Errors
/// Those of the database.
pub async fn insert_link(conn: &mut AnyConnection, row: &SignInLinkRow) -> Result<(), StoreError> {
    delete_unused_links(conn, row.organization, row.user).await?;
    sqlx::query(INSERT_LINK)
        .bind(row.link_hash.to_vec())
        .bind(row.user.to_string())
        .bind(row.organization.to_string())
        .bind(row.created_at)
        .bind(row.expires_at)
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) fn read(row: &AnyRow) -> Result<UserRow, StoreError> {
    Ok(UserRow {
        id: row.parsed("user_id", UserId::parse)?,
        organization: row.parsed("organization_id", OrganizationId::parse)?,
        email: row.plain("email")?,
        role: row.parsed("role", Role::parse)?,
        password_hash: row.plain("password_hash")?,
        created_at: row.plain("created_at")?,
    })
}
