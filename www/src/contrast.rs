//! Proves that every pair of text and ground of the tokens can be read, in both themes.

use wasm_bindgen_test::wasm_bindgen_test;

const TOKENS: &str = include_str!("../styles/tokens.css");

/// The value of a colour in the light or the dark theme.
fn token(name: &str, is_dark: bool) -> [f64; 3] {
    let (light, dark) = TOKENS.split_once("prefers-color-scheme: dark").unwrap();
    let find = |text: &str| {
        let start = text.find(&format!("--{name}: #"))? + name.len() + 5;
        Some(text[start..start + 6].to_owned())
    };
    let hex = find(dark)
        .filter(|_| is_dark)
        .or_else(|| find(light))
        .unwrap();
    [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0)
}

/// Relative luminance, WCAG 2.2.
fn luminance(colour: [f64; 3]) -> f64 {
    let [red, green, blue] = colour.map(|part| {
        if part <= 0.04045 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: &str, other: &str, is_dark: bool) -> f64 {
    let (one, other) = (
        luminance(token(one, is_dark)),
        luminance(token(other, is_dark)),
    );
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[wasm_bindgen_test(unsupported = test)]
fn every_text_can_be_read_on_its_ground() {
    let mut pairs = vec![
        ("on-accent", "accent"),
        ("sandbox", "sandbox-soft"),
        ("good", "good-soft"),
        ("warn", "warn-soft"),
        ("bad", "bad-soft"),
        ("ink", "paper"),
    ];
    for ground in ["canvas", "surface", "raised"] {
        for text in [
            "text",
            "text-soft",
            "text-faint",
            "accent",
            "good",
            "warn",
            "bad",
        ] {
            pairs.push((text, ground));
        }
    }
    for ground in ["accent-soft", "good-soft", "warn-soft", "bad-soft", "line"] {
        pairs.extend([("text", ground), ("text-soft", ground)]);
    }
    for (text, ground) in pairs {
        for is_dark in [false, true] {
            let ratio = contrast(text, ground, is_dark);
            assert!(
                ratio >= 4.5,
                "{text} on {ground}, dark {is_dark}: {ratio:.2}"
            );
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn every_control_can_be_seen() {
    for ground in ["canvas", "surface"] {
        for line in ["control", "accent"] {
            for is_dark in [false, true] {
                let ratio = contrast(line, ground, is_dark);
                assert!(
                    ratio >= 3.0,
                    "{line} on {ground}, dark {is_dark}: {ratio:.2}"
                );
            }
        }
    }
}
