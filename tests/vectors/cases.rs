//! Reads `create_session.json`: requests and what the rules say of them. Part of every runner.
//!
//! A case is `{name, request, schemes?, ok, value?, error?, errors?, warnings?}`: the text of a
//! body, the organization's schemes, and the verdict; `value` is the normalised request, where it
//! is told. In a request `{{today}}` and `{{today-1}}` stand for dates, `{{workflow}}` for the id
//! of an active workflow, and `{{text*3}}` for a text that many times.

use vouchkey_types::date::Date;
use vouchkey_types::json::{Json, read_answer};

/// A workflow that a runner whose rules know the workflows must have.
pub(crate) const WORKFLOW: &str = "wfl_01kg0000000000000000000000";

const DAY_MS: i64 = 86_400_000;

/// One request and its verdict.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) request: String,
    pub(crate) schemes: Vec<String>,
    /// What is expected of a runner: the members `ok`, `value`, `error`, `errors`, `warnings`.
    pub(crate) expected: Json,
}

/// All cases, for a day.
pub(crate) fn read(today_ms: i64) -> Vec<Case> {
    let file = read_answer(include_bytes!("create_session.json")).expect("JSON");
    let cases = file.get("cases").and_then(Json::as_array).expect("cases");
    cases
        .iter()
        .map(|case| Case::read(case, today_ms))
        .collect()
}

impl Case {
    fn read(case: &Json, today_ms: i64) -> Self {
        let text = |name: &str| case.get(name).and_then(Json::as_str).expect(name);
        Self {
            name: text("name").to_owned(),
            request: fill(text("request"), today_ms),
            schemes: list(case, "schemes")
                .iter()
                .map(|scheme| scheme.as_str().expect("a scheme").to_owned())
                .collect(),
            expected: case.clone(),
        }
    }

    /// Fails unless this is the verdict: an object as `validateCreateSession` returns it.
    pub(crate) fn check(&self, verdict: &Json) {
        let Self { name, expected, .. } = self;
        for member in ["ok", "error"] {
            assert_eq!(
                verdict.get(member),
                expected.get(member),
                "{name}: {verdict}"
            );
        }
        for member in ["errors", "warnings"] {
            assert_eq!(
                pairs(verdict, member),
                pairs(expected, member),
                "{name}: {member}"
            );
            for mistake in list(verdict, member) {
                let message = mistake.get("message").and_then(Json::as_str);
                assert!(
                    message.is_some_and(|message| !message.is_empty()),
                    "{name}: {mistake}"
                );
            }
        }
        if let Some(value) = expected.get("value") {
            let actual = verdict.get("value").map(Json::canonical);
            assert_eq!(actual, Some(value.canonical()), "{name}: value");
        }
    }
}

fn list<'a>(object: &'a Json, member: &str) -> &'a [Json] {
    object
        .get(member)
        .and_then(Json::as_array)
        .unwrap_or_default()
}

/// Fields and codes of the mistakes in a list.
fn pairs(object: &Json, member: &str) -> Vec<(String, String)> {
    let text = |mistake: &Json, name: &str| {
        let text = mistake.get(name).and_then(Json::as_str);
        text.expect(name).to_owned()
    };
    list(object, member)
        .iter()
        .map(|mistake| (text(mistake, "field"), text(mistake, "code")))
        .collect()
}

fn fill(request: &str, today_ms: i64) -> String {
    let mut parts = request.split("{{");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (placeholder, rest) = part.split_once("}}").expect("a placeholder's end");
        match placeholder {
            "workflow" => filled.push_str(WORKFLOW),
            "today" => filled.push_str(&Date::from_unix_ms(today_ms).to_string()),
            "today-1" => filled.push_str(&Date::from_unix_ms(today_ms - DAY_MS).to_string()),
            repeated => {
                let (text, times) = repeated.rsplit_once('*').expect("a repetition");
                filled.push_str(&text.repeat(times.parse().expect("a number")));
            }
        }
        filled.push_str(rest);
    }
    filled
}
