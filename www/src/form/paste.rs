//! Keys and values out of text from the clipboard.

use vouchkey_types::json::{self, Json};

/// The keys and values that the text holds, if it is an object of JSON, or lines of `key=value`
/// (with `#` comments, `export`, and quotes around values, as in files of settings).
///
/// `None` for any other text, which is then pasted as it stands. Nulls are left out, as the API
/// drops them.
pub(crate) fn read(text: &str) -> Option<Vec<(String, Json)>> {
    let members = if text.trim_start().starts_with('{') {
        object(text)?
    } else {
        lines(text)?
    };
    (!members.is_empty()).then_some(members)
}

fn object(text: &str) -> Option<Vec<(String, Json)>> {
    let Ok(Json::Object(members)) = json::read(text.trim().as_bytes()) else {
        return None;
    };
    Some(
        members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
    )
}

fn lines(text: &str) -> Option<Vec<(String, Json)>> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let line = line.strip_prefix("export ").unwrap_or(line);
            let (key, value) = line.split_once('=')?;
            let key = key.trim();
            // A URL with a query, or a sentence, is no key.
            let is_key = !key.is_empty()
                && !key.contains(|found: char| {
                    found.is_whitespace() || matches!(found, ':' | '/' | '?')
                });
            is_key.then(|| (key.to_owned(), Json::from(unquoted(value.trim()))))
        })
        .collect()
}

fn unquoted(value: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vouchkey_types::json::Object;
    use wasm_bindgen_test::wasm_bindgen_test;

    fn shown(text: &str) -> Option<String> {
        read(text).map(|members| Json::Object(members.into_iter().collect::<Object>()).to_text())
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn an_object_gives_its_members_with_their_types() {
        assert_eq!(
            shown(" {\"plan\": \"premium\", \"seats\": 3, \"gone\": null, \"tags\": [1, 2]} ")
                .as_deref(),
            Some(r#"{"plan":"premium","seats":3,"tags":[1,2]}"#)
        );
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn lines_give_text() {
        assert_eq!(
            shown("# settings\nexport plan=premium\r\n\nnote = \"a = b\"\nempty=\n").as_deref(),
            Some(r#"{"plan":"premium","note":"a = b","empty":""}"#)
        );
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn other_text_is_left_alone() {
        for text in [
            "",
            "plan",
            "{\"plan\": ",
            "{}",
            "[1]",
            "https://example.com/?a=b",
            "two words = 3",
            "=x",
            "a=b\nno sign",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
