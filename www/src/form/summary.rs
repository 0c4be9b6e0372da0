//! What a folded group says is set inside it.

use vouchkey_types::limits::{
    DEFAULT_EXPIRY_MINUTES, MAX_EXPIRY_MINUTES, MAX_METADATA_KEYS, MAX_METADATA_VALUE_BYTES,
    MIN_EXPIRY_MINUTES,
};

use super::draft::Draft;
use super::fields::{
    APPLICANT_NAME, EMAIL_DISPLAY_NAME, EXPIRES_IN_MINUTES, Group, PREFILL, REDIRECT_URL,
    SUPPORT_URL,
};
use super::row::Row;
use crate::words::{counted, duration};

/// The words beside the heading of a group.
pub(crate) fn of(draft: &Draft, group: Group) -> String {
    match group {
        Group::Basics => String::new(),
        Group::Invitation => {
            let set: Vec<&str> = [APPLICANT_NAME, EMAIL_DISPLAY_NAME, SUPPORT_URL]
                .iter()
                .map(|field| draft.text(field.path))
                .filter(|text| !text.is_empty())
                .collect();
            if set.is_empty() {
                "As the organization’s settings say".to_owned()
            } else {
                // Each on its own, so that one that runs from right to left turns none of the others around.
                format!("\u{2068}{}\u{2069}", set.join("\u{2069} · \u{2068}"))
            }
        }
        Group::Checks => match &draft.checks {
            None => "The workflow’s own".to_owned(),
            Some(checks) => counted(checks.len(), "check", "checks"),
        },
        Group::Prefill => {
            let set = PREFILL
                .iter()
                .filter(|field| !draft.text(field.path).is_empty())
                .count();
            none_or_counted(set, "value", "values")
        }
        Group::Metadata => {
            let set = draft.rows.iter().filter(|row| !row.is_blank()).count();
            none_or_counted(set, "key", "keys")
        }
        Group::Redirect => match draft.text(REDIRECT_URL.path) {
            "" => "None".to_owned(),
            url => url.to_owned(),
        },
        Group::Expiry => match draft.text(EXPIRES_IN_MINUTES.path) {
            "" => format!("{}, the default", duration(DEFAULT_EXPIRY_MINUTES)),
            text => minutes_in_words(text).unwrap_or_else(|| text.to_owned()),
        },
    }
}

/// The minutes that were typed, in words, if they are within their bounds.
pub(crate) fn minutes_in_words(text: &str) -> Option<String> {
    let minutes: i64 = text.trim().parse().ok()?;
    (MIN_EXPIRY_MINUTES..=MAX_EXPIRY_MINUTES)
        .contains(&minutes)
        .then(|| duration(minutes))
}

fn none_or_counted(count: usize, one: &str, many: &str) -> String {
    if count == 0 {
        "None".to_owned()
    } else {
        counted(count, one, many)
    }
}

/// How full the metadata is, shown from 70 % of a bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meter {
    /// What is counted.
    pub(crate) label: &'static str,
    /// How much there is.
    pub(crate) used: usize,
    /// How much there may be.
    pub(crate) limit: usize,
}

impl Meter {
    /// The share of the bound in percent, at most 100.
    pub(crate) fn percent(&self) -> usize {
        (self.used * 100 / self.limit).min(100)
    }

    /// Whether the bound is passed.
    pub(crate) fn is_over(&self) -> bool {
        self.used > self.limit
    }
}

/// The meters that have something to say.
pub(crate) fn meters(draft: &Draft) -> Vec<Meter> {
    let rows: Vec<&Row> = draft.rows.iter().filter(|row| !row.is_blank()).collect();
    let largest = rows
        .iter()
        .filter_map(|row| row.parse().ok())
        .map(|value| value.text_len())
        .max()
        .unwrap_or(0);
    let keys = Meter {
        label: "Keys",
        used: rows.len(),
        limit: MAX_METADATA_KEYS,
    };
    let bytes = Meter {
        label: "Bytes of the largest value",
        used: largest,
        limit: MAX_METADATA_VALUE_BYTES,
    };
    [keys, bytes]
        .into_iter()
        .filter(|meter| meter.used * 10 >= meter.limit * 7)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn a_group_says_what_is_set() {
        let mut draft = Draft::default();
        assert_eq!(of(&draft, Group::Prefill), "None");
        assert_eq!(of(&draft, Group::Expiry), "24 hours, the default");
        draft.set_text("fields.name_first", "Jane".into());
        draft.set_text("fields.name_last", "Doe".into());
        draft.set_text("expires_in_minutes", "90".into());
        draft.set_text("email_display_name", "Acme".into());
        draft.checks = Some(Vec::new());
        assert_eq!(of(&draft, Group::Prefill), "2 values");
        assert_eq!(of(&draft, Group::Expiry), "1 hour 30 minutes");
        assert_eq!(of(&draft, Group::Invitation), "\u{2068}Acme\u{2069}");
        assert_eq!(of(&draft, Group::Checks), "0 checks");
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn meters_appear_from_seventy_percent() {
        let mut draft = Draft::default();
        for number in 0..34 {
            draft.add_row(format!("k{number}"), "v".into(), false);
        }
        assert_eq!(meters(&draft), []);
        draft.add_row("k34".into(), "x".repeat(16_383), false);
        let shown = meters(&draft);
        assert_eq!(shown.len(), 2);
        assert_eq!(
            (shown[0].used, shown[0].percent(), shown[0].is_over()),
            (35, 70, false)
        );
        // 16,383 letters and two quotes.
        assert_eq!((shown[1].used, shown[1].is_over()), (16_385, true));
    }
}
