//! A stored session as the API shows it (`wire.md` 7.3), with its state as the clock sees it.

use std::collections::HashMap;

use sqlx::AnyConnection;
use vouchkey_types::id::{OrganizationId, SessionId};
use vouchkey_types::json::{self, Json, Object};
use vouchkey_types::session::response::SessionResponse;

use super::capture_url::capture_url;
use super::sealed::{Field, SessionKey};
use crate::app::AppState;
use crate::http::ApiError;
use crate::store::StoreError;
use crate::store::capture_links::{self, CaptureLinkRow};
use crate::store::data_keys::{self, DataKeyRow};
use crate::store::sessions::SessionRow;
use crate::store::shown_session::ShownSession;
use crate::vault::OpenError;

/// A session with the rows that showing it needs.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The session.
    pub session: SessionRow,
    /// Its live link, if it has one.
    pub link: Option<CaptureLinkRow>,
    /// Its data key.
    pub key: Option<DataKeyRow>,
}

impl Stored {
    /// Reads what belongs to a session.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn complete(
        conn: &mut AnyConnection,
        session: SessionRow,
    ) -> Result<Self, StoreError> {
        let link = capture_links::live(conn, session.organization, session.id).await?;
        let key = data_keys::find(conn, session.organization, session.id).await?;
        Ok(Self { session, link, key })
    }

    /// Reads what belongs to the sessions of a page, in two queries for all of them.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn complete_all(
        conn: &mut AnyConnection,
        organization: OrganizationId,
        sessions: Vec<SessionRow>,
    ) -> Result<Vec<Self>, StoreError> {
        let ids: Vec<SessionId> = sessions.iter().map(|session| session.id).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let links = capture_links::live_of_all(conn, organization, &ids).await?;
        let mut links: HashMap<_, _> = links.into_iter().map(|link| (link.session, link)).collect();
        let keys = data_keys::find_all(conn, organization, &ids).await?;
        let mut keys: HashMap<_, _> = keys.into_iter().map(|key| (key.session, key)).collect();
        let complete = |session: SessionRow| Self {
            link: links.remove(&session.id),
            key: keys.remove(&session.id),
            session,
        };
        Ok(sessions.into_iter().map(complete).collect())
    }

    /// What is shown of it.
    pub fn into_shown(self) -> ShownSession {
        ShownSession::of(self.session, self.link.as_ref(), self.key)
    }
}

/// The session object. What can no longer be opened because its key was destroyed is left empty.
///
/// # Errors
/// 500 if a sealed value was changed or sealed under another key.
pub fn view(
    state: &AppState,
    session: &ShownSession,
    now: i64,
) -> Result<SessionResponse, ApiError> {
    let metadata = metadata(state, session).map_err(|error| ApiError::internal(&error))?;
    Ok(with_metadata(state, session, now, metadata))
}

/// The session object in a list. A value that cannot be opened is `null` in it: not empty, as if there were none, and no
/// reason to keep the others from whoever asks. The log tells the operator which it is.
pub fn listed(state: &AppState, session: &ShownSession, now: i64) -> Json {
    let damage = match metadata(state, session) {
        Ok(metadata) => return with_metadata(state, session, now, metadata).to_json(),
        Err(damage) => damage,
    };
    tracing::error!(
        organization = %session.organization,
        session = %session.id,
        value = "metadata",
        cause = %damage,
        "a value is damaged; lists show it as null, and the session cannot be read"
    );
    let whole = with_metadata(state, session, now, Object::new()).to_json();
    let mut shown = Object::new();
    for (name, value) in whole.as_object().into_iter().flat_map(Object::iter) {
        let is_damaged = name == "metadata";
        shown.push(
            name,
            if is_damaged {
                Json::Null
            } else {
                value.clone()
            },
        );
    }
    shown.into()
}

fn with_metadata(
    state: &AppState,
    session: &ShownSession,
    now: i64,
    metadata: Object,
) -> SessionResponse {
    let status = session.status_at(now);
    let link = session
        .link
        .filter(|(_, expires_at)| status.is_open() && now < *expires_at);
    SessionResponse {
        id: session.id.to_string(),
        status,
        environment: session.environment,
        created_at_ms: session.created_at,
        updated_at_ms: session.updated_at,
        external_ref: session.external_ref.clone(),
        metadata,
        country: session.country.clone(),
        checks: session.checks.clone(),
        workflow_id: session.workflow.map(|id| id.to_string()),
        retention_status: session.retention_status.as_str().to_owned(),
        processing_attempts: session.processing_attempts,
        capture_url: link.map(|(link, _)| capture_url(&state.public_url, &state.secrets, link)),
        token_expires_at_ms: Some(link.map_or(session.expires_at, |(_, expires_at)| expires_at)),
        tags: session.tags.clone(),
    }
}

/// Why metadata cannot be shown.
#[derive(Debug, thiserror::Error)]
enum Damage {
    #[error(transparent)]
    Sealed(#[from] OpenError),
    #[error("stored metadata is no JSON object")]
    NoObject,
}

fn metadata(state: &AppState, session: &ShownSession) -> Result<Object, Damage> {
    let Some((sealed, row)) = session.metadata.as_ref().zip(session.key.as_ref()) else {
        return Ok(Object::new());
    };
    let Some(key) = SessionKey::open(&state.vault, row)? else {
        return Ok(Object::new());
    };
    match json::read(&key.unseal(Field::Metadata, sealed)?) {
        Ok(Json::Object(metadata)) => Ok(metadata),
        _ => Err(Damage::NoObject),
    }
}
