//! Reads the conformance vectors: requests, and what the rules say of them (`README.md` beside this
//! file). Part of every runner in Rust.

use vouchkey_types::date::Date;
use vouchkey_types::json::{Json, Object, read_answer};
use vouchkey_types::object;

/// The files, in the order of their reading.
macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("create_session/", $name, ".json")))),*]
    };
}

const FILES: [(&str, &str); 16] = files![
    "json",
    "names",
    "duplicates",
    "envelope",
    "unknown",
    "strict",
    "metadata",
    "text",
    "country",
    "checks",
    "workflow",
    "urls",
    "email",
    "expiry",
    "prefill",
    "errors",
];

const MESSAGES: &str = include_str!("messages.json");

const DAY_MS: i64 = 86_400_000;

/// One request and its verdict.
#[derive(Debug)]
pub(crate) struct Case {
    /// The file without its ending.
    pub(crate) file: &'static str,
    pub(crate) name: String,
    /// What is sent.
    pub(crate) body: Vec<u8>,
    /// The schemes that the organization allows.
    pub(crate) schemes: Vec<String>,
    /// Whether unknown fields are refused.
    pub(crate) strict: bool,
    /// What `validateCreateSession` answers.
    pub(crate) expected: Json,
}

/// All cases, for a time and for the id of an active workflow.
pub(crate) fn all(now_ms: i64, workflow: &str) -> Vec<Case> {
    let messages = parse(MESSAGES);
    let messages = messages.get("messages").expect("messages");
    let day = |days: i64| Date::from_unix_ms(now_ms + days * DAY_MS).to_string();
    let read = |(file, text): (&'static str, &str)| {
        let text = text
            .replace("{{today}}", &day(0))
            .replace("{{today-1}}", &day(-1))
            .replace("{{today+1}}", &day(1))
            .replace("{{workflow}}", workflow);
        let cases = parse(&text);
        let cases = cases.get("cases").and_then(Json::as_array).expect("cases");
        let case = |case| Case::read(file, case, messages);
        cases.iter().map(case).collect::<Vec<_>>()
    };
    FILES.into_iter().flat_map(read).collect()
}

impl Case {
    fn read(file: &'static str, case: &Json, messages: &Json) -> Self {
        let name = case.get("name").map(text).expect("name");
        let schemes = case.get("schemes").and_then(Json::as_array);
        Self {
            file,
            body: body(case),
            schemes: schemes.unwrap_or_default().iter().map(text).collect(),
            strict: case.get("strict").is_some(),
            expected: expected(case, messages),
            name,
        }
    }

    /// Says what is other than expected, in one line.
    pub(crate) fn difference(&self, expected: &Json, actual: &Json) -> Option<String> {
        let (expected, actual) = (expected.canonical(), actual.canonical());
        let shown = |text: &str| text.chars().take(600).collect::<String>();
        (expected != actual).then(|| {
            let Self { file, name, .. } = self;
            let (expected, actual) = (shown(&expected), shown(&actual));
            format!("{file}: {name}\n  expected {expected}\n  but got  {actual}")
        })
    }
}

/// Ends the test if there is a difference.
pub(crate) fn conclude(differences: &[String]) {
    let first: Vec<_> = differences.iter().take(20).cloned().collect();
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        first.join("\n")
    );
}

