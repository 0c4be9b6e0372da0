//! `validateCreateSession` and `validateCreateSessionJson` in a browser.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::expect_used, reason = "a test may fail")]

use js_sys::{Function, JSON, JsString, Reflect, Uint8Array};
use vouchkey_types::json::{Json, read_answer};
use vouchkey_wasm::js::{validate_create_session, validate_create_session_json};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// 4 MiB.
const MAX_BODY: u32 = 4 * 1024 * 1024;

fn evaluate(script: &str) -> JsValue {
    let function = Function::new_no_args(&format!("return ({script})"));
    function.call0(&JsValue::NULL).expect(script)
}

fn json(value: &JsValue) -> Json {
    let text = String::from(JSON::stringify(value).expect("JSON"));
    read_answer(text.as_bytes()).expect("JSON")
}

fn of_value(request: &JsValue) -> Json {
    json(&validate_create_session(request, &JsValue::UNDEFINED).expect("a verdict"))
}

fn of_json(body: &JsValue) -> Json {
    json(&validate_create_session_json(body, &JsValue::UNDEFINED).expect("a verdict"))
}

fn error(verdict: &Json) -> &str {
    let error = verdict.get("error").and_then(Json::as_str);
    error.unwrap_or_default()
}

fn is_ok(verdict: &Json) -> bool {
    verdict.get("ok").and_then(Json::as_bool).expect("ok")
}

