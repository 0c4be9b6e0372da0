//! The request as a line for a terminal.

use std::fmt::Write as _;

use vouchkey_types::json::Json;
use vouchkey_types::text::is_forbidden;

/// A `curl` command that sends the request. The key is taken from a variable, so that none ever
/// stands on a screen or in a shell's history.
pub(crate) fn command(public_url: &str, request: &Json) -> String {
    let mut body = String::new();
    write_pretty(request, 0, &mut body);
    // They stand in strings only, where JSON knows them by number as well.
    let unseen = |character: char| character != '\n' && is_forbidden(character);
    while let Some(character) = body.chars().find(|character| unseen(*character)) {
        body = body.replace(character, &format!("\\u{:04x}", u32::from(character)));
    }
    format!(
        "curl {}/api/v1/sessions \\\n  -H \"X-API-Key: $VOUCHKEY_API_KEY\" \\\n  -H 'Content-Type: application/json' \\\n  -d {}",
        public_url.trim_end_matches('/'),
        quoted(&body)
    )
}

/// Quoted for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// JSON with two spaces a level; lists and objects without members on one line.
pub(crate) fn write_pretty(json: &Json, depth: usize, out: &mut String) {
    let inner = "  ".repeat(depth + 1);
    let outer = "  ".repeat(depth);
    match json {
        Json::Object(members) if !members.is_empty() => {
            out.push('{');
            for (index, (name, value)) in members.iter().enumerate() {
                let comma = if index == 0 { "" } else { "," };
                // Writing to a string cannot fail.
                let _ = write!(out, "{comma}\n{inner}{}: ", Json::from(name));
                write_pretty(value, depth + 1, out);
            }
            let _ = write!(out, "\n{outer}}}");
        }
        Json::Array(items)
            if items
                .iter()
                .any(|item| matches!(item, Json::Object(_) | Json::Array(_))) =>
        {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                let comma = if index == 0 { "" } else { "," };
                let _ = write!(out, "{comma}\n{inner}");
                write_pretty(item, depth + 1, out);
            }
            let _ = write!(out, "\n{outer}]");
        }
        other => {
            let _ = write!(out, "{other}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vouchkey_types::json;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn the_command_is_safe_to_paste() {
        let request = json::read(
            br#"{"external_ref":"O'Brien $HOME","metadata":{"a":{}},"checks":["face_match"]}"#,
        )
        .unwrap();
        assert_eq!(
            command("https://verify.example.com/", &request),
            "curl https://verify.example.com/api/v1/sessions \\\n  -H \"X-API-Key: $VOUCHKEY_API_KEY\" \\\n  -H 'Content-Type: application/json' \\\n  -d '{\n  \"external_ref\": \"O'\\''Brien $HOME\",\n  \"metadata\": {\n    \"a\": {}\n  },\n  \"checks\": [\"face_match\"]\n}'"
        );
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn what_turns_text_around_is_written_as_its_number() {
        let request = json::read("{\"applicant_name\":\"a\u{202e}b\u{85}\u{202e}\"}".as_bytes());
        let command = command("http://127.0.0.1", &request.unwrap());
        assert!(
            command.ends_with("\"a\\u202eb\\u0085\\u202e\"\n}'"),
            "{command}"
        );
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn an_empty_request_is_an_empty_object() {
        assert!(command("http://127.0.0.1:8080", &json::read(b"{}").unwrap()).ends_with("-d '{}'"));
    }
}
