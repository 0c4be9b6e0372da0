use super::form;
use proptest::prelude::*;

/// Whatever of the usual forms the digits come in, the text is that of the standard library.
fn takes_one_form(value: f64) {
    let expected = format!("{value:?}");
    let size = value.abs();
    for sent in [size.to_string(), format!("{size:e}"), format!("{size:?}")] {
        assert_eq!(form::of(value, sent.bytes()), expected, "{sent}");
    }
}

#[test]
fn every_form_is_written_as_the_standard_library_does() {
    for value in [
        0.0,
        1.0,
        0.1,
        100.0,
        120.5,
        123.456,
        1e-3,
        1e-4,
        9.999e-5,
        1e15,
        1e16,
        1e17,
        9_999_999_999_999_998.0,
        5e-324,
        f64::MIN_POSITIVE,
        f64::MAX,
        f64::EPSILON,
        1e21,
        1e23,
        1.5e300,
    ] {
        takes_one_form(value);
        takes_one_form(-value);
    }
    assert_eq!(form::of(1e21, "1e+21".bytes()), "1e21");
}

#[test]
#[expect(clippy::excessive_precision, reason = "the doubles in full")]
fn of_two_texts_equally_near_the_larger_is_taken() {
    for (value, even) in [
        (1_888_570_120_608_320.25, "1888570120608320.2"),
        (1_888_570_120_608_320.75, "1888570120608320.8"),
        (600_000_000_000_000.25, "600000000000000.2"),
        (150_000_000_000_000.625, "150000000000000.62"),
    ] {
        assert_eq!(form::of(value, even.bytes()), format!("{value:?}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn any_double_takes_one_form(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        if value.is_finite() {
            takes_one_form(value);
        }
    }
}
