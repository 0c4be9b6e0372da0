//! The hot change: a session with all that belongs to it.

mod shape;
#[cfg(test)]
mod tests;

use sqlx::AnyConnection;

use super::capture_links::CaptureLinkRow;
use super::data_keys::DataKeyRow;
use super::idempotency::IdempotencyRow;
use super::mailbox::MailboxRow;
use super::outbox::NewInvitation;
use super::session_events::SessionEventRow;
use super::sessions::SessionRow;
use super::{
    Change, Engine, Reshown, StoreError, capture_links, data_keys, idempotency, mailbox, outbox,
    session_events, sessions,
};
use shape::SHAPES;

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
    /// Its invitation, if there is to be one.
    pub invitation: Option<NewInvitation>,
    /// What the embedded mailbox keeps of the invitation: with it, the invitation counts as sent.
    pub kept: Option<MailboxRow>,
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

    fn reshows(&self) -> Reshown {
        Reshown::None
    }

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
        insert(conn, &[&self]).await?;
        Ok(Created::New)
    }
}

/// Applies creations together, no two of which have the same key, and says which of them were written. The key of each
/// other one is taken: it has yet to be applied by itself. If this fails, nothing is said about any of them.
///
/// # Errors
/// Those of the database, [`StoreError::UniqueViolation`] among them.
pub(super) async fn apply_all(
    conn: &mut AnyConnection,
    creations: &[&CreateSession],
) -> Result<Vec<bool>, StoreError> {
    let records: Vec<_> = creations
        .iter()
        .filter_map(|creation| creation.idempotency.as_ref())
        .collect();
    // First, since the primary key of the records decides between concurrent copies.
    let claimed = idempotency::claim_all(conn, &records).await?;
    let is_new: Vec<bool> = creations
        .iter()
        .map(|creation| {
            let record = creation.idempotency.as_ref();
            record.is_none_or(|record| claimed.contains(&record.session))
        })
        .collect();
    let new: Vec<&CreateSession> = creations
        .iter()
        .zip(&is_new)
        .filter_map(|(creation, is_new)| is_new.then_some(*creation))
        .collect();
    insert(conn, &new).await?;
    Ok(is_new)
}

/// Writes all rows but the records of keys.
async fn insert(conn: &mut AnyConnection, new: &[&CreateSession]) -> Result<(), StoreError> {
    if !Engine::of(conn).takes_several_statements() {
        return insert_by_table(conn, new).await;
    }
    let mut others = new.to_vec();
    for shape in &SHAPES {
        let (fitting, rest): (Vec<_>, Vec<_>) = others.into_iter().partition(|new| shape.fits(new));
        shape.insert(conn, &fitting).await?;
        others = rest;
    }
    insert_by_table(conn, &others).await
}

async fn insert_by_table(
    conn: &mut AnyConnection,
    new: &[&CreateSession],
) -> Result<(), StoreError> {
    let data_keys: Vec<_> = new.iter().map(|new| &new.data_key).collect();
    data_keys::insert_all(conn, &data_keys).await?;
    let sessions: Vec<_> = new.iter().map(|new| &new.session).collect();
    sessions::insert_all(conn, &sessions).await?;
    let links: Vec<_> = new.iter().map(|new| &new.link).collect();
    capture_links::insert_all(conn, &links).await?;
    let events: Vec<_> = new.iter().flat_map(|new| &new.events).collect();
    session_events::insert_all(conn, &events).await?;
    let (kept, waiting): (Vec<_>, Vec<_>) = new
        .iter()
        .filter_map(|new| Some((new.invitation.as_ref()?, new.kept.as_ref())))
        .partition(|(_, kept)| kept.is_some());
    let waiting: Vec<_> = waiting
        .into_iter()
        .map(|(invitation, _)| invitation)
        .collect();
    outbox::insert_all(conn, &waiting).await?;
    let sent: Vec<_> = kept.iter().map(|(invitation, _)| *invitation).collect();
    outbox::insert_all_sent(conn, &sent).await?;
    let kept: Vec<_> = kept.into_iter().filter_map(|(_, kept)| kept).collect();
    mailbox::insert_all(conn, &kept).await
}
