//! The hot change: a session with all that belongs to it.

use sqlx::AnyConnection;

use super::capture_links::CaptureLinkRow;
use super::data_keys::DataKeyRow;
use super::idempotency::IdempotencyRow;
use super::outbox::NewInvitation;
use super::session_events::SessionEventRow;
use super::sessions::SessionRow;
use super::{
    Change, Engine, StoreError, capture_links, data_keys, idempotency, outbox, session_events,
    sessions,
};

/// Everything that a creation writes.
#[derive(Debug, Clone)]
pub struct CreateSession {
    /// What keeps a retry from creating twice, if the caller sent a key.
    pub idempotency: Option<IdempotencyRow>,
    /// What seals the session.
    pub data_key: DataKeyRow,
    /// The session.
    pub session: SessionRow,
    /// Its link.
    pub link: CaptureLinkRow,
    /// The beginning of its timeline.
    pub events: Vec<SessionEventRow>,
    /// Its invitation, if it is to be sent one.
    pub invitation: Option<NewInvitation>,
}

/// What became of a creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// Written.
    New,
    /// The same request was written before under the same key: this is its record.
    Replay(IdempotencyRow),
    /// Another request was written before under the same key.
    Mismatch,
}

impl Change for CreateSession {
    type Outcome = Created;

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<Created, StoreError> {
        // First, since the primary key of the records decides between concurrent copies.
        if let Some(record) = &self.idempotency
            && !idempotency::claim(conn, record).await?
        {
            return match idempotency::find(conn, &record.scope, record.created_at).await? {
                Some(earlier) if earlier.fingerprint == record.fingerprint => {
                    Ok(Created::Replay(earlier))
                }
                Some(_) => Ok(Created::Mismatch),
                // It was refused for a record that is gone a moment later: the caller may try again.
                None => Err(StoreError::Unavailable(
                    "an idempotency record was purged meanwhile".to_owned(),
                )),
            };
        }
        data_keys::insert(conn, &self.data_key).await?;
        sessions::insert(conn, &self.session).await?;
        capture_links::insert(conn, &self.link).await?;
        for event in &self.events {
            session_events::insert(conn, event).await?;
        }
        if let Some(invitation) = &self.invitation {
            outbox::insert(conn, invitation).await?;
        }
        Ok(Created::New)
    }
}
