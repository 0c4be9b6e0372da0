//! JSON to text: compact, and canonical for fingerprints.

use super::{Members, Number, Value, double};
use std::fmt::{self, Write as _};

impl Value<'_> {
    /// The value as compact JSON text, members in their order.
    pub fn to_text(&self) -> String {
        self.to_string()
    }

    /// The value as one text for all its spellings: members sorted by name, no white space, numbers
    /// exact.
    ///
    /// Not JCS (RFC 8785), which merges integers beyond 2^53, so that two different requests would
    /// count as the same (decision 7).
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        write_canonical(self, &mut out);
        out
    }

    /// What [`Value::text_len`] is at most; counted without writing anything.
    pub fn most_text_len(&self) -> usize {
        // A control character becomes six bytes, and between brackets there is one more byte for
        // each colon and comma. The longest number is such as -2.2250738585072014e-308.
        let string = |text: &str| text.len().saturating_mul(6).saturating_add(2);
        match self {
            Self::Null | Self::Bool(_) => 5,
            Self::Number(_) => 24,
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
        struct Counter(usize);
        impl fmt::Write for Counter {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0 += text.len();
                Ok(())
            }
        }
        let mut counter = Counter(0);
        // Writing to a counter cannot fail.
        let _ = write!(counter, "{self}");
        counter.0
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(true) => f.write_str("true"),
            Self::Bool(false) => f.write_str("false"),
            Self::Number(number) => number.fmt(f),
            Self::String(text) => write_string(text, f),
            Self::Array(items) => {
                f.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        f.write_char(',')?;
                    }
                    item.fmt(f)?;
                }
                f.write_char(']')
            }
            Self::Object(object) => object.fmt(f),
        }
    }
}

impl fmt::Display for Members<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('{')?;
        for (index, (name, value)) in self.iter().enumerate() {
            if index > 0 {
                f.write_char(',')?;
            }
            write_string(name, f)?;
            f.write_char(':')?;
            value.fmt(f)?;
        }
        f.write_char('}')
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::I64(value) => value.fmt(f),
            Self::U64(value) => value.fmt(f),
            Self::F64(value) => f.write_str(&double::write(*value)),
        }
    }
}

fn write_string(text: &str, out: &mut impl fmt::Write) -> fmt::Result {
    out.write_char('"')?;
    let mut plain_from = 0;
    for (index, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0..0x20 => "",
            _ => continue,
        };
        out.write_str(text.get(plain_from..index).unwrap_or_default())?;
        if escape.is_empty() {
            write!(out, "\\u{byte:04x}")?;
        } else {
            out.write_str(escape)?;
        }
        plain_from = index + 1;
    }
    out.write_str(text.get(plain_from..).unwrap_or_default())?;
    out.write_char('"')
}

fn write_canonical(value: &Value<'_>, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_canonical(item, out);
            }
            out.push(']');
        }
        Value::Object(object) => {
            let mut members: Vec<_> = object.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (index, (name, value)) in members.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                // Writing to a string cannot fail.
                let _ = write_string(name, out);
                out.push(':');
                write_canonical(value, out);
            }
            out.push('}');
        }
        plain => {
            let _ = write!(out, "{plain}");
        }
    }
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
        assert_eq!(Json::Number(Number::F64(1e300)).to_text(), "1e300");
    }
}
