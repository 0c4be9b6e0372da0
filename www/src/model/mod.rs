//! What the server answers, as the pages need it.

pub(crate) mod mailbox;
pub(crate) mod me;
pub(crate) mod session;

use vouchkey_types::json::Json;

use crate::browser::parse_time;

/// A point in time: as the wire has it, and as a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    /// `2026-02-01T12:00:00Z`.
    pub(crate) utc: String,
    /// Unix time in milliseconds.
    pub(crate) ms: i64,
}

fn text(json: &Json, name: &str) -> Option<String> {
    json.get(name)?.as_str().map(str::to_owned)
}

fn texts(json: &Json, name: &str) -> Option<Vec<String>> {
    let items = json.get(name)?.as_array()?;
    Some(
        items
            .iter()
            .filter_map(Json::as_str)
            .map(str::to_owned)
            .collect(),
    )
}

fn moment(json: &Json, name: &str) -> Option<Moment> {
    let utc = text(json, name)?;
    let ms = parse_time(&utc)?;
    Some(Moment { utc, ms })
}

fn items<T>(json: &Json, name: &str, read: impl Fn(&Json) -> Option<T>) -> Option<Vec<T>> {
    json.get(name)?.as_array()?.iter().map(read).collect()
}

fn next_cursor(json: &Json) -> Option<String> {
    text(json.get("pagination")?, "next_cursor")
}
