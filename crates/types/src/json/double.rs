//! Doubles from and to decimal text, exactly.
//!
//! What the standard library has for it weighs 21 KB in a browser, compressed: as much as everything
//! else. JavaScript's own numbers are the same doubles, read and written as exactly, so in a browser
//! its functions do the work, and elsewhere `ryu-js` writes as they do.

/// The double nearest to a number that keeps JSON's grammar; infinite beyond the largest.
pub(super) fn read(text: &str) -> f64 {
    #[cfg(target_arch = "wasm32")]
    return javascript::parse_float(text);
    #[cfg(not(target_arch = "wasm32"))]
    text.parse().unwrap_or(f64::INFINITY)
}

/// Adds the text that JavaScript writes of a finite double (ECMA-262, 6.1.6.1.20), with the sign of
/// a zero, and `1.0` apart from `1`: at most 25 characters.
pub(super) fn push(out: &mut String, value: f64) {
    if value.is_sign_negative() {
        out.push('-');
    }
    let mut is_whole = true;
    let mut put = |unit: u8| {
        is_whole &= unit.is_ascii_digit();
        out.push(char::from(unit));
    };
    #[cfg(target_arch = "wasm32")]
    javascript::units(value.abs()).for_each(&mut put);
    #[cfg(not(target_arch = "wasm32"))]
    ryu_js::Buffer::new()
        .format_finite(value.abs())
        .bytes()
        .for_each(&mut put);
    if is_whole {
        out.push_str(".0");
    }
}

#[cfg(target_arch = "wasm32")]
mod javascript {
    use wasm_bindgen::prelude::wasm_bindgen;

    #[wasm_bindgen]
    extern "C" {
        /// The double nearest to a number in text.
        #[wasm_bindgen(js_name = parseFloat)]
        pub(super) fn parse_float(text: &str) -> f64;

        /// A character of the text that JavaScript writes of a number, and NaN behind the last: one
        /// by one, since a text that comes in needs an allocator that is called from outside.
        #[wasm_bindgen(js_namespace = ["String", "prototype", "charCodeAt"], js_name = call)]
        fn unit(value: f64, index: u32) -> f64;
    }

    /// The text of a number, which is ASCII.
    pub(super) fn units(value: f64) -> impl Iterator<Item = u8> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "ASCII, or NaN, which becomes 0"
        )]
        let unit = move |index| unit(value, index) as u8;
        (0..).map(unit).take_while(|unit| *unit != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(value: f64) -> String {
        let mut text = String::new();
        push(&mut text, value);
        text
    }

    #[test]
    #[expect(clippy::excessive_precision, reason = "the doubles in full")]
    fn the_text_is_that_of_javascript_with_a_point() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-120.5, "-120.5"),
            (0.000_001, "0.000001"),
            (1e-7, "1e-7"),
            (1e20, "100000000000000000000.0"),
            (1e21, "1e+21"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            // Of two texts equally near, the one with the even digit.
            (1_888_570_120_608_320.25, "1888570120608320.2"),
            (1_888_570_120_608_320.75, "1888570120608320.8"),
            (150_000_000_000_000.625, "150000000000000.62"),
        ] {
            assert_eq!(written(value), text);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn any_double_reads_back(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            if value.is_finite() {
                let text = written(value);
                prop_assert!(text.len() <= 25, "{}", text);
                prop_assert_eq!(read(&text).to_bits(), bits, "{}", text);
            }
        }
    }
}
