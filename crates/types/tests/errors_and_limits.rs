//! `docs/errors-and-limits.md` is written by this test from the codes and limits that the rules use, so that it cannot
//! say anything else. After a change: `UPDATE_DOCS=1 cargo test -p vouchkey-types --test errors_and_limits`.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::fmt::{Display, Write as _};
use std::path::Path;

use vouchkey_types::check::Check;
use vouchkey_types::country::CountryCode;
use vouchkey_types::limits;
use vouchkey_types::names::{Field, PrefillField};
use vouchkey_types::problem::{ErrorCode, FieldCode, Problem};

#[test]
fn the_page_says_what_the_rules_do() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors-and-limits.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/errors-and-limits.md is out of date: run this test with UPDATE_DOCS=1"
    );
}

fn page() -> String {
    let mut page = String::from(SHAPE);
    writeln!(page, "{}", example()).unwrap();
    page.push_str(CODES);
    for code in ErrorCode::ALL.iter().copied() {
        writeln!(page, "| {} | `{code}` | {} |", code.status(), cause(code)).unwrap();
    }
    page.push_str(FIELDS);
    for code in FieldCode::ALL.iter().copied() {
        writeln!(page, "| `{code}` | {} |", mistake(code)).unwrap();
    }
    page.push_str(LIMITS);
    for (what, limit) in limits_of_the_api() {
        writeln!(page, "| {what} | {limit} |").unwrap();
    }
    page.push_str(NAMES);
    for (_, name, aliases) in Field::TABLE {
        writeln!(page, "| `{name}` | {} |", quoted(aliases)).unwrap();
    }
    page.push_str(PREFILL);
    for (_, name, aliases) in PrefillField::TABLE {
        writeln!(page, "| `{name}` | {} |", quoted(aliases)).unwrap();
    }
    page.push_str(CHECKS);
    for check in Check::ALL {
        writeln!(page, "- `{}`", check.as_str()).unwrap();
    }
    page
}

const SHAPE: &str = "\
<!-- Written by crates/types/tests/errors_and_limits.rs from the code; change it there. -->
# API reference: errors, limits and names

Every error has one shape:

```json
";

const CODES: &str = "\
```

`error` and `errors[].code` are words from the two lists below and do not change; `detail` and `message` are for people,
may be reworded, and never repeat what was sent. `errors` stands in answers with `validation_failed` alone, and lists
every mistake of the request at once. `request_id` is the answer's `X-Request-Id`: name it when you ask for help.

## `error`

| status | `error` | when |
| ---: | --- | --- |
";

const FIELDS: &str = "
## `errors[].code`

A field has at most one error, the first that applies in this order. `field` is the path in snake_case whatever spelling
was sent: `metadata.plan`, `checks[2]`, `fields.birthdate`; the body itself is the empty path.

| code | when |
| --- | --- |
";

const LIMITS: &str = "
## Limits

A character is a Unicode scalar value.

| what | limit |
| --- | --- |
";

const NAMES: &str = "
## Fields of a session

`POST /api/v1/sessions` takes these, each in snake_case, camelCase or kebab-case, and by the other names beside it.

| field | also |
| --- | --- |
";

const PREFILL: &str = "
## Prefill

`fields` takes these, in the same spellings. Another name under it is `unknown_field`.

| field | also |
| --- | --- |
";

const CHECKS: &str = "
## Checks

`checks` takes these, in place of the workflow's own.

";

