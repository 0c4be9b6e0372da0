//! `crates/wasm/npm/src/names.ts`, the lists of words and the limits in the npm package, is written by this test from
//! the lists that the rules use, so that the package cannot know others. After a change:
//! `UPDATE_DOCS=1 cargo test -p vouchkey-types --test typescript_names`.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::fmt::Write as _;
use std::path::Path;

use vouchkey_types::check::Check;
use vouchkey_types::inflection::Inflection;
use vouchkey_types::limits;
use vouchkey_types::names::{Field, PrefillField};
use vouchkey_types::problem::{ErrorCode, FieldCode};
use vouchkey_types::scope::Scope;
use vouchkey_types::session::status::SessionStatus;
use vouchkey_types::version::ApiVersion;
use vouchkey_types::webhook::{OrderRefusal, SignatureRefusal};

#[test]
fn the_package_knows_the_words_and_limits_of_the_rules() {
    let path = root().join("crates/wasm/npm/src/names.ts");
    let file = file();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &file).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == file,
        "crates/wasm/npm/src/names.ts is out of date: run this test with UPDATE_DOCS=1"
    );
}

#[test]
fn no_limit_of_a_request_is_forgotten() {
    let source = std::fs::read_to_string(root().join("crates/types/src/limits.rs")).unwrap();
    // What the dashboard alone needs, and what no number of JavaScript is.
    let of_others = ["MIN_PASSWORD_CHARS", "MAX_OFFSET"];
    let names = source.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("pub const ")?.split_once(':')?;
        (!of_others.contains(&name)).then(|| name.to_lowercase())
    });
    let listed: Vec<String> = limits_of_the_api()
        .iter()
        .map(|(name, ..)| (*name).to_owned())
        .collect();
    assert_eq!(names.collect::<Vec<_>>(), listed);
}

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
fn file() -> String {
    let mut file = String::from(
        "// Written by crates/types/tests/typescript_names.rs from the lists of the rules; change it there.\n",
    );
    let mut list = |doc: &str, values: &str, of: &str, words: Vec<&str>| {
        let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
        let words = words.join(", ");
        writeln!(
            file,
            "\n/** {doc} */\nexport const {values} = [{words}] as const;"
        )
        .unwrap();
        if !of.is_empty() {
            writeln!(
                file,
                "/** One of {{@link {values}}}. */\nexport type {of} = (typeof {values})[number];"
            )
            .unwrap();
        }
    };
    list(
        "Where a session can stand, in the order of its life.",
        "SESSION_STATUSES",
        "SessionStatus",
        SessionStatus::ALL
            .iter()
            .map(|status| status.as_str())
            .collect(),
    );
    list(
        "Where a session ends.",
        "TERMINAL_STATUSES",
        "TerminalStatus",
        SessionStatus::ALL
            .iter()
            .filter(|status| status.is_terminal())
            .map(|status| status.as_str())
            .collect(),
    );
    list(
        "The checks that a session can ask for.",
        "CHECKS",
        "Check",
        Check::ALL.iter().map(|check| check.as_str()).collect(),
    );
    list(
        "What a key can be allowed to do.",
        "SCOPES",
        "Scope",
        Scope::ALL.iter().map(|scope| scope.as_str()).collect(),
    );
    list(
        "What can go wrong with a request as a whole.",
        "ERROR_CODES",
        "ErrorCode",
        ErrorCode::ALL.iter().map(|code| code.as_str()).collect(),
    );
    list(
        "What can be wrong with a field, in the order of precedence.",
        "FIELD_CODES",
        "FieldCode",
        FieldCode::ALL.iter().map(|code| code.as_str()).collect(),
    );
    list(
        "Why the signature of a webhook is not believed.",
        "SIGNATURE_REFUSALS",
        "SignatureRefusal",
        SignatureRefusal::ALL
            .iter()
            .map(|refusal| refusal.as_str())
            .collect(),
    );
    list(
        "Why an event of a session changes nothing.",
        "ORDER_REFUSALS",
        "OrderRefusal",
        OrderRefusal::ALL
            .iter()
            .map(|refusal| refusal.as_str())
            .collect(),
    );
    list(
        "The fields of a request that creates a session, in the order of the errors.",
        "CREATE_SESSION_FIELDS",
        "CreateSessionField",
        Field::TABLE.iter().map(|(_, name, _)| *name).collect(),
    );
    list(
        "What `fields` can tell of the applicant, in the order of the errors.",
        "PREFILL_FIELDS",
        "PrefillField",
        PrefillField::TABLE
            .iter()
            .map(|(_, name, _)| *name)
            .collect(),
    );
    list(
        "The versions of the API, the oldest first.",
        "API_VERSIONS",
        "ApiVersion",
        ApiVersion::ALL
            .iter()
            .map(|version| version.as_str())
            .collect(),
    );
    file.push_str("\n/** The limits of the API. A character is a Unicode scalar value. */\nexport const LIMITS = {\n");
    for (name, value, doc) in limits_of_the_api() {
        let name = Inflection::Camel.key(name);
        writeln!(file, "  /** {doc} */\n  {name}: {value},").unwrap();
    }
    file.push_str("} as const;\n");
    file
}

