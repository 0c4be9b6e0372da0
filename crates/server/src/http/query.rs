//! From the query of a request to the parameters of its endpoint. What is not among them is treated as unknown fields
//! of a body are: named in the answer's header, and refused under strict handling (decision 3).

use std::borrow::Cow;
use std::collections::HashSet;

use http::Uri;
use percent_encoding::percent_decode_str;
use vouchkey_types::names::{self, is_spelling_of};
use vouchkey_types::problem::{Fault, FieldCode, FieldError, Mistakes, member_path};

/// What an endpoint takes from the query.
pub trait Parameters: Sized + Send {
    /// The names that it knows, in `snake_case`.
    const NAMES: &'static [&'static str];

    /// Reads those of its names; others are not looked at.
    ///
    /// # Errors
    /// All mistakes.
    fn parse(sent: &SentQuery) -> Result<Self, Vec<FieldError>>;

    /// Whether a request with these parameters changes something, which an idempotency key may have happen once.
    fn takes_idempotency_key(&self) -> bool {
        true
    }
}

/// No parameters.
impl Parameters for () {
    const NAMES: &'static [&'static str] = &[];

    fn parse(_: &SentQuery) -> Result<Self, Vec<FieldError>> {
        Ok(())
    }
}

/// A query as it was sent: its pairs in order, decoded.
#[derive(Debug)]
pub struct SentQuery(Vec<Pair>);

#[derive(Debug)]
struct Pair {
    name: String,
    /// None if it is no UTF-8.
    value: Option<String>,
}

impl SentQuery {
    /// The query of an address.
    pub fn of(uri: &Uri) -> Self {
        let pairs = uri.query().unwrap_or_default().split('&');
        let pairs = pairs.filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Pair {
                name: String::from_utf8_lossy(&decode(name)).into_owned(),
                value: String::from_utf8(decode(value)).ok(),
            }
        });
        Self(pairs.collect())
    }

    /// The value of a parameter, by its name in `snake_case`; it may have been sent in any of the three spellings.
    ///
    /// # Errors
    /// If it is sent more than once, or empty, which would be taken for absence, or is no UTF-8.
    pub fn value(&self, name: &str) -> Result<Option<&str>, Fault> {
        let mut sent = self
            .0
            .iter()
            .filter(|pair| is_spelling_of(&pair.name, name));
        let Some(first) = sent.next() else {
            return Ok(None);
        };
        let (code, message) = match &first.value {
            _ if sent.next().is_some() => (
                FieldCode::DuplicateField,
                "Is given more than once; send it once.",
            ),
            None => (
                FieldCode::InvalidCharacters,
                "Must be UTF-8, percent-encoded.",
            ),
            Some(value) if value.is_empty() => (
                FieldCode::Empty,
                "Must not be empty; leave the parameter out instead.",
            ),
            Some(value) => return Ok(Some(value)),
        };
        Err(Fault::new(code, message))
    }

    /// The names that are none of an endpoint's parameters, each once, in order.
    pub fn unknown<P: Parameters>(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        self.0
            .iter()
            .map(|pair| pair.name.as_str())
            .filter(|sent| !P::NAMES.iter().any(|name| is_spelling_of(sent, name)))
            .filter(|sent| seen.insert(*sent))
            .collect()
    }

    /// What strict handling says of the names that are none of an endpoint's parameters, after what is wrong with the
    /// values of those that are: at most 101 mistakes.
    pub fn unknown_as_mistakes<P: Parameters>(&self, wrong: Vec<FieldError>) -> Vec<FieldError> {
        let mut mistakes = Mistakes::default();
        for mistake in wrong {
            mistakes.push(mistake);
        }
        for name in self.unknown::<P>() {
            mistakes.note(&|| member_path("", name), unknown_parameter::<P>(name));
        }
        mistakes.into_errors()
    }

    /// The parameters of an endpoint.
    ///
    /// # Errors
    /// All mistakes in their values.
    pub fn read<P: Parameters>(&self) -> Result<P, Vec<FieldError>> {
        P::parse(self)
    }
}

/// The bytes of a name or a value, as forms encode them.
fn decode(part: &str) -> Vec<u8> {
    percent_decode_str(&part.replace('+', " ")).collect()
}

