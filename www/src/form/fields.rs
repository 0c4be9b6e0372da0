//! The fields of the form: names, words and kinds, in the order in which they stand on the page.

/// A part of the form that folds, or the open part above them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Group {
    /// What most sessions need; never folded.
    Basics,
    /// Words of the invitation.
    Invitation,
    /// Checks instead of the workflow's own.
    Checks,
    /// What is known of the applicant already.
    Prefill,
    /// The caller's own values.
    Metadata,
    /// Where the applicant goes afterwards.
    Redirect,
    /// How long the capture URL works.
    Expiry,
}

/// A field that is one line of text on the wire, and how the page shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TextField {
    /// The path in the request: `country`, `fields.birthdate`.
    pub(crate) path: &'static str,
    /// Its label.
    pub(crate) label: &'static str,
    /// What to know before typing.
    pub(crate) hint: &'static str,
    /// The part of the form it stands in.
    pub(crate) group: Group,
    /// The kind of keyboard a phone shows.
    pub(crate) input_mode: &'static str,
}

const fn field(
    path: &'static str,
    label: &'static str,
    hint: &'static str,
    group: Group,
    input_mode: &'static str,
) -> TextField {
    TextField {
        path,
        label,
        hint,
        group,
        input_mode,
    }
}

pub(crate) const EXTERNAL_REF: TextField = field(
    "external_ref",
    "Your reference",
    "How your own system calls this applicant. You can search for it.",
    Group::Basics,
    "text",
);
pub(crate) const COUNTRY: TextField = field(
    "country",
    "Country of the documents",
    "Two letters, such as US. Empty: any country.",
    Group::Basics,
    "text",
);
pub(crate) const WORKFLOW_ID: TextField = field(
    "workflow_id",
    "Workflow",
    "Decides what the applicant is asked for.",
    Group::Basics,
    "text",
);
pub(crate) const APPLICANT_EMAIL: TextField = field(
    "applicant_email",
    "Applicant’s e-mail address",
    "Where the invitation goes.",
    Group::Basics,
    "email",
);
pub(crate) const APPLICANT_NAME: TextField = field(
    "applicant_name",
    "Applicant’s name",
    "Opens the letter: “Jane Doe, please click…”",
    Group::Invitation,
    "text",
);
pub(crate) const EMAIL_DISPLAY_NAME: TextField = field(
    "email_display_name",
    "Brand in the invitation",
    "For this session only.",
    Group::Invitation,
    "text",
);
pub(crate) const SUPPORT_URL: TextField = field(
    "support_url",
    "Support link in the invitation",
    "For this session only. Begins with https:// or http://.",
    Group::Invitation,
    "url",
);
pub(crate) const REDIRECT_URL: TextField = field(
    "redirect_url",
    "Redirect URL",
    "Where the applicant’s browser goes after capture, with session_id and status added.",
    Group::Redirect,
    "url",
);
pub(crate) const EXPIRES_IN_MINUTES: TextField = field(
    "expires_in_minutes",
    "Minutes until the capture URL expires",
    "10 to 4320. Empty: 1440, which is 24 hours.",
    Group::Expiry,
    "numeric",
);

/// The fields of prefill, in the order of the wire.
pub(crate) const PREFILL: [TextField; 14] = [
    field(
        "fields.name_first",
        "First name",
        "",
        Group::Prefill,
        "text",
    ),
    field(
        "fields.name_middle",
        "Middle name",
        "",
        Group::Prefill,
        "text",
    ),
    field("fields.name_last", "Last name", "", Group::Prefill, "text"),
    field(
        "fields.birthdate",
        "Date of birth",
        "YYYY-MM-DD",
        Group::Prefill,
        "numeric",
    ),
    field(
        "fields.email_address",
        "E-mail address",
        "",
        Group::Prefill,
        "email",
    ),
    field(
        "fields.phone_number",
        "Phone number",
        "International, such as +14155550100",
        Group::Prefill,
        "tel",
    ),
    field(
        "fields.address_street_1",
        "Street",
        "",
        Group::Prefill,
        "text",
    ),
    field(
        "fields.address_street_2",
        "Street, second line",
        "",
        Group::Prefill,
        "text",
    ),
    field("fields.address_city", "City", "", Group::Prefill, "text"),
    field(
        "fields.address_subdivision",
        "State or province",
        "",
        Group::Prefill,
        "text",
    ),
    field(
        "fields.address_postal_code",
        "Postal code",
        "",
        Group::Prefill,
        "text",
    ),
    field(
        "fields.address_country_code",
        "Country",
        "Two letters, such as US",
        Group::Prefill,
        "text",
    ),
    field(
        "fields.nationality",
        "Nationality",
        "Two letters, such as US",
        Group::Prefill,
        "text",
    ),
    field(
        "fields.identification_number",
        "Identification number",
        "",
        Group::Prefill,
        "text",
    ),
];

/// The fields outside prefill, in the order of the page.
pub(crate) const TOP_LEVEL: [TextField; 9] = [
    EXTERNAL_REF,
    WORKFLOW_ID,
    COUNTRY,
    APPLICANT_EMAIL,
    APPLICANT_NAME,
    EMAIL_DISPLAY_NAME,
    SUPPORT_URL,
    REDIRECT_URL,
    EXPIRES_IN_MINUTES,
];

/// Whether a field takes a whole row: an address of the post or the net, and what has a long rule.
pub(crate) fn is_wide(field: TextField) -> bool {
    let name = field.path.trim_start_matches("fields.");
    matches!(
        name,
        "email_address" | "phone_number" | "address_street_1" | "address_street_2"
    )
}

/// The field at this path of the request.
pub(crate) fn at(path: &str) -> Option<TextField> {
    TOP_LEVEL
        .into_iter()
        .chain(PREFILL)
        .find(|field| field.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vouchkey_types::names::{Field, PrefillField};
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn every_field_of_the_wire_has_a_place() {
        for (_, name, _) in Field::TABLE {
            let has_own_control = matches!(name, "metadata" | "checks" | "send_email" | "fields");
            assert!(has_own_control || at(name).is_some(), "{name}");
        }
        for known in PrefillField::all() {
            assert!(
                at(&format!("fields.{}", known.name())).is_some(),
                "{}",
                known.name()
            );
        }
    }
}
