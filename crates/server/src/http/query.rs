//! From the query of a request to the parameters of its endpoint. What is not among them is treated as unknown fields
//! of a body are: named in the answer's header, and refused under strict handling (decision 3).

use std::borrow::Cow;
use std::collections::HashSet;

use axum::extract::Query;
use http::Uri;
use vouchkey_types::names;
use vouchkey_types::problem::{Fault, FieldCode, FieldError, Mistakes, member_path};

/// The names and values of a query, decoded, in order.
pub type Pairs = [(String, String)];

/// What an endpoint takes from the query.
pub trait Parameters: Sized + Send {
    /// The names that it knows.
    const NAMES: &'static [&'static str];

    /// Reads those of its names; others are not looked at.
    ///
    /// # Errors
    /// All mistakes.
    fn parse(pairs: &Pairs) -> Result<Self, Vec<FieldError>>;

    /// Whether a request with these parameters changes something, which an idempotency key may have happen once.
    fn takes_idempotency_key(&self) -> bool {
        true
    }
}

/// No parameters.
impl Parameters for () {
    const NAMES: &'static [&'static str] = &[];

    fn parse(_: &Pairs) -> Result<Self, Vec<FieldError>> {
        Ok(())
    }
}

/// A query as it was sent.
pub struct SentQuery(Vec<(String, String)>);

impl SentQuery {
    /// The query of an address.
    pub fn of(uri: &Uri) -> Self {
        Self(
            Query::try_from_uri(uri)
                .map(|Query(pairs)| pairs)
                .unwrap_or_default(),
        )
    }

    /// The names that are none of an endpoint's parameters, each once, in order.
    pub fn unknown<P: Parameters>(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        self.0
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| !P::NAMES.contains(name) && seen.insert(*name))
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
        P::parse(&self.0)
    }
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

        fn parse(pairs: &Pairs) -> Result<Self, Vec<FieldError>> {
            match pairs.iter().find(|(name, _)| name == "size") {
                Some((_, size)) => Ok(Self(size.clone())),
                None => Err(vec![FieldError::new(
                    "size",
                    FieldCode::Required,
                    "Is required.",
                )]),
            }
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