fn unknown_parameter<P: Parameters>(name: &str) -> Fault {
    let message: Cow<'static, str> = match names::nearest(name, P::NAMES.iter().copied()) {
        Some(near) => format!("This parameter is not known. Did you mean `{near}`?").into(),
        None => "This parameter is not known.".into(),
    };
    Fault::new(FieldCode::UnknownField, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Size(String);

    impl Parameters for Size {
        const NAMES: &'static [&'static str] = &["size"];

        fn parse(sent: &SentQuery) -> Result<Self, Vec<FieldError>> {
            let missing = || Fault::new(FieldCode::Required, "Is required.");
            sent.value("size")
                .and_then(|size| size.map(|size| Self(size.to_owned())).ok_or_else(missing))
                .map_err(|fault| vec![fault.at("size")])
        }
    }

    fn sent(query: &str) -> SentQuery {
        SentQuery::of(&format!("/list?{query}").parse().unwrap())
    }

    #[test]
    fn what_is_not_known_is_named_once_and_harms_nothing() {
        let sent = sent("sise=1&size=2&a+b=3&sise=4");
        assert_eq!(sent.unknown::<Size>(), ["sise", "a b"]);
        assert_eq!(sent.read::<Size>().unwrap().0, "2");
        assert_eq!(sent.unknown::<()>(), ["sise", "size", "a b"]);
        assert!(sent.read::<()>().is_ok());
    }

    #[test]
    fn a_parameter_is_understood_in_three_spellings_and_has_one_mistake() {
        let value = |query: &str| {
            let sent = sent(query);
            let value = sent.value("page_size");
            value
                .map(|value| value.map(str::to_owned))
                .map_err(|fault| fault.code)
        };
        for good in [
            "page_size=a+b",
            "page-size=a%20b",
            "pageSize=a b",
            "%70age_size=a+b&x",
        ] {
            assert_eq!(value(&good.replace("a b", "a%20b")), Ok(Some("a b".into())));
        }
        assert_eq!(value("PageSize=1&pagesize=1&page_siz=1"), Ok(None));
        for (query, code) in [
            ("page_size=", FieldCode::Empty),
            ("x=1&pageSize", FieldCode::Empty),
            ("page-size=%FF", FieldCode::InvalidCharacters),
            ("page_size=1&page_size=1", FieldCode::DuplicateField),
            ("page_size=1&pageSize=", FieldCode::DuplicateField),
            ("page-size=%FF&page_size=1", FieldCode::DuplicateField),
            ("page_size&page_size&page_size", FieldCode::DuplicateField),
        ] {
            assert_eq!(value(query), Err(code), "{query}");
        }
    }

    #[test]
    fn strict_handling_says_what_may_have_been_meant() {
        let mistakes = sent("sise=1&size=1&a+b=3").unknown_as_mistakes::<Size>(Vec::new());
        let mistakes: Vec<_> = mistakes
            .iter()
            .map(|error| (&*error.field, error.code, &*error.message))
            .collect();
        assert_eq!(
            mistakes,
            [
                (
                    "sise",
                    FieldCode::UnknownField,
                    "This parameter is not known. Did you mean `size`?"
                ),
                (
                    "[\"a b\"]",
                    FieldCode::UnknownField,
                    "This parameter is not known."
                ),
            ]
        );
        let none = sent("size=1").unknown_as_mistakes::<Size>(Vec::new());
        assert!(none.is_empty());
    }

    #[test]
    fn a_hundred_mistakes_are_listed_and_the_rest_counted() {
        let query: Vec<String> = (0..120).map(|number| format!("n{number}=1")).collect();
        let sent = sent(&query.join("&"));
        let wrong = sent.read::<Size>().unwrap_err();
        let mistakes = sent.unknown_as_mistakes::<Size>(wrong);
        assert_eq!(mistakes.len(), 101);
        assert_eq!(mistakes[0].field, "size");
        let last = &mistakes[100];
        assert_eq!((&*last.field, last.code), ("", FieldCode::TooMany));
        assert!(last.message.contains("21 more"), "{}", last.message);
    }
}
