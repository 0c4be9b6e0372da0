//! What the rules say of a body, as a JavaScript object.

use js_sys::JSON;
use serde::{Serialize, Serializer};
use vouchkey_types::json::{self, Json, Object};
use vouchkey_types::limits::MAX_ERRORS;
use vouchkey_types::problem::{ErrorCode, FieldError, Problem};
use vouchkey_types::session::create::{CreateSessionRequest, NewSession, unknown_field};
use wasm_bindgen::prelude::*;

use crate::js::context::Rules;

/// The outcome, and what the server would ignore.
pub(super) struct Verdict {
    outcome: Result<NewSession, Problem>,
    warnings: Vec<FieldError>,
}

impl Verdict {
    /// Judges a body that may already be refused.
    pub(super) fn of(body: Result<Vec<u8>, Problem>, rules: &Rules) -> Self {
        let mut warnings = Vec::new();
        let outcome = body.and_then(|body| {
            let request = read(&body)?;
            warnings = warn(&request);
            request
                .validate(&rules.context())
                .map_err(Problem::validation)
        });
        Self { outcome, warnings }
    }

    pub(super) fn into_js(self) -> Result<JsValue, JsValue> {
        let warnings = Mistakes(self.warnings);
        let js = match self.outcome {
            Ok(session) => to_js(&Accepted {
                ok: true,
                value: Parsed(JSON::parse(&session.to_json().to_text())?),
                warnings,
            }),
            Err(problem) => to_js(&Refused {
                ok: false,
                error: problem.error.as_str(),
                detail: &problem.detail,
                errors: Mistakes(problem.errors),
                warnings,
            }),
        };
        js.map_err(JsValue::from)
    }
}

/// The request, as the server reads it; an empty body is an empty object.
fn read(body: &[u8]) -> Result<CreateSessionRequest, Problem> {
    let json = if body.is_empty() {
        Json::from(Object::new())
    } else {
        json::read(body).map_err(|error| Problem::new(ErrorCode::InvalidJson, error.to_string()))?
    };
    CreateSessionRequest::from_json(json).map_err(|error| Problem::validation(vec![error]))
}

/// A warning for each field that the server ignores, named as sent; as many as it lists errors.
fn warn(request: &CreateSessionRequest) -> Vec<FieldError> {
    let names = request.ignored_fields().iter().take(MAX_ERRORS);
    names
        .map(|name| unknown_field(name).at(name.as_str()))
        .collect()
}

#[derive(Serialize)]
struct Accepted {
    ok: bool,
    value: Parsed,
    warnings: Mistakes,
}

#[derive(Serialize)]
struct Refused<'a> {
    ok: bool,
    error: &'a str,
    detail: &'a str,
    errors: Mistakes,
    warnings: Mistakes,
}

struct Mistakes(Vec<FieldError>);

impl Serialize for Mistakes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|error| Mistake {
            field: &error.field,
            code: error.code.as_str(),
            message: &error.message,
        }))
    }
}

#[derive(Serialize)]
struct Mistake<'a> {
    field: &'a str,
    code: &'a str,
    message: &'a str,
}

/// A value that `JSON.parse` made: in one crossing, with integers as JavaScript rounds them, and
/// with `__proto__` in metadata as a member like any other, which assignment would take for the
/// prototype.
struct Parsed(JsValue);

impl Serialize for Parsed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_wasm_bindgen::preserve::serialize(&self.0, serializer)
    }
}

fn to_js(value: &impl Serialize) -> Result<JsValue, serde_wasm_bindgen::Error> {
    value.serialize(&serde_wasm_bindgen::Serializer::new())
}
