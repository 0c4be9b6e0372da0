//! Countries: ISO 3166-1 alpha-2.

use crate::json::Json;
use crate::problem::{Fault, FieldCode};
use crate::text;
use std::fmt;

/// The 249 codes that are officially assigned, two letters each, in order.
const ASSIGNED: &str = "\
    ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCV\
    CWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIM\
    INIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMW\
    MXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSS\
    STSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";

/// For each first letter, the second ones it is assigned with: A in the lowest bit.
static SECOND_LETTERS: [u32; 26] = {
    let mut letters = [0; 26];
    let mut rest = ASSIGNED.as_bytes();
    while let [first, second, after @ ..] = rest {
        letters[(*first - b'A') as usize] |= 1 << (*second - b'A');
        rest = after;
    }
    letters
};

fn is_assigned([first, second]: [u8; 2]) -> bool {
    let row = SECOND_LETTERS.get(usize::from(first.wrapping_sub(b'A')));
    let bit = 1_u32.checked_shl(u32::from(second.wrapping_sub(b'A')));
    row.zip(bit).is_some_and(|(row, bit)| row & bit != 0)
}

/// An assigned country code, upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// Reads a code in any case.
    ///
    /// # Errors
    /// `empty`, `invalid_characters`, `unknown_value` (whatever the length).
    pub fn parse(code: &str) -> Result<Self, Fault> {
        let code = text::check_characters(code)?;
        <[u8; 2]>::try_from(code.as_bytes())
            .ok()
            .map(|letters| letters.map(|letter| letter.to_ascii_uppercase()))
            .filter(|upper| is_assigned(*upper))
            .map(Self)
            .ok_or_else(|| {
                Fault::new(
                    FieldCode::UnknownValue,
                    "Must be the two-letter code of a country (ISO 3166-1 alpha-2), such as US.",
                )
            })
    }

    /// The code, upper case.
    pub fn as_str(&self) -> &str {
        // Always two ASCII letters.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// All of them, in order.
    pub fn all() -> impl Iterator<Item = &'static str> {
        (0..ASSIGNED.len())
            .step_by(2)
            .map(|at| &ASSIGNED[at..at + 2])
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<CountryCode> for Json {
    fn from(code: CountryCode) -> Self {
        Self::from(code.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_sorted() {
        let all: Vec<_> = CountryCode::all().collect();
        assert_eq!(all.len(), 249);
        assert!(
            all.is_sorted()
                && all
                    .iter()
                    .all(|code| code.bytes().all(|byte| byte.is_ascii_uppercase()))
        );
    }

    #[test]
    fn any_case_is_read_and_only_assigned_codes() {
        assert_eq!(CountryCode::parse("us").unwrap().as_str(), "US");
        assert_eq!(CountryCode::parse("gB").unwrap().as_str(), "GB");
        // UK and EU are reserved, XK and ZZ are for private use.
        for bad in ["UK", "EU", "XK", "ZZ", "U", "USA", "é", "DS", "1A"] {
            assert_eq!(
                CountryCode::parse(bad).unwrap_err().code,
                FieldCode::UnknownValue,
                "{bad}"
            );
        }
        assert_eq!(CountryCode::parse("").unwrap_err().code, FieldCode::Empty);
    }
}
