//! What is done off the path of requests: lapsed sessions, old idempotency records, uses of keys.

use std::collections::HashMap;
use std::sync::LazyLock;

use sqlx::AnyConnection;
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{EventId, KeyId, OrganizationId, SessionId};

use super::columns::{Columns, statements};
use super::engine::Picking;
use super::session_events::{self, SessionEventRow};
use super::shown_session::Which;
use super::{Change, Engine, Reshown, StoreError, api_keys, idempotency, sign_ins};

statements! {
    EXPIRE = "UPDATE sessions SET status = 'expired', updated_at = $1, row_version = row_version + 1, \
        last_sequence = last_sequence + 1 WHERE status IN ('pending', 'capturing') AND expires_at <= $1 \
        AND (organization_id, session_id) IN (SELECT organization_id, session_id FROM sessions \
        WHERE status IN ('pending', 'capturing') AND expires_at <= $1 ORDER BY expires_at LIMIT $2) \
        RETURNING organization_id, environment, session_id, last_sequence";
    HURRY = "UPDATE outbox SET next_at = $1 WHERE (organization_id, outbox_id) IN (SELECT organization_id, outbox_id \
        FROM outbox WHERE state IN ('pending', 'leased') AND next_at > $3 LIMIT $2)";
    /// Changes nothing, and is written all the same.
    PROBE = "UPDATE schema_floor SET oldest_step = oldest_step";
}

pub(super) static EXPIRES: LazyLock<Picking> = LazyLock::new(|| Picking::of(EXPIRE));

pub(super) static HURRIES: LazyLock<Picking> = LazyLock::new(|| Picking::of(HURRY));

/// Writes lapsed sessions as expired, each with its event; one for each event id, at most.
#[derive(Debug, Clone)]
pub struct ExpireSessions {
    /// Unix milliseconds.
    pub now: i64,
    /// Ids for the events.
    pub events: Vec<EventId>,
}

impl Change for ExpireSessions {
    /// Those that had lapsed.
    type Outcome = Vec<Which>;

    fn has_reshown(_: Reshown, lapsed: &Vec<Which>) -> Reshown {
        Reshown::These(lapsed.clone())
    }

    async fn apply(
        self,
        conn: &mut AnyConnection,
        engine: Engine,
    ) -> Result<Vec<Which>, StoreError> {
        let limit = i64::try_from(self.events.len()).unwrap_or(i64::MAX);
        let sql = EXPIRES.text(engine);
        let expired = sqlx::query(sql)
            .bind(self.now)
            .bind(limit)
            .fetch_all(&mut *conn)
            .await?;
        let mut lapsed = Vec::with_capacity(expired.len());
        for (row, id) in expired.iter().zip(self.events) {
            let event = SessionEventRow {
                organization: row.parsed("organization_id", OrganizationId::parse)?,
                session: row.parsed("session_id", SessionId::parse)?,
                id,
                event: "session.expired".to_owned(),
                actor: "system".to_owned(),
                sequence: Some(row.plain("last_sequence")?),
                detail: "{}".to_owned(),
                created_at: self.now,
            };
            session_events::insert(conn, &event).await?;
            let environment = row.parsed("environment", Environment::parse)?;
            lapsed.push((event.organization, environment, event.session));
        }
        Ok(lapsed)
    }
}

/// Deletes idempotency records that have expired.
#[derive(Debug, Clone, Copy)]
pub struct PurgeIdempotency {
    /// Unix milliseconds.
    pub now: i64,
    /// At most so many.
    pub limit: i64,
}

impl Change for PurgeIdempotency {
    /// How many there were.
    type Outcome = u64;

    fn reshows(&self) -> Reshown {
        Reshown::None
    }

    async fn apply(self, conn: &mut AnyConnection, engine: Engine) -> Result<u64, StoreError> {
        idempotency::purge(conn, engine, self.now, self.limit).await
    }
}

/// Deletes failed sign-ins that are forgotten.
#[derive(Debug, Clone, Copy)]
pub struct PurgeFailures {
    /// The last failure is then or earlier, Unix milliseconds.
    pub before: i64,
    /// At most so many.
    pub limit: i64,
}

impl Change for PurgeFailures {
    /// How many there were.
    type Outcome = u64;

    fn reshows(&self) -> Reshown {
        Reshown::None
    }

    async fn apply(self, conn: &mut AnyConnection, engine: Engine) -> Result<u64, StoreError> {
        sign_ins::purge_failures(conn, engine, self.before, self.limit).await
    }
}

/// Makes deliveries due that wait for a time further ahead than any wait is long: the clock was set back.
#[derive(Debug, Clone, Copy)]
pub struct HurryDeliveries {
    /// Unix milliseconds.
    pub now: i64,
    /// No wait ends after this, Unix milliseconds.
    pub latest: i64,
    /// At most so many.
    pub limit: i64,
}

impl Change for HurryDeliveries {
    /// How many there were.
    type Outcome = u64;

    fn reshows(&self) -> Reshown {
        Reshown::None
    }

    async fn apply(self, conn: &mut AnyConnection, engine: Engine) -> Result<u64, StoreError> {
        let sql = HURRIES.text(engine);
        let result = sqlx::query(sql)
            .bind(self.now)
            .bind(self.limit)
            .bind(self.latest)
            .execute(conn)
            .await?;
        Ok(result.rows_affected())
    }
}

/// Writes when keys were last used.
#[derive(Debug, Clone)]
pub struct TouchKeys(
    /// The keys, and Unix milliseconds.
    pub HashMap<(OrganizationId, KeyId), i64>,
);

impl Change for TouchKeys {
    type Outcome = ();

    fn reshows(&self) -> Reshown {
        Reshown::None
    }

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        let mut used: Vec<_> = self.0.into_iter().collect();
        // In one order, so that two servers with the same keys cannot lock each other.
        used.sort_unstable();
        for ((organization, key), used_at) in used {
            api_keys::touch(conn, organization, key, used_at).await?;
        }
        Ok(())
    }
}

/// Writes nothing new: whether the database takes a write at all.
#[derive(Debug, Clone, Copy)]
pub struct Probe;

impl Change for Probe {
    type Outcome = ();

    fn reshows(&self) -> Reshown {
        Reshown::None
    }

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<(), StoreError> {
        sqlx::query(PROBE).execute(conn).await?;
        Ok(())
    }
}
