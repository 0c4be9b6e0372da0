//! What was typed so far, and the request that it makes.

use std::collections::BTreeMap;

use vouchkey_types::check::Check;
use vouchkey_types::json::{self, Json, Object};
use vouchkey_types::problem::{FieldCode, FieldError};

use super::fields::{EXPIRES_IN_MINUTES, PREFILL, TOP_LEVEL, at};
use super::row::Row;

/// The state of the form. Text stands as typed; what is empty is not sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Draft {
    texts: BTreeMap<&'static str, String>,
    /// Whether an invitation is sent.
    pub(crate) send_email: bool,
    /// Checks instead of the workflow's own.
    pub(crate) checks: Option<Vec<Check>>,
    /// Metadata, row by row.
    pub(crate) rows: Vec<Row>,
    last_row: u32,
}

impl Draft {
    /// What was typed into the field at this path.
    pub(crate) fn text(&self, path: &str) -> &str {
        self.texts.get(path).map_or("", String::as_str)
    }

    /// Takes what was typed.
    pub(crate) fn set_text(&mut self, path: &'static str, text: String) {
        if text.is_empty() {
            self.texts.remove(path);
        } else {
            self.texts.insert(path, text);
        }
    }

    /// Drops the spaces around what was typed: they came from the clipboard, and nobody can see them.
    pub(crate) fn trim(&mut self) {
        for text in self.texts.values_mut() {
            *text = text.trim().to_owned();
        }
        self.texts.retain(|_, text| !text.is_empty());
    }

    /// Adds a row at the end and returns its id.
    pub(crate) fn add_row(&mut self, key: String, value: String, is_json: bool) -> u32 {
        self.last_row += 1;
        self.rows.push(Row {
            id: self.last_row,
            key,
            value,
            is_json,
        });
        self.last_row
    }

    /// The row of this id.
    pub(crate) fn row(&self, id: u32) -> Option<&Row> {
        self.rows.iter().find(|row| row.id == id)
    }

    /// Changes the row of this id.
    pub(crate) fn change_row(&mut self, id: u32, change: impl FnOnce(&mut Row)) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.id == id) {
            change(row);
        }
    }

    /// Takes keys that were pasted into the row `at`: a key that is there already gets the new
    /// value, others are added. Returns how many came.
    pub(crate) fn merge(&mut self, at: u32, pasted: Vec<(String, Json)>) -> usize {
        let count = pasted.len();
        self.rows.retain(|row| row.id != at || !row.is_blank());
        for (key, value) in pasted {
            let (text, is_json) = match value {
                Json::String(text) => (text.into_owned(), false),
                other => (other.to_text(), true),
            };
            match self.rows.iter_mut().find(|row| row.key == key) {
                Some(row) => (row.value, row.is_json) = (text, is_json),
                None => {
                    self.add_row(key, text, is_json);
                }
            }
        }
        count
    }

    /// The request, and what cannot even be put into one.
    pub(crate) fn request(&self) -> (Json, Vec<FieldError>) {
        let mut request = Object::new();
        let mut faults = Vec::new();
        for field in TOP_LEVEL {
            let text = self.text(field.path);
            if text.is_empty() {
                continue;
            }
            let value = if field.path == EXPIRES_IN_MINUTES.path {
                number(text)
            } else {
                Json::from(text)
            };
            request.push(field.path, value);
            if field.path == super::fields::APPLICANT_EMAIL.path {
                self.push_send_email(&mut request);
            }
        }
        if request.get("send_email").is_none() {
            self.push_send_email(&mut request);
        }
        if let Some(checks) = &self.checks {
            let names = checks
                .iter()
                .map(|check| Json::from(check.as_str()))
                .collect();
            request.push("checks", Json::Array(names));
        }
        let prefill: Object = PREFILL
            .iter()
            .filter_map(|field| {
                let text = self.texts.get(field.path)?;
                let name = field.path.strip_prefix("fields.")?;
                Some((name.to_owned(), Json::from(text.as_str())))
            })
            .collect();
        if !prefill.is_empty() {
            request.push("fields", prefill);
        }
        let mut metadata = Object::new();
        for row in self.rows.iter().filter(|row| !row.is_blank()) {
            match row.parse() {
                Ok(value) => metadata.push(row.key.as_str(), value),
                Err(message) => {
                    // Its key still counts, and is still checked.
                    metadata.push(row.key.as_str(), "");
                    faults.push(FieldError::new(
                        row.path(),
                        FieldCode::InvalidFormat,
                        message,
                    ));
                }
            }
        }
        if !metadata.is_empty() {
            request.push("metadata", metadata);
        }
        (request.into(), faults)
    }

    /// The draft as it is kept in the browser; empty where nothing was typed.
    pub(crate) fn to_text(&self) -> String {
        let texts: Object = self
            .texts
            .iter()
            .map(|(path, text)| ((*path).to_owned(), Json::from(text.as_str())))
            .collect();
        let checks = self.checks.iter().flatten();
        let checks: Vec<Json> = checks.map(|check| Json::from(check.as_str())).collect();
        let rows: Vec<Json> = self
            .rows
            .iter()
            .filter(|row| !row.is_blank())
            .map(|row| {
                Json::Array(vec![
                    Json::from(row.key.as_str()),
                    Json::from(row.value.as_str()),
                    Json::from(row.is_json),
                ])
            })
            .collect();
        if texts.is_empty() && rows.is_empty() && !self.send_email && self.checks.is_none() {
            return String::new();
        }
        let mut kept = Object::new();
        kept.push("texts", texts);
        kept.push("rows", Json::Array(rows));
        kept.push("send_email", self.send_email);
        if self.checks.is_some() {
            kept.push("checks", Json::Array(checks));
        }
        Json::from(kept).to_text()
    }

    /// Reads what [`Draft::to_text`] wrote. What this program no longer knows is left out.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let kept = json::read(text.as_bytes()).ok()?;
        let mut draft = Self::default();
        for (path, text) in kept.get("texts")?.as_object()?.iter() {
            if let Some(field) = at(path) {
                draft.set_text(field.path, text.as_str()?.to_owned());
            }
        }
        for row in kept.get("rows")?.as_array()? {
            if let [key, value, is_json] = row.as_array()? {
                let (key, value) = (key.as_str()?.to_owned(), value.as_str()?.to_owned());
                draft.add_row(key, value, is_json.as_bool()?);
            }
        }
        draft.send_email = kept.get("send_email")?.as_bool()?;
        draft.checks = kept.get("checks").and_then(Json::as_array).map(|names| {
            let names = names.iter().filter_map(Json::as_str);
            names.filter_map(|name| Check::parse(name).ok()).collect()
        });
        Some(draft)
    }

    fn push_send_email(&self, request: &mut Object) {
        if self.send_email {
            request.push("send_email", true);
        }
    }
}

