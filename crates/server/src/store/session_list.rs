//! Lists of sessions, newest first (decision 18).

mod filter;
#[cfg(test)]
mod tests;

use sqlx::AnyConnection;
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::OrganizationId;
use vouchkey_types::session::list::ListQuery;

use super::sessions::SessionRow;
use super::{Engine, StoreError};
use filter::{Filter, Seeking};

/// Up to here a total is counted exactly.
pub const MAX_TOTAL: i64 = 10_000;

/// A page of sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionPage {
    /// The sessions, newest first.
    pub sessions: Vec<SessionRow>,
    /// Whether there are more.
    pub has_more: bool,
    /// How many match in all; None beyond [`MAX_TOTAL`].
    pub total: Option<i64>,
}

/// The page that `query` asks for, with statuses as the clock sees them at `now`.
///
/// # Errors
/// Those of the database.
pub async fn list(
    conn: &mut AnyConnection,
    engine: Engine,
    organization: OrganizationId,
    environment: Environment,
    query: &ListQuery,
    now: i64,
) -> Result<SessionPage, StoreError> {
    let texts = [&query.external_ref, &query.q];
    if texts.into_iter().flatten().any(|text| text.contains('\0')) {
        // PostgreSQL takes no such text, so that no row holds it.
        return Ok(SessionPage {
            sessions: Vec::new(),
            has_more: false,
            total: Some(0),
        });
    }
    let filter = |seeking| Filter::of(organization, environment, query, now, seeking);
    let mut found = filter(Seeking::InTheIndex(engine));
    let total = found.count(conn).await?;
    if total > MAX_TOTAL {
        // A walk through time meets a page of so many sooner than they are sorted.
        found = filter(Seeking::ThroughTime);
    }
    let mut sessions = found.page(conn, &query.start, query.limit + 1).await?;
    let limit = usize::try_from(query.limit).unwrap_or_default();
    let has_more = sessions.len() > limit;
    sessions.truncate(limit);
    Ok(SessionPage {
        sessions,
        has_more,
        total: (total <= MAX_TOTAL).then_some(total),
    })
}
