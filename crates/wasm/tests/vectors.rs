//! The conformance vectors, run in a browser.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::expect_used, reason = "a test may fail")]

#[path = "../../../tests/vectors/cases.rs"]
mod cases;

mod face;

use js_sys::Date;
use vouchkey_types::json::Json;
use vouchkey_types::limits::MAX_BODY_BYTES;
use vouchkey_types::object;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const WORKFLOW: &str = "wfl_01kg0000000000000000000000";

#[wasm_bindgen_test]
fn every_request_of_the_vectors_gets_its_verdict() {
    let now = Date::now();
    #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds")]
    let mut cases = cases::all(now as i64, WORKFLOW);
    // Strict handling is the server's alone, and what is too large never gets as far as here.
    cases.retain(|case| !case.strict && case.body.len() <= MAX_BODY_BYTES);
    assert!(cases.len() > 1_000, "{} cases", cases.len());
    let mut differences = Vec::new();
    for case in cases {
        let context = Json::from(object! { "schemes": case.schemes.clone() }).to_text();
        let verdict = face::judge(&case.body, &context, now).expect("a verdict");
        differences.extend(case.difference(&case.expected, &verdict));
    }
    cases::conclude(&differences);
}
