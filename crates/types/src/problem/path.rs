//! Where a mistake stands, as text.

use crate::json::push_quoted;
use crate::limits::MAX_PATH_KEY_CHARS;
use crate::text::{self, decimal};

/// The path of a member: `parent.key`, or `parent["a.b"]` for a key that is no plain word.
///
/// A key is cut to 64 characters with `…`.
pub fn member_path(parent: &str, key: &str) -> String {
    let end = key.char_indices().nth(MAX_PATH_KEY_CHARS);
    let cut = end.and_then(|(end, _)| key.get(..end));
    let is_word = !key.is_empty()
        && cut.is_none()
        && key
            .as_bytes()
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    match (is_word, parent) {
        (true, "") => key.to_owned(),
        (true, _) => text::join(&[parent, ".", key]),
        (false, _) => {
            let mut path = text::join(&[parent, "["]);
            match cut {
                Some(start) => push_quoted(&mut path, &text::join(&[start, "…"])),
                None => push_quoted(&mut path, key),
            }
            path.push(']');
            path
        }
    }
}

/// The path of a list's item: `parent[2]`.
pub fn item_path(parent: &str, index: usize) -> String {
    text::join(&[parent, "[", &decimal(index as u64), "]"])
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
