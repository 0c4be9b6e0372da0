//! Names the fields of a request that were ignored, in a header (decision 3).

use std::fmt::Write;

use http::{HeaderName, HeaderValue};
use vouchkey_types::limits::{MAX_IGNORED_FIELDS, MAX_PATH_KEY_CHARS};

/// The header that names them.
pub const HEADER: HeaderName = HeaderName::from_static("vouchkey-ignored-fields");

/// The header's value: at most 20 names, each cut to 64 characters and percent-encoded, then `+N`
/// for the rest. `None` if nothing was ignored.
pub fn value(names: &[String]) -> Option<HeaderValue> {
    let mut items: Vec<String> = names
        .iter()
        .take(MAX_IGNORED_FIELDS)
        .map(|name| encode(name))
        .collect();
    if names.len() > MAX_IGNORED_FIELDS {
        items.push(format!("+{}", names.len() - MAX_IGNORED_FIELDS));
    }
    if items.is_empty() {
        None
    } else {
        HeaderValue::from_str(&items.join(",")).ok()
    }
}

fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for character in name.chars().take(MAX_PATH_KEY_CHARS) {
        if character.is_ascii_graphic() && !matches!(character, ',' | '+' | '%') {
            out.push(character);
            continue;
        }
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(names: &[&str]) -> Option<String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        value(&names).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn names_are_listed_and_encoded() {
        assert_eq!(shown(&[]), None);
        assert_eq!(
            shown(&["contry", "a b", "x,+%", "é\n"]).unwrap(),
            "contry,a%20b,x%2C%2B%25,%C3%A9%0A"
        );
        assert_eq!(shown(&[&"é".repeat(70)]).unwrap(), "%C3%A9".repeat(64));
    }

    #[test]
    fn after_twenty_names_the_rest_is_counted() {
        let shown = shown(&["n"; 23]).unwrap();
        assert_eq!(shown, format!("{},+3", ["n"; 20].join(",")));
    }
}
