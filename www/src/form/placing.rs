//! Where each mistake belongs on the page.

use vouchkey_types::problem::{FieldCode, FieldError, member_path};

use super::draft::Draft;
use super::fields::{self, Group};
use super::row::Row;

/// A control of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Control {
    /// A line of text, by its path.
    Text(&'static str),
    /// Whether an invitation is sent.
    SendEmail,
    /// The list of checks.
    Checks,
    /// The metadata as a whole.
    Metadata,
    /// The key of a row.
    Key(u32),
    /// The value of a row.
    Value(u32),
    /// The request as a whole; there is nothing to point at.
    Whole,
}

impl Control {
    /// The `id` of its element.
    pub(crate) fn dom_id(self) -> String {
        match self {
            Self::Text(path) => format!("field-{}", path.replace('.', "-")),
            Self::SendEmail => "field-send_email".to_owned(),
            Self::Checks => "field-checks".to_owned(),
            Self::Metadata => "field-metadata".to_owned(),
            Self::Key(row) => format!("field-metadata-{row}-key"),
            Self::Value(row) => format!("field-metadata-{row}-value"),
            Self::Whole => "new-session".to_owned(),
        }
    }

    /// Where it stands on the page, from top to bottom.
    fn rank(self) -> (Group, usize) {
        let within = match self {
            Self::Text(path) => fields::TOP_LEVEL
                .iter()
                .chain(&fields::PREFILL)
                .position(|field| field.path == path)
                .unwrap_or(0),
            // Rows are numbered as they are added.
            Self::Key(row) | Self::Value(row) => usize::try_from(row).unwrap_or(0),
            Self::SendEmail => usize::MAX,
            Self::Checks | Self::Metadata | Self::Whole => 0,
        };
        (self.group(), within)
    }

    /// The part of the form in which it stands.
    pub(crate) fn group(self) -> Group {
        match self {
            Self::Text(path) => fields::at(path).map_or(Group::Basics, |field| field.group),
            Self::SendEmail | Self::Whole => Group::Basics,
            Self::Checks => Group::Checks,
            Self::Metadata | Self::Key(_) | Self::Value(_) => Group::Metadata,
        }
    }
}

/// A mistake at its control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed {
    /// Where it is shown.
    pub(crate) control: Control,
    /// How the summary calls the place.
    pub(crate) label: String,
    /// What is wrong, in the words of the rules.
    pub(crate) message: String,
}

/// Finds the control of every mistake, from the top of the page to its end; at most one for each
/// control, the first.
pub(crate) fn place(draft: &Draft, errors: &[FieldError]) -> Vec<Placed> {
    let mut placed: Vec<Placed> = Vec::new();
    for error in errors {
        let (control, label) = find(draft, error);
        if control == Control::Whole || placed.iter().all(|other| other.control != control) {
            placed.push(Placed {
                control,
                label,
                message: in_words(error).map_or_else(|| error.message.to_string(), str::to_owned),
            });
        }
    }
    placed.sort_by_key(|placed| placed.control.rank());
    placed
}

/// What the rules say in the words of the API, in those of the form.
fn in_words(error: &FieldError) -> Option<&'static str> {
    match (error.field.as_ref(), error.code) {
        ("applicant_email", FieldCode::Required) => {
            Some("Say where the invitation goes, or send none.")
        }
        ("checks", FieldCode::Empty) => Some("Choose a check, or the workflow’s own checks."),
        _ => None,
    }
}

fn find(draft: &Draft, error: &FieldError) -> (Control, String) {
    let path = error.field.as_ref();
    if let Some(field) = fields::at(path) {
        let label = match field.group {
            Group::Prefill => format!("Prefill, {}", field.label.to_ascii_lowercase()),
            _ => field.label.to_owned(),
        };
        return (Control::Text(field.path), label);
    }
    if path == "send_email" {
        return (Control::SendEmail, "Invitation".to_owned());
    }
    if path.starts_with("checks") {
        return (Control::Checks, "Checks".to_owned());
    }
    if path.starts_with("metadata") {
        return row_of(draft, error).unwrap_or_else(|| (Control::Metadata, "Metadata".to_owned()));
    }
    (Control::Whole, path.to_owned())
}

