//! What the server says of a request: the answer to a dry run, in the form of the npm package.

use vouchkey_types::json::{Json, read_answer};
use vouchkey_types::object;

use crate::api::{Answer, Api, SESSIONS};

/// The verdict of the server.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// `{ok: true, value}`, or `{ok: false, error, detail, errors}`.
    pub outcome: Json,
    /// `Vouchkey-Ignored-Fields`, empty where it is absent.
    pub ignored: String,
    /// `ignored_fields`, which stands in the answers to accepted requests alone.
    pub ignored_fields: Option<Vec<String>>,
}

/// Sends a body as it is, and reads the verdict on it.
pub async fn judge(api: &Api, body: Vec<u8>, strict: bool) -> Verdict {
    let mut call = api.call("POST", &format!("{SESSIONS}?dry_run=true"));
    if strict {
        call = call.header("Prefer", "handling=strict");
    }
    Verdict::of(&call.text(body).send().await)
}

/// The first 20 names as the header has them, and how many more there are.
pub fn ignored_header(names: &[&str]) -> String {
    let mut items: Vec<String> = names.iter().take(20).map(|name| encoded(name)).collect();
    if names.len() > 20 {
        items.push(format!("+{}", names.len() - 20));
    }
    items.join(",")
}

/// The first 64 characters, percent-encoded but for visible ASCII other than `,`, `+` and `%`.
fn encoded(name: &str) -> String {
    let name: String = name.chars().take(64).collect();
    name.bytes()
        .map(|byte| match byte {
            b',' | b'+' | b'%' => format!("%{byte:02X}"),
            0x21..=0x7e => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

impl Verdict {
    fn of(answer: &Answer) -> Self {
        let body = read_answer(answer.text.as_bytes())
            .unwrap_or_else(|error| panic!("{error} in {} {}", answer.status, answer.text));
        let member = |name: &str| body.get(name).cloned().unwrap_or(Json::Null);
        let outcome = if answer.status == 200 {
            object! { "ok": true, "value": member("request") }
        } else {
            assert_eq!(member("status_code"), Json::from(i64::from(answer.status)));
            let errors = body.get("errors").cloned();
            object! {
                "ok": false,
                "error": member("error"),
                "detail": member("detail"),
                "errors": errors.unwrap_or(Json::Array(Vec::new())),
            }
        };
        let names = body.get("ignored_fields").and_then(Json::as_array);
        let text = |name: &Json| name.as_str().expect("a name").to_owned();
        Self {
            outcome: outcome.into(),
            ignored: answer
                .header("vouchkey-ignored-fields")
                .unwrap_or_default()
                .to_owned(),
            ignored_fields: names.map(|names| names.iter().map(text).collect()),
        }
    }
}
