//! One field of the request that creates a session, for a form.

use super::create::{Context, SentRequest, unknown_field};
use crate::json::{self, Members, Value};
use crate::names::{Field, PrefillField};
use crate::problem::{Fault, FieldCode, FieldError, item_path, member_path};
use crate::text;
use std::borrow::Cow;

/// Holds one field to the rules, as if it were all of the request: its mistakes, and those of what
/// is inside it.
///
/// The path is as in errors (`country`, `fields.birthdate`, `metadata["a.b"]`, `checks[2]`), in any
/// spelling. The value is JSON; no text at all is a field that is left out. Rules that span several
/// fields are those of the whole request alone.
pub fn validate(path: &str, value: &[u8], context: &Context<'_>) -> Vec<FieldError> {
    let (name, inner) = text::cut(path, *b".[[");
    let Some(field) = Field::parse(name) else {
        return vec![unknown_field(name).at(path.to_owned())];
    };
    if value.is_empty() {
        return Vec::new();
    }
    let mut value = match json::read_borrowed(value) {
        Ok(value) => value,
        Err(error) => {
            let message = text::join(&["Cannot be sent as JSON: ", error.kind.as_str(), "."]);
            let fault = Fault::new(FieldCode::WrongType, message);
            return vec![fault.at(path.to_owned())];
        }
    };
    // What the mistakes of this value begin with, and what they shall begin with.
    let own;
    let mut shown = None;
    if let Some(key) = inner_key(inner) {
        own = canonical(field, &key);
        let mut members = Members::new();
        members.push_member(key, value);
        value = members.into();
    } else if inner.is_empty() {
        own = field.name().to_owned();
    } else {
        // A list of this item alone, whose place is put right below.
        own = item_path(field.name(), 0);
        shown = Some(text::join(&[field.name(), inner]));
        value = Value::Array(vec![value]);
    }
    let request = SentRequest::of_field(field, value);
    let mut mistakes = Vec::new();
    for mut mistake in request.check(context).err().unwrap_or_default() {
        let Some(rest) = mistake.field.strip_prefix(own.as_str()) else {
            continue;
        };
        if let Some(shown) = &shown {
            mistake.field = text::join(&[shown, rest]).into();
        } else if !matches!(rest.as_bytes(), [] | [b'.' | b'[', ..]) {
            continue;
        }
        mistakes.push(mistake);
    }
    mistakes
}

/// The key in `.key` or `["key"]`.
fn inner_key(inner: &str) -> Option<Cow<'_, str>> {
    if let Some(key) = inner.strip_prefix('.') {
        return Some(Cow::Borrowed(key));
    }
    let quoted = inner.strip_prefix('[')?.strip_suffix(']')?;
    match json::read_borrowed(quoted.as_bytes()) {
        Ok(Value::String(key)) => Some(key),
        _ => None,
    }
}

/// The path of a member in its canonical name.
fn canonical(field: Field, key: &str) -> String {
    let known = PrefillField::parse(key).filter(|_| field == Field::Fields);
    member_path(field.name(), known.map_or(key, |known| known.name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::Date;

    fn mistakes(path: &str, value: &str) -> Vec<String> {
        let context = Context {
            today: Date::new(2026, 2, 1).unwrap(),
            schemes: &[],
            strict: false,
            workflows: None,
            publishable: None,
        };
        let mistakes = validate(path, value.as_bytes(), &context);
        let shown = |mistake: FieldError| format!("{} {}", mistake.field, mistake.code);
        mistakes.into_iter().map(shown).collect()
    }

    #[test]
    fn a_field_gets_its_own_mistakes() {
        for (path, value, expected) in [
            ("country", "\"UK\"", &["country unknown_value"] as &[_]),
            ("country", "\"GB\"", &[]),
            ("country", "", &[]),
            ("country", "null", &[]),
            ("supportUrl", "\"x\"", &["support_url invalid_format"]),
            (
                "fields.birthdate",
                "\"2026-02-01\"",
                &["fields.birthdate out_of_range"],
            ),
            ("prefill.first-name", "\"\"", &["fields.name_first empty"]),
            ("fields.nope", "1", &["fields.nope unknown_field"]),
            (
                "metadata[\"a.b\"]",
                "{\"c\":1,\"c\":2}",
                &["metadata[\"a.b\"].c duplicate_field"],
            ),
            ("metadata.plan", "1", &[]),
            ("metadata[\"\"]", "1", &["metadata[\"\"] empty"]),
            (
                "checks",
                "[\"x\",\"face_match\"]",
                &["checks[0] unknown_value"],
            ),
            ("checks[2]", "\"x\"", &["checks[2] unknown_value"]),
            ("checks[2]", "\"face_match\"", &[]),
            ("countri", "1", &["countri unknown_field"]),
            ("", "1", &[" unknown_field"]),
            ("country", "\"\\ud800\"", &["country wrong_type"]),
        ] {
            assert_eq!(mistakes(path, value), expected, "{path} {value}");
        }
    }

    #[test]
    fn rules_that_span_fields_are_left_to_the_whole_request() {
        assert_eq!(mistakes("send_email", "true"), [""; 0]);
    }
}