/// Each constant of the module `limits`, in its order.
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn limits_of_the_api() -> Vec<(&'static str, i64, &'static str)> {
    let size = |size: usize| i64::try_from(size).unwrap();
    vec![
        (
            "max_json_depth",
            size(limits::MAX_JSON_DEPTH),
            "Deepest nesting of objects and lists in a body.",
        ),
        (
            "max_body_bytes",
            size(limits::MAX_BODY_BYTES),
            "Largest body, in bytes.",
        ),
        (
            "max_metadata_keys",
            size(limits::MAX_METADATA_KEYS),
            "Most metadata keys.",
        ),
        (
            "max_metadata_value_bytes",
            size(limits::MAX_METADATA_VALUE_BYTES),
            "Largest metadata value, in bytes of compact JSON.",
        ),
        (
            "max_metadata_key_chars",
            size(limits::MAX_METADATA_KEY_CHARS),
            "Longest metadata key, in characters.",
        ),
        (
            "max_external_ref_chars",
            size(limits::MAX_EXTERNAL_REF_CHARS),
            "Longest `external_ref`, in characters.",
        ),
        (
            "max_display_name_chars",
            size(limits::MAX_DISPLAY_NAME_CHARS),
            "Longest `applicant_name` and `email_display_name`, in characters.",
        ),
        (
            "max_prefill_chars",
            size(limits::MAX_PREFILL_CHARS),
            "Longest value under `fields`, in characters.",
        ),
        (
            "max_url_chars",
            size(limits::MAX_URL_CHARS),
            "Longest URL, in characters.",
        ),
        (
            "max_email_chars",
            size(limits::MAX_EMAIL_CHARS),
            "Longest e-mail address, in characters.",
        ),
        (
            "min_expiry_minutes",
            limits::MIN_EXPIRY_MINUTES,
            "Shortest life of a capture URL, in minutes.",
        ),
        (
            "max_expiry_minutes",
            limits::MAX_EXPIRY_MINUTES,
            "Longest life of a capture URL, in minutes.",
        ),
        (
            "default_expiry_minutes",
            limits::DEFAULT_EXPIRY_MINUTES,
            "Life of a capture URL where none is asked for, in minutes.",
        ),
        (
            "max_idempotency_key_chars",
            size(limits::MAX_IDEMPOTENCY_KEY_CHARS),
            "Longest idempotency key, in characters.",
        ),
        (
            "idempotency_hours",
            limits::IDEMPOTENCY_HOURS,
            "How long an idempotency key is kept, in hours.",
        ),
        (
            "max_errors",
            size(limits::MAX_ERRORS),
            "Most errors that one answer lists; one more then counts the rest.",
        ),
        (
            "max_path_key_chars",
            size(limits::MAX_PATH_KEY_CHARS),
            "Longest part of a field's path that comes from the caller, in characters.",
        ),
        (
            "max_ignored_fields",
            size(limits::MAX_IGNORED_FIELDS),
            "Most ignored fields that an answer names.",
        ),
        ("max_page", limits::MAX_PAGE, "Largest page of a list."),
        (
            "default_page",
            limits::DEFAULT_PAGE,
            "Page of a list where none is asked for.",
        ),
        (
            "max_total",
            limits::MAX_TOTAL,
            "Up to here the `total` of a list is exact.",
        ),
    ]
}