fn quoted(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// A real answer, a member a line.
fn example() -> String {
    let fault = CountryCode::parse("XX").unwrap_err();
    let problem = Problem::validation(vec![fault.at("country")]).to_json(Some("7f3a9c1e5b2d4860"));
    let members = problem.as_object().unwrap().iter();
    let lines: Vec<String> = members
        .map(|(name, value)| format!("  \"{name}\": {value}"))
        .collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

fn cause(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidJson => {
            "the body is not JSON (RFC 8259, UTF-8); `detail` names line and column"
        }
        ErrorCode::InvalidHeader => {
            "a header has a value that is not known, an unknown `Key-Inflection` say; `Host` is missing, malformed or sent twice; `Transfer-Encoding` is not `chunked` alone"
        }
        ErrorCode::UnsupportedVersion => {
            "`Verifa-Version` names none of the supported versions; `detail` lists them"
        }
        ErrorCode::IdempotencyKeyInvalid => {
            "`Idempotency-Key` is empty, too long, sent twice, or not of visible ASCII characters"
        }
        ErrorCode::InvalidState => "the state of the session forbids the call",
        ErrorCode::Unauthorized => {
            "no valid key: missing, malformed, unknown, revoked and expired ones look alike"
        }
        ErrorCode::InsufficientScope => "the key lacks the scope that the call needs",
        ErrorCode::Forbidden => "the key may not be used from this address or page",
        ErrorCode::NotFound => "no such path, or no such object in this key's environment",
        ErrorCode::MethodNotAllowed => {
            "the path exists, the method does not; `Allow` and `detail` list those that do"
        }
        ErrorCode::RequestTimeout => "the body did not arrive in time; the connection is closed",
        ErrorCode::Conflict => "the call contradicts what exists",
        ErrorCode::IdempotencyInProgress => {
            "the first request with this idempotency key still runs; wait `Retry-After` seconds and send the same again"
        }
        ErrorCode::InviteLimitReached => "the invitation was sent as often as it may be",
        ErrorCode::Erased => "the data was erased",
        ErrorCode::PayloadTooLarge => {
            "the body is too large; told before it is read where `Content-Length` says so, and the connection is closed"
        }
        ErrorCode::UnsupportedMediaType => {
            "the content type is neither `application/json` nor `application/*+json`, or not in UTF-8, or sent twice, or the body is compressed"
        }
        ErrorCode::ValidationFailed => "the request breaks rules; `errors` lists them all",
        ErrorCode::IdempotencyMismatch => {
            "the idempotency key was used with other parameters; another request needs another key"
        }
        ErrorCode::RateLimited => {
            "too many requests; `Retry-After` says in how many seconds to try again"
        }
        ErrorCode::HeadersTooLarge => "the headers are too large or too many",
        ErrorCode::Internal => {
            "a fault of the server's; the request may be repeated with the same idempotency key"
        }
        ErrorCode::Unavailable => {
            "the server cannot take the request now; `Retry-After` says when to try again"
        }
    }
}

fn mistake(code: FieldCode) -> &'static str {
    match code {
        FieldCode::DuplicateField => {
            "two spellings of one field or query parameter, or the same one twice"
        }
        FieldCode::UnknownField => {
            "an unknown name under `fields`; with `Prefer: handling=strict` at the top level and in the query too"
        }
        FieldCode::WrongType => {
            "another JSON type, or a fraction where an integer is wanted (`1440.0` is an integer); a query parameter that is no number, switch or cursor"
        }
        FieldCode::Required => "it must be there, or must be with what else was sent",
        FieldCode::Empty => {
            "an empty string, list or metadata key; leave the field out, or send `null`, for none; an empty query parameter, which is left out for none"
        }
        FieldCode::InvalidCharacters => {
            "control or bidirectional characters, or `=?` in a name that goes into mail headers; a query parameter that is not UTF-8"
        }
        FieldCode::TooLong => "too many characters",
        FieldCode::TooMany => "too many metadata keys or list items",
        FieldCode::TooLarge => "too many bytes in a metadata value",
        FieldCode::InvalidFormat => {
            "not the syntax of an e-mail address, URL, date or phone number"
        }
        FieldCode::UnknownValue => "a country that is not assigned, an unknown check or status",
        FieldCode::NotAllowed => {
            "well formed but refused: a URL's scheme, user info or host; a field that is closed to publishable keys; `cursor` beside `offset`"
        }
        FieldCode::NotFound => "a workflow that is absent, inactive or of the other environment",
        FieldCode::OutOfRange => {
            "outside its bounds: an expiry, a date of birth, the `limit` or `offset` of a list"
        }
        FieldCode::DuplicateValue => "a check that stands in the list before",
    }
}

fn limits_of_the_api() -> Vec<(&'static str, String)> {
    let characters = |most: usize| format!("{} characters", grouped(most));
    let bytes = |most: usize| format!("{} bytes", grouped(most));
    vec![
        ("request body", bytes(limits::MAX_BODY_BYTES)),
        (
            "depth of nested objects and lists in a body",
            limits::MAX_JSON_DEPTH.to_string(),
        ),
        ("`external_ref`", characters(limits::MAX_EXTERNAL_REF_CHARS)),
        ("keys of `metadata`", limits::MAX_METADATA_KEYS.to_string()),
        (
            "a key of `metadata`",
            characters(limits::MAX_METADATA_KEY_CHARS),
        ),
        (
            "a value of `metadata`, as compact JSON",
            bytes(limits::MAX_METADATA_VALUE_BYTES),
        ),
        (
            "`applicant_name`, `email_display_name`",
            characters(limits::MAX_DISPLAY_NAME_CHARS),
        ),
        ("an e-mail address", characters(limits::MAX_EMAIL_CHARS)),
        ("a URL", characters(limits::MAX_URL_CHARS)),
        (
            "a value under `fields`",
            characters(limits::MAX_PREFILL_CHARS),
        ),
        (
            "`expires_in_minutes`",
            format!(
                "{} to {}; {} where none is sent",
                grouped(limits::MIN_EXPIRY_MINUTES),
                grouped(limits::MAX_EXPIRY_MINUTES),
                grouped(limits::DEFAULT_EXPIRY_MINUTES)
            ),
        ),
        (
            "`Idempotency-Key`",
            characters(limits::MAX_IDEMPOTENCY_KEY_CHARS),
        ),
        (
            "an idempotency key is kept for",
            format!("{} hours", limits::IDEMPOTENCY_HOURS),
        ),
        (
            "`errors` in one answer",
            format!("{}, and one more that counts the rest", limits::MAX_ERRORS),
        ),
        (
            "names in `Vouchkey-Ignored-Fields`",
            format!("{}, and `+N` for the rest", limits::MAX_IGNORED_FIELDS),
        ),
        (
            "`limit` of a list",
            format!(
                "1 to {}; {} where none is sent",
                limits::MAX_PAGE,
                limits::DEFAULT_PAGE
            ),
        ),
        (
            "`offset` of a list",
            format!("0 to {}", grouped(limits::MAX_OFFSET)),
        ),
        (
            "`total` of a list",
            format!(
                "exact up to {}, else `null` with `total_is_capped: true`",
                grouped(limits::MAX_TOTAL)
            ),
        ),
        (
            "a password for the dashboard, at least",
            characters(limits::MIN_PASSWORD_CHARS),
        ),
    ]
}

/// A number with commas between its thousands.
fn grouped(number: impl Display + Copy) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
