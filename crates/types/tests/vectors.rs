//! The conformance vectors, run natively.
#![expect(clippy::expect_used, reason = "a test may fail")]

#[path = "../../../tests/vectors/cases.rs"]
mod cases;

use vouchkey_types::date::Date;
use vouchkey_types::id::WorkflowId;
use vouchkey_types::json::{Json, Object, read};
use vouchkey_types::object;
use vouchkey_types::problem::{ErrorCode, FieldError, Problem};
use vouchkey_types::session::create::{Context, CreateSessionRequest, unknown_field};

/// 2026-02-01 12:00 UTC.
const NOW_MS: i64 = 1_769_947_200_000;

#[test]
fn every_request_of_the_vectors_gets_its_verdict() {
    let cases = cases::read(NOW_MS);
    assert!(cases.len() > 200, "{} cases", cases.len());
    for case in cases {
        case.check(&verdict(&case));
    }
}

#[test]
fn the_workflow_of_the_vectors_is_an_id() {
    assert!(WorkflowId::parse(cases::WORKFLOW).is_some());
}

/// The verdict in the form of the npm package.
fn verdict(case: &cases::Case) -> Json {
    let mut warnings = Vec::new();
    let outcome = request(&case.request).and_then(|request| {
        let names = request.ignored_fields().iter();
        warnings.extend(names.map(|name| unknown_field(name).at(name.as_str()).to_json()));
        let context = Context {
            today: Date::from_unix_ms(NOW_MS),
            schemes: &case.schemes,
            strict: false,
            workflows: None,
            publishable: None,
        };
        request.validate(&context).map_err(Problem::validation)
    });
    match outcome {
        Ok(session) => {
            object! { "ok": true, "value": session.to_json(), "warnings": warnings }.into()
        }
        Err(problem) => {
            let errors: Vec<_> = problem.errors.iter().map(FieldError::to_json).collect();
            let error = problem.error.as_str();
            object! { "ok": false, "error": error, "errors": errors, "warnings": warnings }.into()
        }
    }
}

fn request(body: &str) -> Result<CreateSessionRequest, Problem> {
    let json = match body {
        "" => Object::new().into(),
        body => read(body.as_bytes())
            .map_err(|error| Problem::new(ErrorCode::InvalidJson, error.to_string()))?,
    };
    CreateSessionRequest::from_json(json).map_err(|error| Problem::validation(vec![error]))
}
