//! The conformance vectors, run natively.
#![expect(clippy::expect_used, reason = "a test may fail")]

#[path = "../../../tests/vectors/cases.rs"]
mod cases;

use std::collections::HashSet;
use std::fs;

use vouchkey_types::date::Date;
use vouchkey_types::id::WorkflowId;
use vouchkey_types::json::{Json, Object, read};
use vouchkey_types::limits::{MAX_BODY_BYTES, MAX_ERRORS};
use vouchkey_types::object;
use vouchkey_types::problem::{ErrorCode, FieldError, Problem};
use vouchkey_types::session::create::{Context, CreateSessionRequest, NewSession, unknown_field};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors");

/// 2026-02-01 12:00 UTC.
const NOW_MS: i64 = 1_769_947_200_000;

const WORKFLOW: &str = "wfl_01kg0000000000000000000000";

#[test]
fn every_request_of_the_vectors_gets_its_verdict() {
    let cases = cases::all(NOW_MS, WORKFLOW);
    assert!(cases.len() > 1_000, "{} cases", cases.len());
    let difference = |case: &cases::Case| case.difference(&case.expected, &verdict(case));
    cases::conclude(&cases.iter().filter_map(difference).collect::<Vec<_>>());
}

#[test]
fn every_file_of_the_vectors_is_read_and_every_name_is_its_own() {
    let cases = cases::all(NOW_MS, WORKFLOW);
    let read: HashSet<_> = cases.iter().map(|case| case.file).collect();
    let files = fs::read_dir(format!("{FOLDER}/create_session")).expect("a folder");
    assert_eq!(read.len(), files.count());
    let names: HashSet<_> = cases.iter().map(|case| &case.name).collect();
    assert_eq!(names.len(), cases.len());
}

#[test]
fn every_message_of_the_vectors_is_expected_somewhere() {
    let read = |file: &str| fs::read_to_string(format!("{FOLDER}/{file}")).expect(file);
    let files = fs::read_dir(format!("{FOLDER}/create_session")).expect("a folder");
    let vectors: String = files
        .map(|file| fs::read_to_string(file.expect("a file").path()).expect("a file"))
        .collect();
    let messages = vouchkey_types::json::read(read("messages.json").as_bytes()).expect("JSON");
    let messages = messages.get("messages").and_then(Json::as_object);
    let is_unused = |name: &&str| !vectors.contains(&format!("\"#{name}\""));
    let names = messages.expect("messages").iter().map(|(name, _)| name);
    assert_eq!(names.filter(is_unused).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn the_workflow_of_the_vectors_is_an_id() {
    assert!(WorkflowId::parse(WORKFLOW).is_some());
}

/// The verdict in the form of the npm package.
fn verdict(case: &cases::Case) -> Json {
    let mut warnings = Vec::new();
    match judge(case, &mut warnings) {
        Ok(session) => {
            object! { "ok": true, "value": session.to_json(), "warnings": warnings }.into()
        }
        Err(problem) => {
            let errors: Vec<_> = problem.errors.iter().map(FieldError::to_json).collect();
            object! {
                "ok": false,
                "error": problem.error.as_str(),
                "detail": problem.detail,
                "errors": errors,
                "warnings": warnings,
            }
            .into()
        }
    }
}

fn judge(case: &cases::Case, warnings: &mut Vec<Json>) -> Result<NewSession, Problem> {
    let json = match case.body.as_slice() {
        // The bound belongs to those who read a body: the server and the package.
        body if body.len() > MAX_BODY_BYTES => {
            let detail = "The body is over 4 MiB; shorten its values.";
            return Err(Problem::new(ErrorCode::PayloadTooLarge, detail));
        }
        [] => Object::new().into(),
        body => {
            read(body).map_err(|error| Problem::new(ErrorCode::InvalidJson, error.to_string()))?
        }
    };
    let request =
        CreateSessionRequest::from_json(json).map_err(|error| Problem::validation(vec![error]))?;
    let ignored = request.ignored_fields().into_iter().take(MAX_ERRORS);
    warnings.extend(ignored.map(|name| unknown_field(name).at(name.to_owned()).to_json()));
    let context = Context {
        today: Date::from_unix_ms(NOW_MS),
        schemes: &case.schemes,
        strict: case.strict,
        workflows: None,
        publishable: None,
    };
    request.validate(&context).map_err(Problem::validation)
}
