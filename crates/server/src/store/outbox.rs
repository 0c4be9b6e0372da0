//! The outbox: what waits to be delivered. Rows hold ids; what is delivered is put together when it is sent.
//!
//! A row that is leased has `next_at` at the end of its lease, so that one condition finds what is due: what waits for
//! its time, and what a worker that died has left behind.

use std::sync::LazyLock;

use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{EventId, OrganizationId, SessionId};

use super::columns::{Columns, statements};
use super::engine::Picking;
use super::rows::{Places, RowTexts};
use super::{Change, Engine, Reshown, StoreError};

/// A delivery that nobody has tried yet: an invitation. Ids only; it is rendered when it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvitation {
    /// Whose it is.
    pub organization: OrganizationId,
    /// Which delivery; the message's Message-ID is made of it.
    pub id: EventId,
    /// Where its session lives.
    pub environment: Environment,
    /// To what it invites.
    pub session: SessionId,
    /// Unix milliseconds; it is due at once.
    pub created_at: i64,
}

/// A row that this worker alone may deliver until its lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    /// Whose session it is.
    pub organization: OrganizationId,
    /// The row.
    pub id: EventId,
    /// Whose applicant is invited.
    pub session: SessionId,
    /// The session's.
    pub environment: Environment,
    /// Attempts, this one included.
    pub attempts: i64,
    /// The class of the last failure; none before the first, or if every attempt took the process with it.
    pub last_error: Option<String>,
    /// Proof of the lease: a later lease has another one.
    pub token: EventId,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Handed over.
    Sent,
    /// Given up, for this reason.
    Dead(&'static str),
    /// No longer wanted, for this reason.
    Cancelled(&'static str),
    /// To be tried again at `next_at`, Unix milliseconds.
    Retry {
        /// When.
        next_at: i64,
        /// Why.
        error: &'static str,
    },
}

impl Ended {
    /// The outcome and its reason, in words of closed lists; the reason is empty if there is none.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Sent => ("sent", ""),
            Self::Retry { error, .. } => ("retry", error),
            Self::Cancelled(reason) => ("cancelled", reason),
            Self::Dead(reason) => ("dead", reason),
        }
    }
}

/// How the newest delivery of a session stands, for the dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// `pending`, `leased`, `sent`, `dead` or `cancelled`.
    pub state: String,
    /// Attempts so far.
    pub attempts: i64,
    /// The class of the last failure, or why it ended.
    pub last_error: Option<String>,
    /// When it ended, Unix milliseconds.
    pub done_at: Option<i64>,
}

/// The kinds of deliveries.
pub const KINDS: [&str; 1] = ["invitation"];

/// The states in which something is to be done: by the worker, or, where it gave up, by the operator.
pub const OPEN_STATES: [&str; 3] = ["pending", "leased", "dead"];

/// Deliveries of one kind in one of [`OPEN_STATES`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// One of [`KINDS`].
    pub kind: String,
    /// The state.
    pub state: String,
    /// How many there are.
    pub count: i64,
    /// When the oldest was queued, Unix milliseconds.
    pub oldest_at: i64,
}

