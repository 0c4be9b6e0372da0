//! Sign-ins of the dashboard: opaque sessions by their hash, failures by the hash of the address that was tried, and
//! the links with which a password is set.

use std::sync::LazyLock;

use sqlx::AnyConnection;
use vouchkey_types::id::{OrganizationId, UserId};

use super::columns::{Columns, columns_of, statements};
use super::engine::Picking;
use super::users::{self, UserRow};
use super::{Engine, StoreError};

/// A session of the dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInRow {
    /// The keyed hash of the cookie's token.
    pub token_hash: [u8; 32],
    /// Who signed in.
    pub user: UserId,
    /// Where that user belongs.
    pub organization: OrganizationId,
    /// Unix milliseconds, as are the others.
    pub created_at: i64,
    /// When it was last used, to the minute.
    pub last_seen_at: i64,
    /// When it ends, whatever happens.
    pub expires_at: i64,
    /// When it was ended.
    pub revoked_at: Option<i64>,
}

/// How often an address failed to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// In a row.
    pub count: i64,
    /// The last time, Unix milliseconds.
    pub last_at: i64,
}

statements! {
    INSERT = "INSERT INTO sign_ins (token_hash, user_id, organization_id, created_at, last_seen_at, expires_at, \
        revoked_at) VALUES ($1, $2, $3, $4, $4, $5, NULL)";
    FIND = concat!("SELECT ", columns_of!(sign_ins), " FROM sign_ins WHERE token_hash = $1");
    TOUCH = "UPDATE sign_ins SET last_seen_at = $2 WHERE token_hash = $1 AND last_seen_at < $2";
    REVOKE = "UPDATE sign_ins SET revoked_at = $2 WHERE token_hash = $1 AND revoked_at IS NULL";
    REVOKE_ALL = "UPDATE sign_ins SET revoked_at = $3 WHERE organization_id = $1 AND user_id = $2 \
        AND revoked_at IS NULL";
    DELETE_ALL = "DELETE FROM sign_ins WHERE organization_id = $1 AND user_id = $2";
    DELETE_LINKS = "DELETE FROM sign_in_links WHERE organization_id = $1 AND user_id = $2";
    PURGE = "DELETE FROM sign_ins WHERE organization_id = $1 AND user_id = $2 AND expires_at <= $3";
    FIND_USER = concat!("SELECT ", columns_of!(users), " FROM users WHERE organization_id = $1 AND user_id = $2");
    SET_PASSWORD = "UPDATE users SET password_hash = $3 WHERE organization_id = $1 AND user_id = $2";
    /// Whether the password that was compared is still the user's. Written, so that a change of it waits, and ends the
    /// session that begins here, or has come first.
    KEEP_PASSWORD = "UPDATE users SET password_hash = $3 WHERE organization_id = $1 AND user_id = $2 \
        AND password_hash = $3";
    /// Written, so that another attempt for the same address waits for this one.
    HOLD_FAILURES = "INSERT INTO sign_in_failures (account_hash, failures, last_failed_at) VALUES ($1, 0, 0) \
        ON CONFLICT (account_hash) DO UPDATE SET failures = sign_in_failures.failures \
        RETURNING failures, last_failed_at";
    SET_FAILURES = "UPDATE sign_in_failures SET failures = $2, last_failed_at = $3 WHERE account_hash = $1";
    FORGET_FAILURES = "DELETE FROM sign_in_failures WHERE account_hash = $1";
    PURGE_FAILURES = "DELETE FROM sign_in_failures WHERE last_failed_at <= $1 AND account_hash IN (SELECT account_hash \
        FROM sign_in_failures WHERE last_failed_at <= $1 ORDER BY last_failed_at LIMIT $2)";
    FIND_LINK = "SELECT user_id, organization_id FROM sign_in_links WHERE link_hash = $1 AND used_at IS NULL \
        AND expires_at > $2";
    USE_LINK = "UPDATE sign_in_links SET used_at = $2 WHERE link_hash = $1 AND used_at IS NULL AND expires_at > $2";
}

pub(super) static PURGES_FAILURES: LazyLock<Picking> =
    LazyLock::new(|| Picking::of(PURGE_FAILURES));

/// Adds a session and drops the user's ended ones.
///
/// # Errors
/// Those of the database.
pub async fn insert(conn: &mut AnyConnection, row: &SignInRow) -> Result<(), StoreError> {
    sqlx::query(PURGE)
        .bind(row.organization.to_string())
        .bind(row.user.to_string())
        .bind(row.created_at)
        .execute(&mut *conn)
        .await?;
    sqlx::query(INSERT)
        .bind(row.token_hash.to_vec())
        .bind(row.user.to_string())
        .bind(row.organization.to_string())
        .bind(row.created_at)
        .bind(row.expires_at)
        .execute(conn)
        .await?;
    Ok(())
}

/// The session of this token, whatever has become of it.
///
/// # Errors
/// Those of the database.
pub async fn find(
    conn: &mut AnyConnection,
    token_hash: [u8; 32],
) -> Result<Option<SignInRow>, StoreError> {
    let row = sqlx::query(FIND)
        .bind(token_hash.to_vec())
        .fetch_optional(conn)
        .await?;
    row.map(|row| {
        Ok(SignInRow {
            token_hash: row.bytes("token_hash")?,
            user: row.parsed("user_id", UserId::parse)?,
            organization: row.parsed("organization_id", OrganizationId::parse)?,
            created_at: row.plain("created_at")?,
            last_seen_at: row.plain("last_seen_at")?,
            expires_at: row.plain("expires_at")?,
            revoked_at: row.plain("revoked_at")?,
        })
    })
    .transpose()
}

