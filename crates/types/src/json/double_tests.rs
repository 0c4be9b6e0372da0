use super::*;
use proptest::prelude::*;

/// What both say is the same: the text of a double, and the double of a text.
fn agrees_on(value: f64) {
    let text = format!("{value:?}");
    assert_eq!(exact_write(value), text);
    assert_eq!(exact_read(&text).to_bits(), value.to_bits(), "{text}");
}

fn agrees_on_text(text: &str) {
    let value: f64 = text.parse().unwrap();
    assert_eq!(exact_read(text).to_bits(), value.to_bits(), "{text}");
}

#[test]
fn edges_agree_with_the_standard_library() {
    for value in [
        0.0,
        -0.0,
        1.0,
        0.1,
        0.3,
        123.456,
        1e-4,
        9.999e-5,
        1e15,
        1e16,
        9_999_999_999_999_998.0,
        5e-324,
        f64::MIN_POSITIVE,
        f64::MIN_POSITIVE.next_down(),
        f64::MAX,
        f64::EPSILON,
        9_007_199_254_740_993.0,
        1e23,
        2f64.powi(-1022),
        2f64.powi(1023),
    ] {
        agrees_on(value);
        agrees_on(-value);
    }
    for exponent in (-1074..1024).step_by(7) {
        let power = 2f64.powi(exponent);
        agrees_on(power);
        agrees_on(power.next_up());
        agrees_on(power.next_down());
    }
}

#[test]
fn ties_and_their_neighbours_agree_with_the_standard_library() {
    for text in [
        "9007199254740993",
        "9007199254740993.0000000000000000000000000000000000000001",
        "9007199254740992.9999999999999999999999999999999999999999",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1e309",
        "1e-400",
        "0e999999999999999999999",
        "1e999999999999999999999",
        "1e-999999999999999999999",
        "-0",
        "00.001e+5",
    ] {
        agrees_on_text(text);
    }
    // The midpoint of the two smallest doubles has 751 digits.
    let midpoint = "2.4703282292062327208299695672";
    agrees_on_text(&format!("{midpoint}{}e-324", "0".repeat(800)));
    agrees_on_text(&format!("1.{}1", "0".repeat(2_000)));
    agrees_on_text(&format!("0.{}1e2000", "0".repeat(1_999)));
    agrees_on_text(&format!("9007199254740993.{}1", "0".repeat(2_000)));
    agrees_on_text(&format!("9007199254740993.{}", "0".repeat(2_000)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn any_double_agrees_with_the_standard_library(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        if value.is_finite() {
            agrees_on(value);
        }
    }

    #[test]
    fn short_decimals_agree_with_the_standard_library(
        text in "-?[0-9]{1,25}(\\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?",
    ) {
        agrees_on_text(&text);
        let value: f64 = text.parse().unwrap();
        if value.is_finite() {
            agrees_on(value);
        }
    }
}