fn parse(text: &str) -> Json {
    read_answer(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

fn text(value: &Json) -> String {
    value.as_str().expect("a string").to_owned()
}

/// The bytes that `text`, `bytes` or `request` describes.
fn body(case: &Json) -> Vec<u8> {
    if let Some(parts) = case.get("text") {
        return joined(parts).into_bytes();
    }
    if let Some(bytes) = case.get("bytes") {
        let bytes = text(bytes);
        let byte = |byte| u8::from_str_radix(byte, 16).expect("a byte");
        return bytes.split(' ').map(byte).collect();
    }
    let request = expand(case.get("request").expect("a request"));
    request.to_text().into_bytes()
}

/// The whole verdict.
fn expected(case: &Json, messages: &Json) -> Json {
    let warnings = mistakes(case.get("warnings"), messages);
    if let Some(value) = case.get("value") {
        let given = match value.as_str() {
            Some("as sent") => expand(case.get("request").expect("a request")),
            _ => expand(value),
        };
        return object! { "ok": true, "value": over_defaults(&given), "warnings": warnings }.into();
    }
    let errors = mistakes(case.get("errors"), messages);
    let (error, detail) = if let Some(invalid) = case.get("invalid_json") {
        let [what, line, column] = invalid.as_array().expect("a list") else {
            panic!("three items: {invalid}")
        };
        let what = message(what, messages);
        let detail = format!("The body is not valid JSON: {what} (line {line}, column {column}).");
        ("invalid_json", detail)
    } else if case.get("error").is_some() {
        (
            "payload_too_large",
            "The body is over 4 MiB; shorten its values.".to_owned(),
        )
    } else {
        ("validation_failed", summary(&errors))
    };
    object! { "ok": false, "error": error, "detail": detail, "errors": errors, "warnings": warnings }
        .into()
}

/// The `detail` of a validation: the first error, and how many more there are.
fn summary(errors: &[Json]) -> String {
    let first = errors.first().expect("an error");
    let member = |name| first.get(name).map(text).expect(name);
    let (field, message) = (member("field"), member("message"));
    let first = match field.as_str() {
        "" => message,
        field => format!("{field}: {message}"),
    };
    match errors.len() - 1 {
        0 => first,
        more => format!("{first} (and {more} more)"),
    }
}

fn over_defaults(given: &Json) -> Json {
    let mut value = object! {
        "metadata": object! {},
        "send_email": false,
        "expires_in_minutes": 1440_i64,
        "fields": object! {},
    };
    for (name, member) in given.as_object().expect("an object").iter() {
        value.remove(name);
        value.push(name, member.clone());
    }
    value.into()
}

/// `[field, code, message]` to objects.
fn mistakes(list: Option<&Json>, messages: &Json) -> Vec<Json> {
    let list = list.map(expand);
    let mistakes = list.as_ref().and_then(Json::as_array).unwrap_or_default();
    let mistake = |mistake: &Json| {
        let [field, code, what] = mistake.as_array().expect("a list") else {
            panic!("three items: {mistake}")
        };
        let what = message(what, messages);
        object! { "field": text(field), "code": text(code), "message": what }.into()
    };
    mistakes.iter().map(mistake).collect()
}

/// A message, or the one for which its `#name` stands.
fn message(sent: &Json, messages: &Json) -> String {
    let sent = text(sent);
    match sent.strip_prefix('#') {
        Some(name) => messages.get(name).map(text).expect(name),
        None => sent,
    }
}

/// A value with its generators run.
fn expand(value: &Json) -> Json {
    match value {
        Json::Array(items) => Json::Array(items.iter().flat_map(items_of).collect()),
        Json::Object(object) => match object.iter().next() {
            Some(("$repeat", arguments)) => {
                let [part, times] = arguments.as_array().expect("a list") else {
                    panic!("two items: {arguments}")
                };
                let times = times.as_i64().and_then(|times| times.try_into().ok());
                text(part).repeat(times.expect("a number")).into()
            }
            Some(("$join", parts)) => joined(parts).into(),
            Some(("$json", parts)) => parse(&joined(parts)),
            _ => {
                let expanded = |(name, value): (&str, &Json)| (name.to_owned(), expand(value));
                Json::Object(object.iter().map(expanded).collect::<Object>())
            }
        },
        plain => plain.clone(),
    }
}

/// A string, or the text of a list of them.
fn joined(parts: &Json) -> String {
    match parts {
        Json::Array(items) => items
            .iter()
            .flat_map(items_of)
            .map(|part| text(&part))
            .collect(),
        one => text(&expand(one)),
    }
}

/// The items that stand for an item: several for `$each`.
fn items_of(item: &Json) -> Vec<Json> {
    let Some(each) = item.get("$each") else {
        return vec![expand(item)];
    };
    let [first, last, template] = each.as_array().expect("a list") else {
        panic!("three items: {each}")
    };
    let bound = |bound: &Json| bound.as_i64().expect("a number");
    (bound(first)..=bound(last))
        .map(|number| expand(&numbered(template, &number.to_string())))
        .collect()
}

/// A template with its number in the place of `{i}`.
fn numbered(template: &Json, number: &str) -> Json {
    match template {
        Json::String(text) => text.replace("{i}", number).into(),
        Json::Array(items) => {
            Json::Array(items.iter().map(|item| numbered(item, number)).collect())
        }
        Json::Object(object) => Json::Object(
            object
                .iter()
                .map(|(name, value)| (name.to_owned(), numbered(value, number)))
                .collect::<Object>(),
        ),
        plain => plain.clone(),
    }
}
