//! Where a mistake stands, as text.

use crate::json::Json;
use crate::limits::MAX_PATH_KEY_CHARS;

/// The path of a member: `parent.key`, or `parent["a.b"]` for a key that is no plain word.
///
/// A key is cut to 64 characters with `…`.
pub fn member_path(parent: &str, key: &str) -> String {
    let mut shown: String = key.chars().take(MAX_PATH_KEY_CHARS).collect();
    let is_cut = shown.len() < key.len();
    if is_cut {
        shown.push('…');
    }
    let is_word = !key.is_empty()
        && !is_cut
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    match (is_word, parent) {
        (true, "") => shown,
        (true, _) => format!("{parent}.{shown}"),
        (false, _) => format!("{parent}[{}]", Json::from(shown)),
    }
}

/// The path of a list's item: `parent[2]`.
pub fn item_path(parent: &str, index: usize) -> String {
    format!("{parent}[{index}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_quote_what_is_no_plain_word() {
        assert_eq!(
            member_path("metadata", "applicant_email"),
            "metadata.applicant_email"
        );
        assert_eq!(member_path("metadata", "a.b"), r#"metadata["a.b"]"#);
        assert_eq!(member_path("metadata", ""), r#"metadata[""]"#);
        assert_eq!(member_path("metadata", "a\"b"), r#"metadata["a\"b"]"#);
        assert_eq!(member_path("", "x y"), r#"["x y"]"#);
        let long = "a".repeat(65);
        assert_eq!(
            member_path("metadata", &long),
            format!("metadata[\"{}…\"]", "a".repeat(64))
        );
        assert_eq!(item_path("checks", 2), "checks[2]");
    }
}
