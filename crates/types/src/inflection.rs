//! The casing of an answer's keys (`Key-Inflection`, decision 9).

use crate::json::{Json, Object};

/// How the API's own keys are spelled in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Inflection {
    /// `capture_url`; the default.
    #[default]
    Snake,
    /// `captureUrl`.
    Camel,
    /// `capture-url`.
    Kebab,
}

impl Inflection {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Snake, Self::Camel, Self::Kebab];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Snake => "snake",
            Self::Camel => "camel",
            Self::Kebab => "kebab",
        }
    }

    /// The casing of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|inflection| inflection.as_str() == word)
    }

    /// A `snake_case` key in this casing. Digits are joined in camelCase: `addressStreet1`.
    pub fn key(self, snake: &str) -> String {
        match self {
            Self::Snake => snake.to_owned(),
            Self::Kebab => snake.replace('_', "-"),
            Self::Camel => {
                let mut out = String::with_capacity(snake.len());
                let mut raise = false;
                for character in snake.chars() {
                    if character == '_' && !out.is_empty() {
                        raise = true;
                    } else {
                        out.push(if raise {
                            character.to_ascii_uppercase()
                        } else {
                            character
                        });
                        raise = false;
                    }
                }
                out
            }
        }
    }

    /// An answer with its keys in this casing.
    ///
    /// Values stay, the caller's own keys inside `metadata` stay, and so do the names of checks in
    /// `check_results`.
    pub fn apply(self, answer: Json) -> Json {
        if self == Self::Snake {
            answer
        } else {
            self.rename(answer, true)
        }
    }

    fn rename(self, value: Json, keys_are_ours: bool) -> Json {
        match value {
            Json::Array(items) => Json::Array(
                items
                    .into_iter()
                    .map(|item| self.rename(item, true))
                    .collect(),
            ),
            Json::Object(object) => Json::Object(
                object
                    .into_iter()
                    .map(|(key, value)| self.member(key, value, keys_are_ours))
                    .collect::<Object>(),
            ),
            plain => plain,
        }
    }

    fn member(self, key: String, value: Json, key_is_ours: bool) -> (String, Json) {
        let value = match key.as_str() {
            "metadata" if key_is_ours => value,
            "check_results" if key_is_ours => self.rename(value, false),
            _ => self.rename(value, true),
        };
        let key = if key_is_ours { self.key(&key) } else { key };
        (key, value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read;

    fn apply(inflection: Inflection, text: &str) -> String {
        inflection.apply(read(text.as_bytes()).unwrap()).to_text()
    }

    #[test]
    fn our_keys_change_and_the_callers_do_not() {
        let answer = r#"{"capture_url":"a_b","metadata":{"order_id":{"in_it":1}},"fields":{"address_street_1":"x"},"data":[{"is_sandbox":true}],"check_results":{"face_match":{"check_status":"a"}}}"#;
        assert_eq!(apply(Inflection::Snake, answer), answer);
        assert_eq!(
            apply(Inflection::Camel, answer),
            r#"{"captureUrl":"a_b","metadata":{"order_id":{"in_it":1}},"fields":{"addressStreet1":"x"},"data":[{"isSandbox":true}],"checkResults":{"face_match":{"checkStatus":"a"}}}"#
        );
        assert_eq!(
            apply(Inflection::Kebab, answer),
            r#"{"capture-url":"a_b","metadata":{"order_id":{"in_it":1}},"fields":{"address-street-1":"x"},"data":[{"is-sandbox":true}],"check-results":{"face_match":{"check-status":"a"}}}"#
        );
    }
}