/// Notes that a session was used.
///
/// # Errors
/// Those of the database.
pub async fn touch(
    conn: &mut AnyConnection,
    token_hash: [u8; 32],
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query(TOUCH)
        .bind(token_hash.to_vec())
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends a session.
///
/// # Errors
/// Those of the database.
pub async fn revoke(
    conn: &mut AnyConnection,
    token_hash: [u8; 32],
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query(REVOKE)
        .bind(token_hash.to_vec())
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// A user by id.
///
/// # Errors
/// Those of the database.
pub async fn find_user(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<UserRow>, StoreError> {
    let row = sqlx::query(FIND_USER)
        .bind(organization.to_string())
        .bind(user.to_string())
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(users::read).transpose()
}

/// Sets a password, or takes it away, and ends all the user's sessions.
///
/// # Errors
/// Those of the database.
pub async fn set_password(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    user: UserId,
    password_hash: Option<&str>,
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query(SET_PASSWORD)
        .bind(organization.to_string())
        .bind(user.to_string())
        .bind(password_hash)
        .execute(&mut *conn)
        .await?;
    sqlx::query(REVOKE_ALL)
        .bind(organization.to_string())
        .bind(user.to_string())
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Shuts a user out: no link, password or session of theirs is good any more. Links come first, as where one is used,
/// so that neither waits for the other in turn.
///
/// # Errors
/// Those of the database.
pub async fn shut_out(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    user: UserId,
    now: i64,
) -> Result<(), StoreError> {
    users::delete_unused_links(conn, organization, user).await?;
    set_password(conn, organization, user, None, now).await
}

/// Drops all the user's sessions and links.
///
/// # Errors
/// Those of the database.
pub async fn delete_all(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    user: UserId,
) -> Result<(), StoreError> {
    for sql in [DELETE_LINKS, DELETE_ALL] {
        sqlx::query(sql)
            .bind(organization.to_string())
            .bind(user.to_string())
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Whether the user's password still has this hash; until this transaction ends it keeps it.
///
/// # Errors
/// Those of the database.
pub async fn keeps_password(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    user: UserId,
    password_hash: &str,
) -> Result<bool, StoreError> {
    let kept = sqlx::query(KEEP_PASSWORD)
        .bind(organization.to_string())
        .bind(user.to_string())
        .bind(password_hash)
        .execute(conn)
        .await?;
    Ok(kept.rows_affected() == 1)
}

/// How often this address failed; until this transaction ends nobody else counts it.
///
/// # Errors
/// Those of the database.
pub async fn hold_failures(
    conn: &mut AnyConnection,
    account_hash: [u8; 32],
) -> Result<Failures, StoreError> {
    let row = sqlx::query(HOLD_FAILURES)
        .bind(account_hash.to_vec())
        .fetch_one(conn)
        .await?;
    Ok(Failures {
        count: row.plain("failures")?,
        last_at: row.plain("last_failed_at")?,
    })
}

/// Writes how often this address failed, which [`hold_failures`] told before.
///
/// # Errors
/// Those of the database.
pub async fn set_failures(
    conn: &mut AnyConnection,
    account_hash: [u8; 32],
    failures: Failures,
) -> Result<(), StoreError> {
    sqlx::query(SET_FAILURES)
        .bind(account_hash.to_vec())
        .bind(failures.count)
        .bind(failures.last_at)
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets the failures of this address.
///
/// # Errors
/// Those of the database.
pub async fn forget_failures(
    conn: &mut AnyConnection,
    account_hash: [u8; 32],
) -> Result<(), StoreError> {
    sqlx::query(FORGET_FAILURES)
        .bind(account_hash.to_vec())
        .execute(conn)
        .await?;
    Ok(())
}

/// Deletes at most `limit` addresses whose last failure is at `before` or earlier; how many there were.
///
/// # Errors
/// Those of the database.
pub async fn purge_failures(
    conn: &mut AnyConnection,
    engine: Engine,
    before: i64,
    limit: i64,
) -> Result<u64, StoreError> {
    let sql = PURGES_FAILURES.text(engine);
    Ok(sqlx::query(sql)
        .bind(before)
        .bind(limit)
        .execute(conn)
        .await?
        .rows_affected())
}

/// Whose link this is, if it can still be used.
///
/// # Errors
/// Those of the database.
pub async fn find_link(
    conn: &mut AnyConnection,
    link_hash: [u8; 32],
    now: i64,
) -> Result<Option<(OrganizationId, UserId)>, StoreError> {
    let row = sqlx::query(FIND_LINK)
        .bind(link_hash.to_vec())
        .bind(now)
        .fetch_optional(conn)
        .await?;
    row.map(|row| {
        Ok((
            row.parsed("organization_id", OrganizationId::parse)?,
            row.parsed("user_id", UserId::parse)?,
        ))
    })
    .transpose()
}

/// Uses a link up. False if somebody else did, or it has expired.
///
/// # Errors
/// Those of the database.
pub async fn use_link(
    conn: &mut AnyConnection,
    link_hash: [u8; 32],
    now: i64,
) -> Result<bool, StoreError> {
    let result = sqlx::query(USE_LINK)
        .bind(link_hash.to_vec())
        .bind(now)
        .execute(conn)
        .await?;
    Ok(result.rows_affected() == 1)
}
