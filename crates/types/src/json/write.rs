//! JSON to text: compact, and canonical for fingerprints.

use super::read::plain_length;
use super::{Number, Value, double};
use crate::text::decimal;
use std::fmt;

impl Value<'_> {
    /// The value as compact JSON text, members in their order.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        push_form::<false>(&mut out, self);
        out
    }

    /// The value as one text for all its spellings: members sorted by name, no white space, numbers
    /// exact.
    ///
    /// Not JCS (RFC 8785), which merges integers beyond 2^53, so that two different requests would
    /// count as the same (decision 7).
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        push_form::<true>(&mut out, self);
        out
    }

    /// What [`Value::text_len`] is at most; counted without writing anything.
    pub fn most_text_len(&self) -> usize {
        // A control character becomes six bytes, and between brackets there is one more byte for
        // each colon and comma. The longest number is such as -0.0000012345678901234567.
        let string = |text: &str| text.len().saturating_mul(6).saturating_add(2);
        match self {
            Self::Null | Self::Bool(_) => 5,
            Self::Number(_) => 25,
            Self::String(text) => string(text),
            Self::Array(items) => items.iter().fold(2, |sum: usize, item| {
                sum.saturating_add(item.most_text_len()).saturating_add(1)
            }),
            Self::Object(members) => members.iter().fold(2, |sum: usize, (name, value)| {
                let member = string(name).saturating_add(value.most_text_len());
                sum.saturating_add(member).saturating_add(2)
            }),
        }
    }

    /// The length of [`Value::to_text`] in bytes of UTF-8.
    pub fn text_len(&self) -> usize {
        match self {
            Self::String(text) => quoted_len(text),
            // A comma before each but the first, and brackets.
            Self::Array(items) => {
                let within: usize = items.iter().map(|item| item.text_len() + 1).sum();
                within + 2 - usize::from(!items.is_empty())
            }
            Self::Object(members) => {
                let member = |(name, value): (&str, &Self)| quoted_len(name) + value.text_len() + 2;
                let within: usize = members.iter().map(member).sum();
                within + 2 - usize::from(!members.is_empty())
            }
            plain => plain.to_text().len(),
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

/// Adds a value as compact JSON.
pub(crate) fn push(out: &mut String, value: &Value<'_>) {
    push_form::<false>(out, value);
}

/// Adds the name of a member to an object that ends the text, with what stands around it.
pub(crate) fn push_name(out: &mut String, name: &str) {
    if !out.ends_with('{') {
        out.push(',');
    }
    push_quoted(out, name);
    out.push(':');
}

/// Adds a value as compact JSON, or in the canonical form.
fn push_form<const CANONICAL: bool>(out: &mut String, value: &Value<'_>) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(Number::I64(value)) => {
            if *value < 0 {
                out.push('-');
            }
            out.push_str(&decimal(value.unsigned_abs()));
        }
        Value::Number(Number::U64(value)) => out.push_str(&decimal(*value)),
        Value::Number(Number::F64(value)) => double::push(out, *value),
        Value::String(text) => push_quoted(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                push_form::<CANONICAL>(out, item);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            let mut put = |(name, value): (&str, _)| {
                push_name(out, name);
                push_form::<CANONICAL>(out, value);
            };
            if CANONICAL {
                let mut sorted: Vec<_> = members.iter().collect();
                sorted.sort_by_key(|(name, _)| *name);
                sorted.into_iter().for_each(put);
            } else {
                members.iter().for_each(&mut put);
            }
            out.push('}');
        }
    }
}

/// Adds a string in quotes, escaped as JSON needs it.
pub fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    loop {
        let (plain, others) = rest
            .split_at_checked(plain_length(rest.as_bytes()))
            .unwrap_or_default();
        out.push_str(plain);
        // What is not plain is ASCII.
        let Some((special, after)) = others.split_at_checked(1) else {
            break;
        };
        match special.as_bytes() {
            b"\n" => out.push_str("\\n"),
            b"\r" => out.push_str("\\r"),
            b"\t" => out.push_str("\\t"),
            b"\x08" => out.push_str("\\b"),
            b"\x0c" => out.push_str("\\f"),
            [byte @ ..0x20] => {
                out.push_str(if *byte < 0x10 { "\\u000" } else { "\\u001" });
                out.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
            }
            _ => {
                out.push('\\');
                out.push_str(special);
            }
        }
        rest = after;
    }
    out.push('"');
}

/// How many bytes [`push_quoted`] adds.
fn quoted_len(text: &str) -> usize {
    let mut length = text.len() + 2;
    let mut rest = text.as_bytes();
    while let [special, after @ ..] = rest.get(plain_length(rest)..).unwrap_or_default() {
        length += match special {
            b'\n' | b'\r' | b'\t' | 8 | 12 | b'"' | b'\\' => 1,
            _ => 5,
        };
        rest = after;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::super::{Json, Number, read};

    fn canonical(text: &str) -> String {
        read(text.as_bytes()).unwrap().canonical()
    }

    #[test]
    fn members_in_another_order_are_the_same_text() {
        assert_eq!(
            canonical(r#"{"b":1,"a":{"d":[1,2],"c":null}}"#),
            canonical("{ \"a\": {\"c\": null, \"d\": [1, 2]}, \"b\": 1 }")
        );
        assert_ne!(canonical("[1,2]"), canonical("[2,1]"));
    }

    #[test]
    fn large_integers_stay_apart() {
        let numbers = [
            "9007199254740992",
            "9007199254740993",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551615",
            "1",
            "1.0",
        ];
        let texts: std::collections::HashSet<_> = numbers.iter().map(|n| canonical(n)).collect();
        assert_eq!(texts.len(), numbers.len());
    }

    #[test]
    fn the_length_is_that_of_the_text() {
        let value = read(br#"{"a":[1,2.5,1e300,"\u00e9\n\u0001\"",true,null,{}]}"#).unwrap();
        assert_eq!(value.text_len(), value.to_text().len());
        assert_eq!(Json::Number(Number::F64(1e300)).to_text(), "1e+300");
    }
}
