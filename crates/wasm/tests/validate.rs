//! Verdicts of the module in a browser; what the face in TypeScript adds is tested with the package.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::expect_used, reason = "a test may fail")]

mod face;

use js_sys::JSON;
use vouchkey_types::json::{Json, read_answer};
use vouchkey_wasm::js;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// 2026-02-01 12:00 UTC.
const NOW_MS: f64 = 1_769_947_200_000.0;

fn verdict(body: &str) -> Json {
    face::judge(body.as_bytes(), "", NOW_MS).expect("a verdict")
}

#[wasm_bindgen_test]
fn what_is_accepted_without_warnings_has_nothing_to_read() {
    let body = br#"{"country":"ch"}"#;
    face::put(&[body]);
    assert_eq!(js::judge(0, body.len(), NOW_MS), 0);
}

#[wasm_bindgen_test]
fn verdicts_say_all_there_is_to_say() {
    assert_eq!(
        verdict(r#"{"country":"ch","x":1}"#).to_text(),
        r#"{"ok":true,"value":{"metadata":{},"country":"CH","send_email":false,"expires_in_minutes":1440,"fields":{}},"warnings":[{"field":"x","code":"unknown_field","message":"This field is not known."}]}"#
    );
    assert_eq!(
        verdict(r#"{"country":1}"#).to_text(),
        r#"{"ok":false,"error":"validation_failed","detail":"country: Must be a string.","errors":[{"field":"country","code":"wrong_type","message":"Must be a string."}],"warnings":[]}"#
    );
    let broken = verdict("\"\u{1}\"");
    assert_eq!(
        broken.get("error").and_then(Json::as_str),
        Some("invalid_json")
    );
}

#[wasm_bindgen_test]
fn a_field_alone_gets_its_mistakes() {
    let (path, value) = ("fields.firstName", r#""""#);
    face::put(&[path.as_bytes(), value.as_bytes()]);
    let said = js::judge_field(0, path.len(), value.len(), NOW_MS);
    let (refusal, mistakes, _) = face::told(said);
    assert_eq!(refusal, None);
    assert_eq!(
        mistakes.to_text(),
        r#"[{"field":"fields.name_first","code":"empty","message":"Must not be empty; leave the field out instead."}]"#
    );
}

#[wasm_bindgen_test]
fn the_context_sets_the_date_and_the_schemes() {
    let body = br#"{"fields":{"birthdate":"2026-01-31"},"redirect_url":"myapp://done"}"#;
    let judge = |context: &str| face::judge(body, context, NOW_MS);
    let is_ok = |verdict: Json| verdict.get("ok").and_then(Json::as_bool);
    let accepted = judge(r#"{"today":"2026-02-01","schemes":["myapp"]}"#);
    assert_eq!(accepted.map(is_ok), Ok(Some(true)));
    let refused = judge(r#"{"today":"2026-01-31"}"#).expect("a verdict");
    let errors = refused.get("errors").and_then(Json::as_array);
    assert_eq!(errors.map(<[Json]>::len), Some(2));
    for (context, said) in [
        ("1", -1),
        ("[]", -1),
        ("{", -1),
        (r#"{"today":1}"#, -2),
        (r#"{"today":"2026-02-30"}"#, -2),
        (r#"{"schemes":"myapp"}"#, -3),
        (r#"{"schemes":[1]}"#, -3),
    ] {
        assert_eq!(judge(context), Err(said), "{context}");
    }
}

/// What is written of a double where there is no JavaScript.
fn elsewhere(double: f64) -> String {
    let sign = if double.is_sign_negative() { "-" } else { "" };
    let mut buffer = ryu_js::Buffer::new();
    let size = buffer.format_finite(double.abs());
    let is_whole = size.bytes().all(|byte| byte.is_ascii_digit());
    format!("{sign}{size}{}", if is_whole { ".0" } else { "" })
}

/// Doubles are read and written by JavaScript here, and by the standard library and `ryu-js` in the server.
#[wasm_bindgen_test]
#[expect(clippy::excessive_precision, reason = "the doubles in full")]
fn numbers_are_those_that_javascript_reads() {
    let mut bits = 1_u64;
    let mut doubles = vec![
        0.0,
        -0.0,
        0.1,
        1.0,
        -120.5,
        1e-3,
        1e-4,
        1e-5,
        1.5e-7,
        1e15,
        1e16,
        123_456_789_012_345_680.0,
        5e-324,
        2.225_073_858_507_201_4e-308,
        1e21,
        1e23,
        f64::MAX,
        9_007_199_254_740_993.0,
        // Two texts are equally near.
        1_888_570_120_608_320.25,
        150_000_000_000_000.625,
    ];
    doubles.extend((-1_074..1_024).map(|power| 2_f64.powi(power)));
    while doubles.len() < 6_000 {
        bits = bits
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        doubles.extend(Some(f64::from_bits(bits)).filter(|double| double.is_finite()));
    }
    for double in doubles {
        let written = Json::Number(vouchkey_types::json::Number::F64(double)).to_text();
        assert_eq!(written, elsewhere(double));
        let theirs = JSON::parse(&written).expect("a number").as_f64();
        assert_eq!(
            theirs.map(f64::to_bits),
            Some(double.to_bits()),
            "{written}"
        );
        let ours = read_answer(written.as_bytes()).expect("a number");
        assert_eq!(ours.to_text(), written);
    }
}

#[wasm_bindgen_test]
fn four_mebibytes_of_the_worst_numbers_are_judged_at_once() {
    for number in ["5e-324,", "2.2250738585072011e-308,", "9007199254740993.0,"] {
        let list = number.repeat(4_000_000 / number.len());
        let body = format!(r#"{{"other":[{list}0]}}"#);
        let before = js_sys::Date::now();
        assert_eq!(verdict(&body).get("ok"), Some(&Json::Bool(true)));
        let elapsed = js_sys::Date::now() - before;
        // Tens of seconds, when each of them was divided out.
        assert!(elapsed < 8_000.0, "{number} took {elapsed} ms");
    }
}
