//! Erasure: a session's data key is destroyed, and with it goes all that is sealed (decision 25).

use sqlx::AnyConnection;
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{EventId, OrganizationId, SessionId};

use super::session_events::{self, SessionEventRow};
use super::{
    Change, Engine, Reshown, StoreError, capture_links, data_keys, mailbox, outbox, sessions,
};

/// Erases what identifies a person in a session. What is left are ids, state and times.
#[derive(Debug, Clone)]
pub struct RedactSession {
    /// Whose session it is.
    pub organization: OrganizationId,
    /// Where it lives.
    pub environment: Environment,
    /// Which session.
    pub session: SessionId,
    /// Who erases, as in the timeline: `key:key_…`, `user:usr_…` or `system`.
    pub actor: String,
    /// For the event.
    pub event: EventId,
    /// For the note that mail was cancelled, if some waits.
    pub note: EventId,
    /// Unix milliseconds.
    pub now: i64,
}

/// What became of an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redacted {
    /// Erased.
    Now,
    /// It was erased before; nothing was written.
    Before,
    /// There is no such session; nothing was written.
    NotFound,
}

impl Change for RedactSession {
    type Outcome = Redacted;

    fn reshows(&self) -> Reshown {
        Reshown::These(vec![(self.organization, self.environment, self.session)])
    }

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<Redacted, StoreError> {
        let (organization, session, now) = (self.organization, self.session, self.now);
        let sequence = sessions::redact(conn, organization, self.environment, session, now).await?;
        if sequence.is_none() {
            let found = sessions::find(conn, organization, self.environment, session).await?;
            return Ok(found.map_or(Redacted::NotFound, |_| Redacted::Before));
        }
        data_keys::destroy(conn, organization, session, now).await?;
        capture_links::revoke_all(conn, organization, session, now).await?;
        mailbox::delete_of_session(conn, organization, session).await?;
        let entry = |id, event: &str, actor: &str, sequence, detail: &str| SessionEventRow {
            organization,
            session,
            id,
            event: event.to_owned(),
            actor: actor.to_owned(),
            sequence,
            detail: detail.to_owned(),
            created_at: now,
        };
        let event = entry(self.event, "session.redacted", &self.actor, sequence, "{}");
        session_events::insert(conn, &event).await?;
        if outbox::cancel(conn, organization, session, "erased", now).await? > 0 {
            let reason = r#"{"reason":"erased"}"#;
            let note = entry(self.note, "invitation.cancelled", "system", None, reason);
            session_events::insert(conn, &note).await?;
        }
        Ok(Redacted::Now)
    }
}
