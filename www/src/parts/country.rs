//! Countries, by their codes and by their names.

use js_sys::JsString;
use vouchkey_types::country::CountryCode;

use crate::browser;

/// The fields that hold one.
pub(crate) const FIELDS: [&str; 3] = [
    "country",
    "fields.address_country_code",
    "fields.nationality",
];

/// Every code and its English name.
pub(crate) fn names() -> Vec<(&'static str, String)> {
    browser::country_names(&mut CountryCode::all())
}

/// The code in the place of a name that was typed in full into the field of this path.
pub(crate) fn code_for(path: &str, typed: &str) -> Option<&'static str> {
    // The browser's tables are asked only where it may be a name.
    if !FIELDS.contains(&path) || typed.len() < 3 {
        return None;
    }
    let typed = plain(typed);
    let mut names = names().into_iter();
    let country = names.find(|(_, name)| plain(name) == typed);
    country.map(|(code, _)| code)
}

/// A name as it is compared: people differ in case, spaces and apostrophes. (In lower case by the browser, which has the
/// tables: ours would be 6 KB more to load.)
fn plain(name: &str) -> String {
    let words: Vec<&str> = name.split_ascii_whitespace().collect();
    let plain = words.join(" ").replace('’', "'");
    String::from(JsString::from(plain).to_lower_case())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn a_name_in_full_stands_for_its_code() {
        for (path, typed, code) in [
            ("country", "Germany", Some("DE")),
            ("country", "united states", Some("US")),
            ("fields.nationality", "Türkiye", Some("TR")),
            ("fields.nationality", "TÜRKIYE", Some("TR")),
            ("country", "åland islands", Some("AX")),
            ("country", "Côte d'Ivoire", Some("CI")),
            ("country", " United  States", Some("US")),
            ("country", "Germ", None),
            ("country", "DE", None),
            ("external_ref", "Germany", None),
        ] {
            assert_eq!(code_for(path, typed), code, "{typed}");
        }
    }
}
