//! Doubles from and to decimal text, exactly.
//!
//! What the standard library has for it weighs 21 KB in a browser, compressed: as much as everything
//! else. JavaScript's own numbers are the same doubles, read and written as exactly, so in a browser
//! its functions do the work, and only the form of the text is ours.

/// The double nearest to a number that keeps JSON's grammar; infinite beyond the largest.
pub(super) fn read(text: &str) -> f64 {
    #[cfg(target_arch = "wasm32")]
    return javascript::parse_float(text);
    #[cfg(not(target_arch = "wasm32"))]
    text.parse().unwrap_or(f64::INFINITY)
}

/// The shortest text that reads back as the same finite double, with an exponent where plain digits
/// would be long, and `1.0` apart from `1`.
pub(super) fn write(value: f64) -> String {
    #[cfg(target_arch = "wasm32")]
    return form::of(value, javascript::units(value.abs()));
    #[cfg(not(target_arch = "wasm32"))]
    format!("{value:?}")
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

#[cfg(any(target_arch = "wasm32", test))]
mod form {
    use crate::text::decimal;

    /// A double as the API writes it, from the shortest text of its size that anybody writes, such as
    /// `1e+21`, `0.00001`, `1.5e-7` or `120`.
    pub(super) fn of(value: f64, shortest: impl Iterator<Item = u8>) -> String {
        let (mut digits, point) = parts(shortest);
        settle_tie(value.abs(), &mut digits, point);
        let mut text = String::from(if value.is_sign_negative() { "-" } else { "" });
        let push_zeros = |text: &mut String, count: i32| (0..count).for_each(|_| text.push('0'));
        // Plain digits serve from 1e-4 to 1e16.
        if (-3..=0).contains(&point) {
            text.push_str("0.");
            push_zeros(&mut text, -point);
            text.push_str(&digits);
            return text;
        }
        let is_plain = (1..=16).contains(&point);
        let whole = usize::try_from(if is_plain { point } else { 1 }).unwrap_or(0);
        let (whole, fraction) = digits.split_at_checked(whole).unwrap_or((&digits, ""));
        text.push_str(whole);
        if is_plain {
            push_zeros(&mut text, point - i32::try_from(digits.len()).unwrap_or(0));
        }
        if is_plain || !fraction.is_empty() {
            text.push('.');
            text.push_str(if fraction.is_empty() { "0" } else { fraction });
        }
        if !is_plain {
            text.push_str(if point < 1 { "e-" } else { "e" });
            text.push_str(&decimal((point - 1).unsigned_abs().into()));
        }
        text
    }

    /// Of two texts that are equally near, takes the larger one, as the standard library does;
    /// JavaScript takes the one with the even digit.
    ///
    /// It is a tie where the number has just one decimal place more than its digits, and so just as
    /// many binary ones. The two lowest of its bits then tell whether the digit below is even.
    #[expect(clippy::float_cmp, reason = "a whole number, exactly")]
    fn settle_tie(size: f64, digits: &mut String, point: i32) {
        let places = i32::try_from(digits.len()).unwrap_or(0) - point;
        let bits = size * 2_f64.powi(places + 1);
        if places >= 0 && bits % 4.0 == 1.0 {
            let last = digits.pop().and_then(|last| u8::try_from(last).ok());
            digits.push(char::from(last.unwrap_or(b'0') | 1));
        }
    }

    /// The digits of a number without zeros at either end, and the power of ten of the point before
    /// them: the number is `0.digits` times that.
    fn parts(text: impl Iterator<Item = u8>) -> (String, i32) {
        let mut digits = String::new();
        let (mut point, mut exponent) = (0, 0);
        let (mut is_whole, mut is_exponent, mut is_negative) = (true, false, false);
        for byte in text {
            let digit = byte.wrapping_sub(b'0');
            match byte {
                b'.' => is_whole = false,
                b'e' => is_exponent = true,
                b'-' => is_negative = true,
                b'+' => {}
                _ if is_exponent => exponent = exponent * 10 + i32::from(digit),
                b'0' if digits.is_empty() => point -= i32::from(!is_whole),
                _ => {
                    digits.push(char::from(byte));
                    point += i32::from(is_whole);
                }
            }
        }
        while digits.ends_with('0') {
            digits.pop();
        }
        if digits.is_empty() {
            return ("0".to_owned(), 1);
        }
        (
            digits,
            point + if is_negative { -exponent } else { exponent },
        )
    }
}

#[cfg(test)]
#[path = "double_tests.rs"]
mod tests;