statements! {
    INSERT = "INSERT INTO outbox (organization_id, outbox_id, kind, environment, session_id, state, attempts, next_at, \
        created_at) VALUES ($1, $2, 'invitation', $3, $4, 'pending', 0, $5, $6)";
    /// What the embedded mailbox keeps from the beginning.
    INSERT_SENT = "INSERT INTO outbox (organization_id, outbox_id, kind, environment, session_id, state, attempts, next_at, \
        created_at, done_at) VALUES ($1, $2, 'invitation', $3, $4, 'sent', 1, $5, $6, $7)";
    /// The outer condition repeats the inner one: PostgreSQL checks it again on a row that another server has just
    /// leased.
    LEASE = "UPDATE outbox SET state = 'leased', attempts = attempts + 1, lease_until = $4, lease_token = $3, \
        next_at = $4 WHERE (organization_id, outbox_id) IN (SELECT organization_id, outbox_id FROM outbox \
            WHERE state IN ('pending', 'leased') AND next_at <= $1 ORDER BY next_at, outbox_id LIMIT $2) \
        AND state IN ('pending', 'leased') AND next_at <= $1 \
        RETURNING organization_id, outbox_id, session_id, environment, attempts, last_error";
    END = "UPDATE outbox SET state = $4, next_at = $5, last_error = $6, done_at = $7, lease_until = NULL, \
        lease_token = NULL WHERE organization_id = $1 AND outbox_id = $2 AND state = 'leased' AND lease_token = $3";
    EXTEND = "UPDATE outbox SET next_at = $4, lease_until = $4 WHERE organization_id = $1 AND outbox_id = $2 \
        AND state = 'leased' AND lease_token = $3";
    /// As many as $2 rows. Those that another server works on are tried as it is. The first condition is that of the index,
    /// which SQLite takes only for its very words; else it would go through all that was ever sent.
    RELEASE = "UPDATE outbox SET next_at = $1 WHERE (organization_id, outbox_id) IN (SELECT organization_id, \
        outbox_id FROM outbox WHERE state IN ('pending', 'leased') AND state = 'pending' AND next_at > $1 AND last_error IN ('unreachable', \
        'server_refused', 'tls_failed', 'certificate_untrusted', 'certificate_mismatch', 'certificate_expired', \
        'certificate_invalid', 'sign_in_refused', 'connection_lost', 'message_deferred') LIMIT $2)";
    CANCEL = "UPDATE outbox SET state = 'cancelled', last_error = $3, done_at = $4, lease_until = NULL, \
        lease_token = NULL WHERE organization_id = $1 AND session_id = $2 AND state IN ('pending', 'leased')";
    RECLAIM = "UPDATE outbox SET next_at = $1 WHERE state IN ('pending', 'leased') AND state = 'leased'";
    NEXT_DUE = "SELECT MIN(next_at) AS next_at FROM outbox WHERE state IN ('pending', 'leased')";
    WAITING = "SELECT kind, state, COUNT(*) AS count, MIN(created_at) AS oldest_at FROM outbox \
        WHERE state IN ('pending', 'leased') GROUP BY kind, state";
    DEAD = "SELECT kind, 'dead' AS state, COUNT(*) AS count, MIN(created_at) AS oldest_at FROM outbox \
        WHERE state = 'dead' GROUP BY kind";
    NEWEST = "SELECT state, attempts, last_error, done_at FROM outbox WHERE organization_id = $1 AND session_id = $2 \
        ORDER BY created_at DESC, outbox_id DESC LIMIT 1";
}

pub(super) static LEASES: LazyLock<Picking> = LazyLock::new(|| Picking::of(LEASE));
pub(super) static RELEASES: LazyLock<Picking> = LazyLock::new(|| Picking::of(RELEASE));
pub(super) static INSERTS: LazyLock<RowTexts> = LazyLock::new(|| RowTexts::of(INSERT));
pub(super) static INSERTS_SENT: LazyLock<RowTexts> = LazyLock::new(|| RowTexts::of(INSERT_SENT));

