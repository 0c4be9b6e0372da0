//! The embedded mailbox: `GET /admin/v1/mailbox`, one message, and its HTML at an address of its own.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse as _, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use sqlx::AnyConnection;
use vouchkey_types::date::format_utc;
use vouchkey_types::id::{EventId, OrganizationId};
use vouchkey_types::json::Json;
use vouchkey_types::object;
use vouchkey_types::problem::{Fault, FieldCode, FieldError, Mistakes};
use vouchkey_types::scope::Scope;

use super::signed_in;
use crate::app::AppState;
use crate::http::caller::named_environment;
use crate::http::{Answer, ApiError, Parameters, SentQuery};
use crate::invitations::QR_CID;
use crate::invitations::kept::KeptMail;
use crate::sessions::sealed::SessionKey;
use crate::store::StoreError;
use crate::store::data_keys::{self, DataKeyRow};
use crate::store::mailbox::{self, MailboxRow, Position};

const DEFAULT_LIMIT: i64 = 25;
const MAX_LIMIT: i64 = 100;

/// For a mail's own HTML: styles that stand in it and images that are part of it, no script, no way out, and shown by
/// the dashboard alone.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'";

/// What stands in the address, which may not even be text.
type MessageId = Result<Path<String>, PathRejection>;

pub(super) async fn list(State(state): State<AppState>, parts: Parts) -> Result<Answer, ApiError> {
    let user = signed_in::require(&state, &parts.headers).await?;
    user.require(Scope::SessionsRead)?;
    let environment = named_environment(&parts)?;
    let page = SentQuery::of(&parts.uri).read();
    let Page { limit, after } = page.map_err(ApiError::validation)?;
    let mut rows = state
        .store
        .read(async |conn| {
            // One more than is shown tells whether there is another page.
            let rows =
                mailbox::list(conn, user.organization, environment, after, limit + 1).await?;
            with_keys(conn, rows).await
        })
        .await?;
    let has_more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if has_more {
        rows.pop();
    }
    let next_cursor = rows
        .last()
        .filter(|_| has_more)
        .map(|kept| cursor(&kept.row));
    let mut data: Vec<Json> = Vec::with_capacity(rows.len());
    for kept in &rows {
        let message = kept.open(&state)?.map(|mail| mail.rendered);
        data.push(
            object! {
                "id": kept.row.id.to_string(),
                "session_id": kept.row.session.to_string(),
                "to": message.as_ref().map(|message| message.to.as_str()),
                "subject": message.as_ref().map(|message| message.subject.as_str()),
                "created_at": format_utc(kept.row.created_at),
            }
            .into(),
        );
    }
    Ok(Answer::ok(object! {
        "data": data,
        "pagination": object! { "limit": limit, "next_cursor": next_cursor },
    }))
}

pub(super) async fn show(
    State(state): State<AppState>,
    id: MessageId,
    headers: HeaderMap,
) -> Result<Answer, ApiError> {
    let (row, KeptMail { from, rendered }) = message(&state, &headers, id).await?;
    Ok(Answer::ok(object! {
        "id": row.id.to_string(),
        "session_id": row.session.to_string(),
        "environment": row.environment.as_str(),
        "from": from,
        "to": rendered.to,
        "subject": rendered.subject,
        "text": rendered.text,
        "created_at": format_utc(row.created_at),
        "html_url": format!("/admin/v1/mailbox/{}/html", row.id),
    }))
}

pub(super) async fn html(
    State(state): State<AppState>,
    id: MessageId,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (_, KeptMail { rendered, .. }) = message(&state, &headers, id).await?;
    let qr = vouchkey_qr::png_data_url(&rendered.capture_url).unwrap_or_default();
    let html = rendered.html.replace(&format!("cid:{QR_CID}"), &qr);
    let mut response = Html(html).into_response();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

async fn message(
    state: &AppState,
    headers: &HeaderMap,
    id: MessageId,
) -> Result<(MailboxRow, KeptMail), ApiError> {
    let user = signed_in::require(state, headers).await?;
    user.require(Scope::SessionsRead)?;
    let id = id.ok().and_then(|Path(id)| EventId::parse(&id));
    let id = id.ok_or_else(not_found)?;
    let kept = find(state, user.organization, id)
        .await?
        .ok_or_else(not_found)?;
    let message = kept.open(state)?.ok_or_else(not_found)?;
    Ok((kept.row, message))
}

async fn find(
    state: &AppState,
    organization: OrganizationId,
    id: EventId,
) -> Result<Option<Kept>, ApiError> {
    let found = state
        .store
        .read(
            async |conn| match mailbox::find(conn, organization, id).await? {
                Some(row) => with_keys(conn, vec![row]).await,
                None => Ok(Vec::new()),
            },
        )
        .await?;
    Ok(found.into_iter().next())
}

/// A message with the key that opens it.
struct Kept {
    row: MailboxRow,
    key: Option<DataKeyRow>,
}

impl Kept {
    /// None once the session's data was destroyed.
    fn open(&self, state: &AppState) -> Result<Option<KeptMail>, ApiError> {
        let unreadable = |error| ApiError::internal(&error);
        let Some(row) = &self.key else {
            return Ok(None);
        };
        let Some(key) = SessionKey::open(&state.vault, row).map_err(unreadable)? else {
            return Ok(None);
        };
        let text = key
            .unseal_message(self.row.id, &self.row.message_sealed)
            .map_err(unreadable)?;
        KeptMail::read(&text)
            .map(Some)
            .map_err(|error| ApiError::internal(&error))
    }
}

async fn with_keys(
    conn: &mut AnyConnection,
    rows: Vec<MailboxRow>,
) -> Result<Vec<Kept>, StoreError> {
    let mut kept = Vec::with_capacity(rows.len());
    for row in rows {
        let key = data_keys::find(conn, row.organization, row.session).await?;
        kept.push(Kept { row, key });
    }
    Ok(kept)
}

fn not_found() -> ApiError {
    ApiError::not_found("Message not found.")
}

/// Which part of the list is asked for.
struct Page {
    limit: i64,
    after: Option<Position>,
}

impl Parameters for Page {
    const NAMES: &'static [&'static str] = &["limit", "cursor"];

    fn parse(sent: &SentQuery) -> Result<Self, Vec<FieldError>> {
        let limit = sent.value("limit").and_then(|sent| {
            let limit = sent.map_or(Ok(DEFAULT_LIMIT), str::parse);
            let limit =
                limit.map_err(|_| Fault::new(FieldCode::WrongType, "Must be a whole number."))?;
            if (1..=MAX_LIMIT).contains(&limit) {
                Ok(limit)
            } else {
                Err(Fault::new(FieldCode::OutOfRange, "Must be 1 to 100."))
            }
        });
        let after = sent.value("cursor").and_then(|sent| {
            let unknown = || Fault::new(FieldCode::OutOfRange, "Is no cursor of this list.");
            sent.map(|text| position(text).ok_or_else(unknown))
                .transpose()
        });
        let mut mistakes = Mistakes::default();
        match (
            mistakes.keep("limit", limit),
            mistakes.keep("cursor", after),
        ) {
            (Some(limit), Some(after)) => Ok(Self { limit, after }),
            _ => Err(mistakes.into_errors()),
        }
    }
}

fn cursor(row: &MailboxRow) -> String {
    format!("{}.{}", row.created_at, row.id)
}

fn position(cursor: &str) -> Option<Position> {
    let (created_at, id) = cursor.split_once('.')?;
    Some(Position {
        created_at: created_at.parse().ok()?,
        id: EventId::parse(id)?,
    })
}