/// A number where the text is one; else the text, which the rules then refuse by its type.
fn number(text: &str) -> Json {
    match json::read(text.trim().as_bytes()) {
        Ok(value @ Json::Number(_)) => value,
        _ => Json::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    fn text_of(draft: &Draft) -> String {
        draft.request().0.to_text()
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn what_is_empty_is_not_sent() {
        let mut draft = Draft::default();
        draft.set_text("country", "US".into());
        draft.set_text("country", String::new());
        draft.add_row(String::new(), String::new(), false);
        assert_eq!(text_of(&draft), "{}");
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn spaces_around_a_text_are_not_sent() {
        let mut draft = Draft::default();
        draft.set_text("external_ref", " user 1\n".into());
        draft.set_text("country", "  ".into());
        draft.trim();
        assert_eq!(text_of(&draft), r#"{"external_ref":"user 1"}"#);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn every_kind_of_field_finds_its_place() {
        let mut draft = Draft::default();
        draft.set_text("external_ref", "user 1".into());
        draft.set_text("fields.birthdate", "1990-02-03".into());
        draft.set_text("expires_in_minutes", "60".into());
        draft.send_email = true;
        draft.checks = Some(vec![Check::FaceMatch]);
        draft.add_row("plan".into(), "12".into(), false);
        draft.add_row("seats".into(), "12".into(), true);
        assert_eq!(
            text_of(&draft),
            r#"{"external_ref":"user 1","expires_in_minutes":60,"send_email":true,"checks":["face_match"],"fields":{"birthdate":"1990-02-03"},"metadata":{"plan":"12","seats":12}}"#
        );
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_draft_that_was_kept_is_the_same_again() {
        let mut draft = Draft::default();
        draft.add_row(String::new(), String::new(), false);
        assert_eq!(draft.to_text(), "");
        draft.set_text("fields.name_first", "\u{202e}Jane \"J\"".into());
        draft.set_text("expires_in_minutes", "soon".into());
        draft.checks = Some(Vec::new());
        assert_eq!(Draft::read(&draft.to_text()).unwrap().checks, draft.checks);
        draft.send_email = true;
        draft.checks = Some(vec![Check::FaceMatch]);
        draft.add_row("seats".into(), "{1".into(), true);
        let again = Draft::read(&draft.to_text()).unwrap();
        assert_eq!(again.to_text(), draft.to_text());
        assert_eq!(text_of(&again), text_of(&draft));
        assert_eq!(Draft::read("{}"), None);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn minutes_that_are_no_number_are_sent_as_typed() {
        for (typed, sent) in [
            ("12.5", "12.5"),
            ("an hour", "\"an hour\""),
            ("010", "\"010\""),
            (" 60 ", "60"),
        ] {
            let mut draft = Draft::default();
            draft.set_text("expires_in_minutes", typed.into());
            assert_eq!(
                text_of(&draft),
                format!("{{\"expires_in_minutes\":{sent}}}"),
                "{typed}"
            );
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn broken_json_is_named_with_its_place() {
        let mut draft = Draft::default();
        draft.add_row("a.b".into(), "{1}".into(), true);
        let faults = draft.request().1;
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].field, r#"metadata["a.b"]"#);
        assert!(
            faults[0].message.contains("line 1"),
            "{}",
            faults[0].message
        );
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn pasted_keys_replace_and_join_those_that_are_there() {
        let mut draft = Draft::default();
        draft.add_row("plan".into(), "free".into(), false);
        let blank = draft.add_row(String::new(), String::new(), false);
        let pasted = vec![
            ("plan".to_owned(), Json::from("premium")),
            ("seats".to_owned(), Json::from(3_i64)),
        ];
        assert_eq!(draft.merge(blank, pasted), 2);
        assert_eq!(
            text_of(&draft),
            r#"{"metadata":{"plan":"premium","seats":3}}"#
        );
        assert_eq!(draft.rows.len(), 2);
    }
}
