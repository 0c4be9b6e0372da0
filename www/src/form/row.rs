//! A row of metadata.

use vouchkey_types::json::{self, Json};
use vouchkey_types::problem::member_path;

/// One key of metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Tells rows apart while keys change.
    pub(crate) id: u32,
    /// As typed.
    pub(crate) key: String,
    /// As typed: the text itself, or JSON.
    pub(crate) value: String,
    /// Whether the value is read as JSON instead of text.
    pub(crate) is_json: bool,
}

impl Row {
    /// Nothing was typed into it.
    pub(crate) fn is_blank(&self) -> bool {
        self.key.is_empty() && self.value.is_empty()
    }

    /// Its place in the request.
    pub(crate) fn path(&self) -> String {
        member_path("metadata", &self.key)
    }

    /// The value as it is sent, or what is wrong with its JSON.
    pub(crate) fn parse(&self) -> Result<Json, String> {
        if !self.is_json {
            return Ok(Json::from(self.value.as_str()));
        }
        json::read(self.value.as_bytes()).map_err(|error| {
            format!(
                "This is not JSON: look at line {}, column {}. Choose Text to send it as it stands.",
                error.line, error.column
            )
        })
    }
}