/// Adds invitations, with few statements.
pub(super) async fn insert_all(
    conn: &mut AnyConnection,
    rows: &[&NewInvitation],
) -> Result<(), StoreError> {
    for query in INSERTS.queries(Engine::of(conn), rows, |places, row| bind(places, row)) {
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

/// Adds invitations that the embedded mailbox keeps from the same moment, with few statements.
pub(super) async fn insert_all_sent(
    conn: &mut AnyConnection,
    rows: &[&NewInvitation],
) -> Result<(), StoreError> {
    for query in INSERTS_SENT.queries(Engine::of(conn), rows, |places, row| bind_sent(places, row))
    {
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

pub(super) fn bind_sent<'q>(places: Places<'q>, row: &'q NewInvitation) -> Places<'q> {
    bind(places, row).bind(row.created_at)
}

pub(super) fn bind<'q>(places: Places<'q>, row: &'q NewInvitation) -> Places<'q> {
    places
        .bind(row.organization.to_string())
        .bind(row.id.to_string())
        .bind(row.environment.as_str())
        .bind(row.session.to_string())
        .bind(row.created_at)
        .bind(row.created_at)
}

/// Leases what is due. The attempt is counted now, so that one that takes the process with it counts too.
pub struct Lease {
    /// Unix milliseconds.
    pub now: i64,
    /// When the lease ends.
    pub until: i64,
    /// Never used before.
    pub token: EventId,
    /// At most so many rows.
    pub limit: i64,
}

impl Change for Lease {
    type Outcome = Vec<Leased>;

    fn reshows(&self) -> Reshown {
        Reshown::None
    }

    async fn apply(
        self,
        conn: &mut AnyConnection,
        engine: Engine,
    ) -> Result<Vec<Leased>, StoreError> {
        let sql = LEASES.text(engine);
        let rows = sqlx::query(sql)
            .bind(self.now)
            .bind(self.limit)
            .bind(self.token.to_string())
            .bind(self.until)
            .fetch_all(conn)
            .await?;
        rows.iter().map(|row| leased(row, self.token)).collect()
    }
}

fn leased(row: &AnyRow, token: EventId) -> Result<Leased, StoreError> {
    Ok(Leased {
        organization: row.parsed("organization_id", OrganizationId::parse)?,
        id: row.parsed("outbox_id", EventId::parse)?,
        session: row.parsed("session_id", SessionId::parse)?,
        environment: row.parsed("environment", Environment::parse)?,
        attempts: row.plain("attempts")?,
        last_error: row.plain("last_error")?,
        token,
    })
}

/// Makes a lease last longer, while its attempt is under way.
pub struct Extend {
    /// The caller's.
    pub lease: Leased,
    /// When it ends now, Unix milliseconds.
    pub until: i64,
}

impl Change for Extend {
    /// False if the lease is no longer the caller's.
    type Outcome = bool;

    fn reshows(&self) -> Reshown {
        Reshown::None
    }

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<bool, StoreError> {
        let result = sqlx::query(EXTEND)
            .bind(self.lease.organization.to_string())
            .bind(self.lease.id.to_string())
            .bind(self.lease.token.to_string())
            .bind(self.until)
            .execute(conn)
            .await?;
        Ok(result.rows_affected() == 1)
    }
}

/// Writes how an attempt ended. False if the lease is no longer the caller's: then nothing was written.
///
/// # Errors
/// Those of the database.
pub async fn end(
    conn: &mut AnyConnection,
    lease: &Leased,
    ended: Ended,
    now: i64,
) -> Result<bool, StoreError> {
    let (state, next_at, error, done_at) = match ended {
        Ended::Sent => ("sent", now, None, Some(now)),
        Ended::Dead(why) => ("dead", now, Some(why), Some(now)),
        Ended::Cancelled(why) => ("cancelled", now, Some(why), Some(now)),
        Ended::Retry { next_at, error } => ("pending", next_at, Some(error), None),
    };
    let result = sqlx::query(END)
        .bind(lease.organization.to_string())
        .bind(lease.id.to_string())
        .bind(lease.token.to_string())
        .bind(state)
        .bind(next_at)
        .bind(error)
        .bind(done_at)
        .execute(conn)
        .await?;
    Ok(result.rows_affected() == 1)
}

/// Cancels what a session has queued, for this reason; says how much that was. An attempt that is under way at this
/// moment may still succeed, but writes nothing any more.
///
/// # Errors
/// Those of the database.
pub(super) async fn cancel(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    session: SessionId,
    why: &'static str,
    now: i64,
) -> Result<u64, StoreError> {
    let result = sqlx::query(CANCEL)
        .bind(organization.to_string())
        .bind(session.to_string())
        .bind(why)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(result.rows_affected())
}

/// The server answers again: what failed because it did not is due now.
pub struct Release {
    /// Unix milliseconds.
    pub now: i64,
}

impl Change for Release {
    type Outcome = ();

    fn reshows(&self) -> Reshown {
        Reshown::None
    }

    async fn apply(self, conn: &mut AnyConnection, engine: Engine) -> Result<(), StoreError> {
        let sql = RELEASES.text(engine);
        sqlx::query(sql)
            .bind(self.now)
            .bind(i64::MAX)
            .execute(conn)
            .await?;
        Ok(())
    }
}

/// Takes up what an earlier run of this server has left leased, where no other server can hold a lease.
pub struct Reclaim {
    /// Unix milliseconds.
    pub now: i64,
}

impl Change for Reclaim {
    type Outcome = ();

    fn reshows(&self) -> Reshown {
        Reshown::None
    }

    async fn apply(self, conn: &mut AnyConnection, engine: Engine) -> Result<(), StoreError> {
        if engine == Engine::Sqlite {
            sqlx::query(RECLAIM).bind(self.now).execute(conn).await?;
        }
        Ok(())
    }
}

/// When the next row is due, Unix milliseconds.
///
/// # Errors
/// Those of the database.
pub async fn next_due(conn: &mut AnyConnection) -> Result<Option<i64>, StoreError> {
    sqlx::query(NEXT_DUE)
        .fetch_one(conn)
        .await?
        .plain("next_at")
}

/// What waits of all organizations, and what was given up.
///
/// # Errors
/// Those of the database.
pub async fn waiting(conn: &mut AnyConnection) -> Result<Vec<Waiting>, StoreError> {
    let mut found = Vec::new();
    for sql in [WAITING, DEAD] {
        for row in sqlx::query(sql).fetch_all(&mut *conn).await? {
            found.push(Waiting {
                kind: row.plain("kind")?,
                state: row.plain("state")?,
                count: row.plain("count")?,
                oldest_at: row.plain("oldest_at")?,
            });
        }
    }
    Ok(found)
}

/// How a session's newest delivery stands; none if nothing was ever queued.
///
/// # Errors
/// Those of the database.
pub async fn newest(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    session: SessionId,
) -> Result<Option<Delivery>, StoreError> {
    let row = sqlx::query(NEWEST)
        .bind(organization.to_string())
        .bind(session.to_string())
        .fetch_optional(conn)
        .await?;
    row.map(|row| {
        Ok(Delivery {
            state: row.plain("state")?,
            attempts: row.plain("attempts")?,
            last_error: row.plain("last_error")?,
            done_at: row.plain("done_at")?,
        })
    })
    .transpose()
}