#[wasm_bindgen_test]
fn the_verdict_is_a_plain_object() {
    let verdict = validate_create_session(&evaluate(r#"{country: "ch", x: 1}"#), &JsValue::NULL);
    assert_eq!(
        String::from(JSON::stringify(&verdict.expect("a verdict")).expect("JSON")),
        r#"{"ok":true,"value":{"metadata":{},"country":"CH","send_email":false,"expires_in_minutes":1440,"fields":{}},"warnings":[{"field":"x","code":"unknown_field","message":"This field is not known."}]}"#
    );
    let verdict = validate_create_session(&evaluate("{country: 1}"), &JsValue::NULL);
    assert_eq!(
        String::from(JSON::stringify(&verdict.expect("a verdict")).expect("JSON")),
        r#"{"ok":false,"error":"validation_failed","detail":"country: Must be a string.","errors":[{"field":"country","code":"wrong_type","message":"Must be a string."}],"warnings":[]}"#
    );
}

#[wasm_bindgen_test]
fn a_member_named_proto_stays_a_member() {
    let text = JsValue::from(r#"{"metadata":{"__proto__":{"x":1}}}"#);
    let verdict = validate_create_session_json(&text, &JsValue::NULL).expect("a verdict");
    let get = |object: &JsValue, name: &str| Reflect::get(object, &name.into()).expect(name);
    let metadata = get(&get(&verdict, "value"), "metadata");
    let text = String::from(JSON::stringify(&metadata).expect("JSON"));
    assert_eq!(text, r#"{"__proto__":{"x":1}}"#);
    assert!(get(&metadata, "x").is_undefined());
}

#[wasm_bindgen_test]
fn numbers_come_back_as_javascript_knows_them() {
    let request = evaluate(
        r"(() => {
            const bits = new BigUint64Array(1), double = new Float64Array(bits.buffer);
            const numbers = [0.1, 5e-324, 2.2250738585072014e-308, 1e21, 1e23, 2 ** 53 + 2, Number.MAX_VALUE];
            for (let seed = 1n; numbers.length < 2000; seed = seed * 6364136223846793005n + 1442695040888963407n) {
                bits[0] = seed;
                if (Number.isFinite(double[0])) numbers.push(double[0]);
            }
            const metadata = {};
            for (let key = 0; key < 40; key++) metadata[key] = numbers.slice(key * 50, key * 50 + 50);
            return {metadata};
        })()",
    );
    let verdict = validate_create_session(&request, &JsValue::NULL).expect("a verdict");
    let get = |object: &JsValue, name: &str| Reflect::get(object, &name.into()).expect(name);
    let text = |value: &JsValue| String::from(JSON::stringify(value).expect("JSON"));
    let value = get(&verdict, "value");
    assert_eq!(
        text(&get(&value, "metadata")),
        text(&get(&request, "metadata"))
    );
}

#[wasm_bindgen_test]
fn what_cannot_be_written_as_json_is_invalid_json() {
    for script in [
        "undefined",
        "() => 1",
        "Symbol()",
        "10n",
        "{metadata: {a: 10n}}",
        "(() => { const a = {}; a.a = a; return a })()",
        "{get country() { throw new Error('secret') }}",
        "{toJSON() { throw 'secret' }}",
        "{toJSON() { return undefined }}",
        "new Proxy({}, {get() { throw null }, ownKeys() { throw null }})",
        "(() => { const {proxy, revoke} = Proxy.revocable({}, {}); revoke(); return proxy })()",
    ] {
        let verdict = of_value(&evaluate(script));
        assert_eq!(error(&verdict), "invalid_json", "{script}");
        assert!(!verdict.to_text().contains("secret"), "{script}");
    }
}

#[wasm_bindgen_test]
fn what_can_be_written_as_json_gets_an_ordinary_verdict() {
    for (script, expected) in [
        ("null", "validation_failed"),
        ("NaN", "validation_failed"),
        ("new Date(0)", "validation_failed"),
        ("[]", "validation_failed"),
        ("new Map([['country', 'XX']])", ""),
        ("{country: undefined}", ""),
        ("{country: () => 1}", ""),
        ("{external_ref: new Date(0)}", ""),
        ("{external_ref: new String('a')}", ""),
        ("{external_ref: '\\ud800'}", "invalid_json"),
        ("Object.create({country: 'XX'})", ""),
        ("{metadata: new Uint8Array(3)}", ""),
        ("{metadata: new Uint8Array(51)}", "validation_failed"),
        ("{expires_in_minutes: Infinity}", ""),
        ("{toJSON: () => ({country: 'XX'})}", "validation_failed"),
        ("new Proxy({country: 'CH'}, {})", ""),
    ] {
        assert_eq!(error(&of_value(&evaluate(script))), expected, "{script}");
    }
}

#[wasm_bindgen_test]
fn a_body_is_a_string_or_bytes() {
    for script in [
        "undefined",
        "null",
        "1",
        "{}",
        "[]",
        "new ArrayBuffer(2)",
        "new String('{}')",
    ] {
        assert_eq!(
            error(&of_json(&evaluate(script))),
            "invalid_json",
            "{script}"
        );
    }
    let revoked =
        "(() => { const {proxy, revoke} = Proxy.revocable({}, {}); revoke(); return proxy })()";
    assert_eq!(error(&of_json(&evaluate(revoked))), "invalid_json");
    assert_eq!(
        error(&of_json(&evaluate("new Uint8Array([0x22, 0xff, 0x22])"))),
        "invalid_json"
    );
    assert!(is_ok(&of_json(&evaluate(
        "new TextEncoder().encode('x{}').subarray(1)"
    ))));
    for (script, expected) in [
        (
            "(() => { const a = new Uint8Array(2); structuredClone(a, {transfer: [a.buffer]}); return a })()",
            "invalid_json",
        ),
        (
            "new (class extends Uint8Array { get length() { throw 1 } })(2)",
            "invalid_json",
        ),
        (
            "new (class extends Uint8Array { get length() { return 9 } })([0x7b, 0x7d])",
            "",
        ),
        (
            "new (class extends Uint8Array { get length() { return 1 } })([0x7b, 0x7d])",
            "",
        ),
        (
            "new (class extends Uint8Array { get length() { return 1 } })(5_000_000)",
            "payload_too_large",
        ),
    ] {
        assert_eq!(error(&of_json(&evaluate(script))), expected, "{script}");
    }
}

#[wasm_bindgen_test]
fn a_lone_surrogate_in_a_text_is_what_fetch_makes_of_it() {
    let verdict = of_json(&evaluate(r#"'{"external_ref":"\ud800"}'"#));
    let value = verdict
        .get("value")
        .and_then(|value| value.get("external_ref"));
    assert_eq!(value.and_then(Json::as_str), Some("\u{fffd}"));
}

#[wasm_bindgen_test]
fn a_body_over_4_mib_is_refused_whatever_its_form() {
    let filled = |character: &str, units: u32| {
        let body = format!("({character:?}).repeat({units}) + '{{}}'");
        evaluate(&body)
    };
    let bytes = |length: u32| {
        Uint8Array::new_with_length(length)
            .fill(0x20, 0, length)
            .into()
    };
    for (body, expected) in [
        (filled(" ", MAX_BODY - 2), ""),
        (filled(" ", MAX_BODY - 1), "payload_too_large"),
        // 1.5 Mi units, but more than 4 MiB as UTF-8.
        (filled("€", MAX_BODY / 3), "payload_too_large"),
        (filled("€", MAX_BODY / 3 - 1), "invalid_json"),
        (filled(" ", 100_000_000), "payload_too_large"),
        (bytes(MAX_BODY + 1), "payload_too_large"),
        (bytes(MAX_BODY), "invalid_json"),
    ] {
        assert_eq!(error(&of_json(&body)), expected);
    }
    let request = evaluate("{metadata: {a: 'x'.repeat(5_000_000)}}");
    assert_eq!(error(&of_value(&request)), "payload_too_large");
}

#[wasm_bindgen_test]
fn an_object_of_very_many_members_gets_a_verdict() {
    let request =
        evaluate("Object.fromEntries(Array.from({length: 300_000}, (_, i) => ['k' + i, 1]))");
    let verdict = of_value(&request);
    assert!(is_ok(&verdict));
    let warnings = verdict
        .get("warnings")
        .and_then(Json::as_array)
        .expect("warnings");
    assert_eq!(warnings.len(), 100);
}

#[wasm_bindgen_test]
fn the_context_sets_the_date_and_the_schemes() {
    let request = evaluate(r#"{fields: {birthdate: "2026-01-31"}, redirect_url: "myapp://done"}"#);
    let verdict = |context: &str| {
        let verdict = validate_create_session(&request, &evaluate(context));
        json(&verdict.expect("a verdict"))
    };
    assert!(is_ok(&verdict(
        r#"{today: "2026-02-01", schemes: ["myapp"]}"#
    )));
    let refused = verdict(r#"{today: "2026-01-31"}"#);
    let fields: Vec<_> = refused
        .get("errors")
        .and_then(Json::as_array)
        .expect("errors")
        .iter()
        .filter_map(|error| error.get("field").and_then(Json::as_str))
        .collect();
    assert_eq!(fields, ["redirect_url", "fields.birthdate"]);
}

#[wasm_bindgen_test]
fn a_context_of_another_form_throws_a_type_error() {
    for script in [
        "1",
        "'x'",
        "() => 1",
        "[]",
        "{today: 1}",
        "{today: '2026-02-30'}",
        "{today: new Date()}",
        "{schemes: 'myapp'}",
        "{schemes: [1]}",
        "{get today() { throw 1 }}",
    ] {
        let thrown = validate_create_session(&JsString::from("x"), &evaluate(script));
        let thrown = thrown.expect_err(script);
        assert!(thrown.is_instance_of::<js_sys::TypeError>(), "{script}");
    }
}
