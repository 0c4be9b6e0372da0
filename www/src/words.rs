//! Numbers and times in words.

use vouchkey_types::session::status::SessionStatus;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// `1 key`, `2 keys`, `1,999 keys`.
pub(crate) fn counted(count: impl std::fmt::Display, one: &str, many: &str) -> String {
    let mut count = count.to_string();
    let word = if count == "1" { one } else { many };
    let mut at = count.len();
    while at > 3 {
        at -= 3;
        count.insert(at, ',');
    }
    format!("{count} {word}")
}

/// Minutes as people say them: `24 hours`, `1 hour 30 minutes`.
pub(crate) fn duration(minutes: i64) -> String {
    let (hours, rest) = (minutes / 60, minutes % 60);
    match (hours, rest) {
        (0, rest) => counted(rest, "minute", "minutes"),
        (hours, 0) => counted(hours, "hour", "hours"),
        (hours, rest) => format!(
            "{} {}",
            counted(hours, "hour", "hours"),
            counted(rest, "minute", "minutes")
        ),
    }
}

/// How long ago something was, short, for lists; `None` from a week on, when the date says more.
pub(crate) fn ago(then_ms: i64, now_ms: i64) -> Option<String> {
    let seconds = (now_ms - then_ms).max(0) / 1_000;
    match seconds {
        0..10 => Some("just now".to_owned()),
        10..MINUTE => Some(format!("{seconds} s ago")),
        MINUTE..HOUR => Some(format!("{} min ago", seconds / MINUTE)),
        HOUR..DAY => Some(format!("{} h ago", seconds / HOUR)),
        _ if seconds < 7 * DAY => Some(format!("{} d ago", seconds / DAY)),
        _ => None,
    }
}

/// How soon something ends, and whether that is within the hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remaining {
    /// `in 23 hours`, `in 4 minutes`, `expired`.
    pub(crate) words: String,
    /// It is the last hour.
    pub(crate) is_close: bool,
}

/// What is left until a time, in words.
pub(crate) fn remaining(until_ms: i64, now_ms: i64) -> Remaining {
    let seconds = (until_ms - now_ms) / 1_000;
    let words = match seconds {
        ..=0 => "expired".to_owned(),
        1..MINUTE => "in less than a minute".to_owned(),
        // To the nearest: a day that has just begun is 24 hours, not 23.
        MINUTE..HOUR => format!(
            "in {}",
            counted((seconds + MINUTE / 2) / MINUTE, "minute", "minutes")
        ),
        _ => format!(
            "in {}",
            counted((seconds + HOUR / 2) / HOUR, "hour", "hours")
        ),
    };
    Remaining {
        words,
        is_close: (1..HOUR).contains(&seconds),
    }
}

/// Whether a text may be cut anywhere. Not where letters join or combine, nor where it runs from right to left: there its
/// two ends would change places.
pub(crate) fn can_be_cut(text: &str) -> bool {
    text.chars().all(|letter| {
        matches!(letter,
            '\0'..'\u{300}' // Latin
            | '\u{370}'..'\u{483}' | '\u{48a}'..'\u{590}' // Greek, Cyrillic, Armenian
            | '\u{2010}'..'\u{2028}' // dashes and quotes
            | '\u{2e80}'..'\u{d7b0}') // Chinese, Japanese, Korean
    })
}

/// The beginning and the end of an identifier that is too long for its place; of a text that cannot be cut anywhere only
/// the beginning.
pub(crate) fn middle_cut(text: &str, head: usize, tail: usize) -> String {
    let count = text.chars().count();
    if count <= head + tail + 1 {
        return text.to_owned();
    }
    let (head, tail) = if can_be_cut(text) {
        (head, tail)
    } else {
        (head + tail, 0)
    };
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(count - tail).collect();
    format!("{start}…{end}")
}

/// A status as it stands on the screen.
pub(crate) fn status(status: SessionStatus) -> &'static str {
    match status {
        SessionStatus::Pending => "Pending",
        SessionStatus::Capturing => "Capturing",
        SessionStatus::Processing => "Processing",
        SessionStatus::AwaitingExternal => "Awaiting external",
        SessionStatus::UnderReview => "Under review",
        SessionStatus::SandboxPending => "Awaiting outcome",
        SessionStatus::Completed => "Completed",
        SessionStatus::Expired => "Expired",
        SessionStatus::Failed => "Failed",
    }
}

/// A name of the wire as words: `face_match` is `Face match`.
pub(crate) fn plain(name: &str) -> String {
    let text = name.replace(['_', '.'], " ");
    let text = ["ocr", "nfc", "aml"].into_iter().fold(text, |text, short| {
        text.split(' ')
            .map(|word| {
                if word == short {
                    word.to_ascii_uppercase()
                } else {
                    word.to_owned()
                }
            })
            .collect::<Vec<_>>()
            .join(" ")
    });
    let mut text = text.replace("id document", "ID document");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn the_past_is_short() {
        let cases = [
            (0, Some("just now")),
            (59, Some("59 s ago")),
            (60, Some("1 min ago")),
            (3_599, Some("59 min ago")),
            (7_200, Some("2 h ago")),
            (6 * DAY, Some("6 d ago")),
            (7 * DAY, None),
            (-5, Some("just now")),
        ];
        for (seconds, words) in cases {
            assert_eq!(
                ago(1_000_000_000, 1_000_000_000 + seconds * 1_000).as_deref(),
                words,
                "{seconds}"
            );
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn an_expiry_warns_in_its_last_hour() {
        for (seconds, words, is_close) in [
            (3 * DAY, "in 72 hours", false),
            (DAY - 1, "in 24 hours", false),
            (HOUR, "in 1 hour", false),
            (HOUR - 1, "in 60 minutes", true),
            (61, "in 1 minute", true),
            (30, "in less than a minute", true),
            (0, "expired", false),
        ] {
            assert_eq!(
                remaining(seconds * 1_000, 0),
                Remaining {
                    words: words.to_owned(),
                    is_close
                },
                "{seconds}"
            );
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn identifiers_lose_their_middle() {
        assert_eq!(
            middle_cut("ses_01k2abcdefghjkmnpqrstvwxyz", 10, 4),
            "ses_01k2ab…wxyz"
        );
        assert_eq!(middle_cut("short", 10, 4), "short");
        assert_eq!(middle_cut("لقوح-12345-دحوف", 4, 2), "لقوح-1…");
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn texts_whose_letters_join_or_run_from_right_to_left_are_not_cut() {
        for text in ["cust-00711", "Grüße", "Заказ 7", "顧客番号", "a’b – c"] {
            assert!(can_be_cut(text), "{text}");
        }
        for text in ["عميل-7", "לקוח 7", "👩\u{200d}🚀", "e\u{301}", "\u{202e}x"] {
            assert!(!can_be_cut(text), "{text}");
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn large_counts_are_grouped() {
        for (count, words) in [
            (1, "1 key"),
            (999, "999 keys"),
            (1_999, "1,999 keys"),
            (1_234_567, "1,234,567 keys"),
        ] {
            assert_eq!(counted(count, "key", "keys"), words);
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn names_of_the_wire_become_words() {
        assert_eq!(plain("document_ocr"), "Document OCR");
        assert_eq!(plain("nfc_chip_auth"), "NFC chip auth");
        assert_eq!(plain("id_document_filter"), "ID document filter");
        assert_eq!(plain(""), "");
        assert_eq!(plain("österreich"), "österreich");
    }
}
