//! QR codes in a browser.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::expect_used, reason = "a test may fail")]

#[expect(dead_code, reason = "verdicts are another test's")]
mod face;

use vouchkey_types::json::{Json, read};
use vouchkey_wasm::js::{qr_png_bytes, qr_png_data_url, qr_svg};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// What is said of a text by each of the three.
fn draw(text: &str, scale: usize, margin: usize) -> [Result<Vec<u8>, i32>; 3] {
    let length = text.len();
    let draw: [&dyn Fn() -> i32; 3] = [
        &|| qr_png_data_url(length, scale, margin),
        &|| qr_png_bytes(length, scale, margin),
        &|| qr_svg(length, margin),
    ];
    draw.map(|draw| {
        face::put(&[text.as_bytes()]);
        match draw() {
            said if said < 0 => Err(said),
            said => Ok(face::answer(said)),
        }
    })
}

#[wasm_bindgen_test]
fn images_are_those_of_the_native_program_byte_for_byte() {
    let file = read(include_bytes!("../../../tests/vectors/qr.json")).expect("JSON");
    let images = file.get("images").and_then(Json::as_array).expect("images");
    assert!(!images.is_empty());
    for image in images {
        let member = |name: &str| image.get(name).and_then(Json::as_str).expect(name);
        let text = member("text");
        let [url, png, svg] = draw(text, 8, 4);
        assert_eq!(url.expect("text that fits"), member("png").as_bytes());
        assert_eq!(svg.expect("text that fits"), member("svg").as_bytes());
        assert_eq!(png.ok(), vouchkey_qr::png_bytes(text).ok());
    }
}

#[wasm_bindgen_test]
fn text_that_does_not_fit_is_told_how_many_bytes_would() {
    for (text, limit) in [
        ("7".repeat(5_597), 5_596),
        ("A".repeat(3_392), 3_391),
        ("a".repeat(2_332), 2_331),
        ("é".repeat(1_166), 2_331),
    ] {
        assert!(draw(&text, 8, 4).iter().all(|drawn| *drawn == Err(-limit)));
    }
}

#[wasm_bindgen_test]
fn a_size_that_cannot_be_is_refused() {
    for (scale, margin) in [(0, 4), (33, 4), (8, 33)] {
        assert_eq!(draw("a", scale, margin)[1], Err(i32::MIN));
    }
}
