//! Sessions: in a list, and one with all that is known of it.

use vouchkey_types::json::{Json, Object};
use vouchkey_types::session::status::SessionStatus;

use super::{Moment, items, moment, next_cursor, text, texts};

/// Rows of a page of the list.
pub(crate) const PAGE_SIZE: &str = "25";

/// What the list was asked for; empty where nothing was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Query {
    pub(crate) q: String,
    pub(crate) status: String,
    pub(crate) cursor: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Page {
    pub(crate) rows: Vec<Session>,
    /// How many match; absent above 10,000.
    pub(crate) total: Option<i64>,
    pub(crate) next_cursor: Option<String>,
}

impl Page {
    pub(crate) fn read(json: &Json) -> Option<Self> {
        Some(Self {
            rows: items(json, "data", Session::read)?,
            total: json.get("pagination")?.get("total").and_then(Json::as_i64),
            next_cursor: next_cursor(json),
        })
    }
}

/// The session object of the API.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) status: SessionStatus,
    pub(crate) is_sandbox: bool,
    pub(crate) external_ref: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) checks: Option<Vec<String>>,
    pub(crate) workflow_id: Option<String>,
    pub(crate) metadata: Object,
    pub(crate) capture_url: Option<String>,
    pub(crate) created_at: Moment,
    pub(crate) expires_at: Option<Moment>,
    pub(crate) is_erased: bool,
}

impl Session {
    fn read(json: &Json) -> Option<Self> {
        Some(Self {
            id: text(json, "id")?,
            status: SessionStatus::parse(&text(json, "status")?)?,
            is_sandbox: json.get("is_sandbox")?.as_bool()?,
            external_ref: text(json, "external_ref"),
            country: text(json, "country"),
            checks: texts(json, "checks"),
            workflow_id: text(json, "workflow_id"),
            metadata: json
                .get("metadata")
                .and_then(Json::as_object)
                .cloned()
                .unwrap_or_default(),
            capture_url: text(json, "capture_url"),
            created_at: moment(json, "created_at")?,
            expires_at: moment(json, "token_expires_at"),
            is_erased: text(json, "retention_status").is_some_and(|status| status != "active"),
        })
    }
}

/// A session with what only the dashboard shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Detail {
    pub(crate) session: Session,
    pub(crate) applicant_email: Option<String>,
    pub(crate) applicant_name: Option<String>,
    pub(crate) invitation: Option<Invitation>,
    pub(crate) redirect_url: Option<String>,
    /// Prefill, in the order of the wire.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) created_by: Option<String>,
    pub(crate) timeline: Vec<Event>,
}

impl Detail {
    pub(crate) fn read(json: &Json) -> Option<Self> {
        let applicant = json.get("applicant");
        let fields = json.get("fields").and_then(Json::as_object);
        Some(Self {
            session: Session::read(json.get("session")?)?,
            applicant_email: applicant.and_then(|applicant| text(applicant, "email")),
            applicant_name: applicant.and_then(|applicant| text(applicant, "name")),
            invitation: json.get("invitation").and_then(Invitation::read),
            redirect_url: text(json, "redirect_url"),
            fields: fields
                .map(|fields| {
                    fields
                        .iter()
                        .filter_map(|(name, value)| {
                            Some((name.to_owned(), value.as_str()?.to_owned()))
                        })
                        .collect()
                })
                .unwrap_or_default(),
            created_by: text(json, "created_by"),
            timeline: items(json, "timeline", Event::read)?,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invitation {
    pub(crate) brand: Option<String>,
    pub(crate) support_url: Option<String>,
    /// `pending`, `leased`, `sent`, `dead` or `cancelled`.
    pub(crate) state: String,
    pub(crate) attempts: i64,
    pub(crate) last_error: Option<String>,
    pub(crate) sent_at: Option<Moment>,
}

impl Invitation {
    fn read(json: &Json) -> Option<Self> {
        Some(Self {
            brand: text(json, "brand"),
            support_url: text(json, "support_url"),
            state: text(json, "state")?,
            attempts: json.get("attempts").and_then(Json::as_i64).unwrap_or(0),
            last_error: text(json, "last_error"),
            sent_at: moment(json, "sent_at"),
        })
    }
}

/// Something that happened to a session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    /// `session.created`, `link.visited`, `invitation.sent`, …
    pub(crate) name: String,
    pub(crate) detail: Object,
    pub(crate) at: Moment,
}

impl Event {
    fn read(json: &Json) -> Option<Self> {
        Some(Self {
            name: text(json, "event")?,
            detail: json
                .get("detail")
                .and_then(Json::as_object)
                .cloned()
                .unwrap_or_default(),
            at: moment(json, "created_at")?,
        })
    }
}

/// What a creation would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DryRun {
    pub(crate) letter: Option<Letter>,
    pub(crate) ignored_fields: Vec<String>,
}

/// The letter without the sample of a link in it, which looks like one that works.
fn without_link(json: &Json, letter: &str) -> Option<String> {
    let sample = text(json, "capture_url")?;
    let (start, _) = sample.rsplit_once('/')?;
    let shown = format!("{start}/… (made when you create it)");
    Some(letter.replace(&sample, &shown))
}

/// The invitation as it would be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
}

impl DryRun {
    pub(crate) fn read(json: &Json) -> Option<Self> {
        let invitation = json.get("invitation")?;
        let letter = if invitation.is_null() {
            None
        } else {
            Some(Letter {
                to: text(invitation, "to")?,
                subject: text(invitation, "subject")?,
                text: without_link(json, &text(invitation, "text")?)?,
            })
        };
        Some(Self {
            letter,
            ignored_fields: texts(json, "ignored_fields").unwrap_or_default(),
        })
    }
}
