//! The conformance vectors, run in a browser.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::expect_used, reason = "a test may fail")]

#[path = "../../../tests/vectors/cases.rs"]
mod cases;

use js_sys::{Array, Date, JSON, Object, Reflect, Uint8Array};
use vouchkey_types::json::{Json, read_answer};
use vouchkey_wasm::js::{validate_create_session, validate_create_session_json};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use cases::Case;

wasm_bindgen_test_configure!(run_in_browser);

const WORKFLOW: &str = "wfl_01kg0000000000000000000000";

/// The cases of today; strict handling is the server's alone.
fn all() -> Vec<Case> {
    #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds")]
    let now = Date::now() as i64;
    let mut cases = cases::all(now, WORKFLOW);
    cases.retain(|case| !case.strict);
    assert!(cases.len() > 1_000, "{} cases", cases.len());
    cases
}

fn json(value: &JsValue) -> Json {
    let text = String::from(JSON::stringify(value).expect("JSON"));
    read_answer(text.as_bytes()).expect("JSON")
}

fn context(schemes: &[String]) -> JsValue {
    let context = Object::new();
    let schemes: Array = schemes.iter().map(JsValue::from).collect();
    Reflect::set(&context, &"schemes".into(), &schemes).expect("a new object");
    context.into()
}

/// The text of a body that is text; a byte order mark stays.
fn text(body: &[u8]) -> Option<JsValue> {
    std::str::from_utf8(body).ok().map(JsValue::from)
}

#[wasm_bindgen_test]
fn every_request_of_the_vectors_gets_its_verdict() {
    let mut differences = Vec::new();
    for case in all() {
        // Numbers as JavaScript rounds them.
        let expected = JSON::parse(&case.expected.to_text()).expect("JSON");
        let expected = json(&expected);
        let bytes = JsValue::from(Uint8Array::from(case.body.as_slice()));
        for body in text(&case.body).into_iter().chain([bytes]) {
            let verdict = validate_create_session_json(&body, &context(&case.schemes));
            differences.extend(case.difference(&expected, &json(&verdict.expect("a verdict"))));
        }
    }
    cases::conclude(&differences);
}

#[wasm_bindgen_test]
fn an_object_gets_the_verdict_of_its_text() {
    let mut differences = Vec::new();
    for case in all() {
        // What JavaScript itself reads otherwise: members given twice, large numbers.
        let body = std::str::from_utf8(&case.body).unwrap_or_default();
        let Ok(object) = JSON::parse(body) else {
            continue;
        };
        let written = JSON::stringify(&object).expect("JSON");
        let context = context(&case.schemes);
        let of_text = validate_create_session_json(&written, &context).expect("a verdict");
        let of_object = validate_create_session(&object, &context).expect("a verdict");
        differences.extend(case.difference(&json(&of_text), &json(&of_object)));
    }
    cases::conclude(&differences);
}
