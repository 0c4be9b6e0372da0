//! The images of `tests/vectors/qr.json`, which browser and Node must draw byte for byte too.
//!
//! With `UPDATE_VECTORS=1` the file is written anew.

use std::fs;

use serde_json::{Value, json};
use vouchkey_qr::{png_data_url, svg};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/qr.json");

fn texts() -> [String; 9] {
    [
        String::new(),
        "01234567".into(),
        "HTTPS://A.EXAMPLE/42".into(),
        "http://127.0.0.1:8080/verify/AQGWZ4u0cACAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
        "https://verify.example.com/verify/AQGWZ4u0cACAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
        "こんにちは、世界 👩‍👩‍👧‍👦".into(),
        "مرحبا بالعالم".into(),
        "a\0b".into(),
        "0123456789 ABC abc ".repeat(15),
    ]
}

#[test]
fn the_images_of_the_vectors_are_drawn() {
    let image = |text: String| {
        json!({
            "png": png_data_url(&text).expect("text that fits"),
            "svg": svg(&text).expect("text that fits"),
            "text": text,
        })
    };
    let drawn = json!({ "images": texts().map(image) });
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        let text = format!("{drawn:#}\n");
        fs::write(FILE, text).expect("a file that can be written");
    }
    let file = fs::read(FILE).expect("a file that can be read");
    let file: Value = serde_json::from_slice(&file).expect("JSON");
    assert!(
        drawn == file,
        "the images differ from those of tests/vectors/qr.json"
    );
}