fn row_of(draft: &Draft, error: &FieldError) -> Option<(Control, String)> {
    let path = error.field.as_ref();
    // A later row of the same key is the one to mend; a path that goes deeper points into a value.
    let row = draft
        .rows
        .iter()
        .rev()
        .filter(|row| !row.is_blank())
        .find(|row| {
            let own = row.path();
            path == own
                || path
                    .strip_prefix(own.as_str())
                    .is_some_and(|rest| rest.starts_with(['.', '[']))
        })?;
    let is_of_key = path == row.path() && is_about_key(row, error.code);
    let control = if is_of_key {
        Control::Key(row.id)
    } else {
        Control::Value(row.id)
    };
    let label = if row.key.is_empty() {
        "Metadata, a row without a key".to_owned()
    } else {
        format!("Metadata, {}", member_path("", &row.key))
    };
    Some((control, label))
}

fn is_about_key(row: &Row, code: FieldCode) -> bool {
    match code {
        FieldCode::DuplicateField | FieldCode::TooLong => true,
        FieldCode::Empty => row.key.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    fn where_is(draft: &Draft, path: &'static str, code: FieldCode) -> Control {
        place(draft, &[FieldError::new(path, code, "m")])[0].control
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn each_path_finds_its_control() {
        let mut draft = Draft::default();
        let plain = draft.add_row("plan".into(), "x".into(), false);
        let dotted = draft.add_row("a.b".into(), "x".into(), true);
        let no_key = draft.add_row(String::new(), "x".into(), false);
        let again = draft.add_row("plan".into(), "y".into(), false);
        let cases = [
            ("country", FieldCode::UnknownValue, Control::Text("country")),
            (
                "fields.birthdate",
                FieldCode::OutOfRange,
                Control::Text("fields.birthdate"),
            ),
            ("checks[2]", FieldCode::UnknownValue, Control::Checks),
            ("checks", FieldCode::Empty, Control::Checks),
            ("metadata", FieldCode::TooMany, Control::Metadata),
            (
                "metadata.plan",
                FieldCode::DuplicateField,
                Control::Key(again),
            ),
            (
                r#"metadata["a.b"]"#,
                FieldCode::TooLarge,
                Control::Value(dotted),
            ),
            (
                r#"metadata["a.b"].c"#,
                FieldCode::DuplicateField,
                Control::Value(dotted),
            ),
            (r#"metadata[""]"#, FieldCode::Empty, Control::Key(no_key)),
            ("metadata.other", FieldCode::TooLarge, Control::Metadata),
            ("", FieldCode::TooMany, Control::Whole),
        ];
        for (path, code, control) in cases {
            assert_eq!(where_is(&draft, path, code), control, "{path}");
        }
        draft.rows.retain(|row| row.id != again);
        assert_eq!(
            where_is(&draft, "metadata.plan", FieldCode::TooLarge),
            Control::Value(plain)
        );
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn mistakes_stand_in_the_order_of_the_page() {
        let errors = [
            "metadata",
            "country",
            "redirect_url",
            "external_ref",
            "fields.birthdate",
        ]
        .map(|path| FieldError::new(path, FieldCode::WrongType, "m"));
        let controls: Vec<_> = place(&Draft::default(), &errors)
            .into_iter()
            .map(|placed| placed.control)
            .collect();
        let expected = [
            Control::Text("external_ref"),
            Control::Text("country"),
            Control::Text("fields.birthdate"),
            Control::Metadata,
            Control::Text("redirect_url"),
        ];
        assert_eq!(controls, expected);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_form_does_not_speak_of_fields_of_the_api() {
        for (path, code, word) in [
            ("applicant_email", FieldCode::Required, "invitation"),
            ("checks", FieldCode::Empty, "workflow"),
            ("country", FieldCode::Empty, "m"),
        ] {
            let placed = place(&Draft::default(), &[FieldError::new(path, code, "m")]);
            assert!(placed[0].message.contains(word), "{path}");
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_control_shows_one_mistake() {
        let errors = [
            FieldError::new("checks[0]", FieldCode::UnknownValue, "first"),
            FieldError::new("checks[1]", FieldCode::UnknownValue, "second"),
        ];
        let placed = place(&Draft::default(), &errors);
        assert_eq!(placed.len(), 1);
        assert_eq!(placed[0].message, "first");
    }
}
