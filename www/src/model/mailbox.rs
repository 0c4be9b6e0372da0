//! The embedded mailbox.

use vouchkey_types::json::Json;

use super::{Moment, items, moment, next_cursor, text};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) rows: Vec<Row>,
    pub(crate) next_cursor: Option<String>,
}

impl Page {
    pub(crate) fn read(json: &Json) -> Option<Self> {
        Some(Self {
            rows: items(json, "data", Row::read)?,
            next_cursor: next_cursor(json),
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) created_at: Moment,
}

impl Row {
    fn read(json: &Json) -> Option<Self> {
        Some(Self {
            id: text(json, "id")?,
            // Absent once the session's data was erased.
            to: text(json, "to").unwrap_or_else(|| "Erased".to_owned()),
            subject: text(json, "subject").unwrap_or_else(|| "Erased".to_owned()),
            created_at: moment(json, "created_at")?,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) session_id: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) created_at: Moment,
    /// Where the HTML part stands, under a policy of its own.
    pub(crate) html_url: String,
}

impl Message {
    pub(crate) fn read(json: &Json) -> Option<Self> {
        Some(Self {
            session_id: text(json, "session_id")?,
            from: text(json, "from")?,
            to: text(json, "to")?,
            subject: text(json, "subject")?,
            text: text(json, "text")?,
            created_at: moment(json, "created_at")?,
            html_url: text(json, "html_url")?,
        })
    }
}
