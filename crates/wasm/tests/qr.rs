//! `qrPngDataUrl` and `qrSvg` in a browser.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::expect_used, reason = "a test may fail")]

use js_sys::{Error, Function, Reflect, TypeError};
use vouchkey_types::json::{Json, read};
use vouchkey_wasm::js::{qr_png_data_url, qr_svg};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn evaluate(script: &str) -> JsValue {
    let function = Function::new_no_args(&format!("return ({script})"));
    function.call0(&JsValue::NULL).expect(script)
}

#[wasm_bindgen_test]
fn images_are_those_of_the_native_program_byte_for_byte() {
    let file = read(include_bytes!("../../../tests/vectors/qr.json")).expect("JSON");
    let images = file.get("images").and_then(Json::as_array).expect("images");
    assert!(!images.is_empty());
    for image in images {
        let member = |name: &str| image.get(name).and_then(Json::as_str).expect(name);
        let text = JsValue::from(member("text"));
        assert_eq!(
            qr_png_data_url(&text).expect("text that fits"),
            member("png")
        );
        assert_eq!(qr_svg(&text).expect("text that fits"), member("svg"));
    }
}

#[wasm_bindgen_test]
fn text_that_does_not_fit_throws_an_error_with_code_and_limit() {
    for (script, limit) in [
        ("'7'.repeat(5597)", 5_596),
        ("'A'.repeat(3392)", 3_391),
        ("'a'.repeat(2332)", 2_331),
        ("'é'.repeat(1166)", 2_331),
        ("'😀'.repeat(50_000_000)", 2_331),
    ] {
        for thrown in [
            qr_png_data_url(&evaluate(script)),
            qr_svg(&evaluate(script)),
        ] {
            let thrown = thrown.expect_err(script);
            let get = |name: &str| Reflect::get(&thrown, &name.into()).expect(name);
            assert!(thrown.is_instance_of::<Error>());
            assert_eq!(get("code").as_string().as_deref(), Some("too_long"));
            assert_eq!(get("limit").as_f64(), Some(f64::from(limit)));
        }
    }
}

#[wasm_bindgen_test]
fn what_is_no_string_throws_a_type_error() {
    for script in [
        "undefined",
        "null",
        "1",
        "10n",
        "Symbol()",
        "{}",
        "['a']",
        "new String('a')",
    ] {
        let thrown = qr_svg(&evaluate(script)).expect_err(script);
        assert!(thrown.is_instance_of::<TypeError>(), "{script}");
    }
}

#[wasm_bindgen_test]
fn a_lone_surrogate_is_drawn_as_the_replacement_character() {
    let drawn = qr_svg(&evaluate("'a\\ud800'")).expect("text that fits");
    assert_eq!(drawn, qr_svg(&"a\u{fffd}".into()).expect("text that fits"));
}
