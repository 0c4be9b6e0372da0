//! `GET /admin/v1/sessions/{id}`: a session with what the API does not show of it: the applicant, the invitation, the
//! prefill, who created it and its timeline.

use std::cmp::Reverse;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use http::request::Parts;
use sqlx::AnyConnection;
use vouchkey_types::date::format_utc;
use vouchkey_types::id::{KeyId, OrganizationId, SessionId, UserId};
use vouchkey_types::json::{self, Json, Object};
use vouchkey_types::object;
use vouchkey_types::scope::Scope;

use super::signed_in;
use crate::app::AppState;
use crate::http::caller::named_environment;
use crate::http::{Answer, ApiError};
use crate::invitations;
use crate::sessions::get::not_found;
use crate::sessions::sealed::{Field, SessionKey};
use crate::sessions::view::{Stored, view};
use crate::store::api_keys::{self, ApiKeyRow};
use crate::store::organizations::{self, OrganizationRow};
use crate::store::outbox::{self, Delivery};
use crate::store::session_events::{self, SessionEventRow};
use crate::store::{StoreError, sessions, sign_ins};

/// The newest entries of a timeline that are shown.
const TIMELINE: i64 = 200;

pub(super) async fn show(
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
    parts: Parts,
) -> Result<Answer, ApiError> {
    let user = signed_in::require(&state, &parts.headers).await?;
    user.require(Scope::SessionsRead)?;
    let environment = named_environment(&parts)?;
    let id = id.ok().and_then(|Path(id)| SessionId::parse(&id));
    let id = id.ok_or_else(not_found)?;
    let organization = user.organization;
    let found = state
        .store
        .read(async |conn| {
            let session = sessions::find(conn, organization, environment, id).await?;
            let Some(session) = session else {
                return Ok(None);
            };
            let stored = Stored::complete(conn, session).await?;
            Detail::read(conn, stored).await.map(Some)
        })
        .await?
        .ok_or_else(not_found)?;
    Ok(Answer::ok(found.to_json(&state)?))
}

/// What is read of a session.
struct Detail {
    stored: Stored,
    organization: Option<OrganizationRow>,
    delivery: Option<Delivery>,
    created_by: String,
    timeline: Vec<SessionEventRow>,
}

impl Detail {
    async fn read(conn: &mut AnyConnection, stored: Stored) -> Result<Self, StoreError> {
        let (organization, session) = (stored.session.organization, stored.session.id);
        let mut timeline = session_events::list(conn, organization, session, TIMELINE).await?;
        // Newest first; what happened in the same millisecond stands above the event that caused it.
        timeline.sort_by_key(|row| (Reverse(row.created_at), row.sequence.is_some()));
        Ok(Self {
            organization: organizations::find(conn, organization).await?,
            delivery: outbox::newest(conn, organization, session).await?,
            created_by: name_of(conn, organization, &stored.session.created_by).await?,
            timeline,
            stored,
        })
    }

    fn to_json(&self, state: &AppState) -> Result<Object, ApiError> {
        let sealed = &self.stored.session.sealed;
        let key = match &self.stored.key {
            Some(row) => {
                SessionKey::open(&state.vault, row).map_err(|error| ApiError::internal(&error))?
            }
            None => None,
        };
        // What was sealed under a destroyed key is gone.
        let text = |field, sealed: &Option<Vec<u8>>| match &key {
            Some(key) => key
                .text(field, sealed.as_deref())
                .map_err(|error| ApiError::internal(&error)),
            None => Ok(None),
        };
        let fields = text(Field::Prefill, &sealed.prefill)?
            .and_then(|text| json::read(text.as_bytes()).ok())
            .unwrap_or_else(|| Object::new().into());
        let brand = text(Field::EmailDisplayName, &sealed.email_display_name)?;
        let support_url = text(Field::SupportUrl, &sealed.support_url)?;
        let shown = self.stored.clone().into_shown();
        let session = view(state, &shown, state.clock.now_ms())?;
        Ok(object! {
            "session": session.to_json(),
            "applicant": object! {
                "email": text(Field::ApplicantEmail, &sealed.applicant_email)?,
                "name": text(Field::ApplicantName, &sealed.applicant_name)?,
            },
            "invitation": self.invitation(brand.as_deref(), support_url),
            "redirect_url": text(Field::RedirectUrl, &sealed.redirect_url)?,
            "fields": fields,
            "created_by": self.created_by.as_str(),
            "timeline": self.timeline.iter().map(|row| self.entry(row)).collect::<Vec<_>>(),
        })
    }

    /// Whoever created the session is named as everywhere on the page; the rest are words of ours.
    fn entry(&self, row: &SessionEventRow) -> Json {
        let detail = json::read(row.detail.as_bytes()).unwrap_or_else(|_| Object::new().into());
        let actor = if row.actor == self.stored.session.created_by {
            &self.created_by
        } else {
            &row.actor
        };
        object! {
            "id": row.id.to_string(),
            "event": row.event.as_str(),
            "actor": actor.as_str(),
            "detail": detail,
            "created_at": format_utc(row.created_at),
        }
        .into()
    }

    fn invitation(&self, brand: Option<&str>, support_url: Option<String>) -> Option<Object> {
        let delivery = self.delivery.as_ref()?;
        let organization = self.organization.as_ref()?;
        let sent_at = delivery.done_at.filter(|_| delivery.state == "sent");
        Some(object! {
            "brand": invitations::brand(
                brand,
                organization.email_display_name.as_deref(),
                &organization.name,
            ),
            "support_url": support_url.or_else(|| organization.support_url.clone()),
            "state": delivery.state.as_str(),
            "attempts": delivery.attempts,
            "last_error": delivery.last_error.clone(),
            "sent_at": sent_at.map(format_utc),
        })
    }
}

/// Who created a session, in words: a key's label or a user's address; else what is written.
async fn name_of(
    conn: &mut AnyConnection,
    organization: OrganizationId,
    actor: &str,
) -> Result<String, StoreError> {
    let name = match actor.split_once(':') {
        Some(("key", id)) => match KeyId::parse(id) {
            Some(id) => api_keys::find_by_id(conn, organization, id)
                .await?
                .map(named),
            None => None,
        },
        Some(("user", id)) => match UserId::parse(id) {
            Some(id) => Some(
                sign_ins::find_user(conn, organization, id)
                    .await?
                    .map_or_else(|| format!("removed user {id}"), |user| user.email),
            ),
            None => None,
        },
        _ => None,
    };
    Ok(name
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| actor.to_owned()))
}

/// A key's label; without one, its last characters, by which people know it.
fn named(key: ApiKeyRow) -> String {
    if key.label.is_empty() {
        format!("API key …{}", key.hint)
    } else {
        key.label
    }
}
