//! The one shape of every error, and both closed lists of codes (decision 2).

mod codes;
mod path;

pub use codes::{ErrorCode, FieldCode};
pub use path::{item_path, member_path};

use crate::json::{Json, Object};
use crate::limits::MAX_ERRORS;
use crate::object;
use crate::text::{self, decimal};
use std::borrow::Cow;

/// One mistake in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where: a path in canonical names, `""` for the body itself.
    pub field: Cow<'static, str>,
    /// What.
    pub code: FieldCode,
    /// A sentence that says what would be right. Never repeats the caller's value.
    pub message: Cow<'static, str>,
}

impl FieldError {
    /// A mistake at a place.
    pub fn new(
        field: impl Into<Cow<'static, str>>,
        code: FieldCode,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            field: field.into(),
            code,
            message: message.into(),
        }
    }

    /// As it stands in `errors`.
    pub fn to_json(&self) -> Json {
        object! { "field": &*self.field, "code": self.code.as_str(), "message": &*self.message }
            .into()
    }

    /// Reads what [`FieldError::to_json`] wrote.
    pub fn from_json(json: &Json) -> Option<Self> {
        let code = FieldCode::parse(json.get("code")?.as_str()?)?;
        Some(Self::new(
            json.get("field")?.as_str()?.to_owned(),
            code,
            json.get("message")?.as_str()?.to_owned(),
        ))
    }
}

/// Why a value is refused, before it is known where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub code: FieldCode,
    /// A sentence that says what would be right. Never repeats the value.
    pub message: Cow<'static, str>,
}

impl Fault {
    /// A fault with its message.
    pub fn new(code: FieldCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// A fault that is only counted, since there are too many already: nobody reads what it is.
    pub(crate) const fn unlisted() -> Self {
        Self {
            code: FieldCode::UnknownField,
            message: Cow::Borrowed(""),
        }
    }

    /// This fault at a place.
    pub fn at(self, field: impl Into<Cow<'static, str>>) -> FieldError {
        FieldError {
            field: field.into(),
            code: self.code,
            message: self.message,
        }
    }
}

/// The mistakes of one request: the first 100 in full, and how many more there are, so that a
/// hostile body cannot fill the memory with its own mistakes.
#[derive(Debug, Default)]
pub struct Mistakes {
    listed: Vec<FieldError>,
    rest: usize,
}

impl Mistakes {
    /// Notes one mistake.
    pub fn push(&mut self, error: FieldError) {
        if self.is_full() {
            self.rest += 1;
        } else {
            if self.listed.is_empty() {
                // Room for those of most requests that have some.
                self.listed.reserve_exact(16);
            }
            self.listed.push(error);
        }
    }

    /// Notes a fault at this path, which is only put into words if it is listed.
    pub fn note(&mut self, path: &dyn Fn() -> String, fault: Fault) {
        if self.is_full() {
            self.rest += 1;
        } else {
            self.push(fault.at(path()));
        }
    }

    /// The value where there is one, else its fault is noted.
    pub fn keep<T>(&mut self, field: &'static str, result: Result<T, Fault>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(fault) => {
                self.push(fault.at(field));
                None
            }
        }
    }

    /// Whether what is noted from now on is only counted.
    pub(crate) const fn is_full(&self) -> bool {
        self.listed.len() >= MAX_ERRORS
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// The list for the answer: at most 100, and then one more that counts the rest.
    pub fn into_errors(mut self) -> Vec<FieldError> {
        let message = match self.rest {
            0 => return self.listed,
            1 => Cow::Borrowed("There is 1 more error, which is not listed."),
            rest => text::join(&[
                "There are ",
                &decimal(rest as u64),
                " more errors, which are not listed.",
            ])
            .into(),
        };
        self.listed
            .push(Fault::new(FieldCode::TooMany, message).at(""));
        self.listed
    }
}

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which kind.
    pub error: ErrorCode,
    /// A sentence for people.
    pub detail: String,
    /// Every mistake of a request that was refused by the rules.
    pub errors: Vec<FieldError>,
}

impl Problem {
    /// An error without a list.
    pub fn new(error: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            error,
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    /// A request that breaks rules, with what [`Mistakes::into_errors`] gave. The detail tells the
    /// first, for programs that show nothing else.
    pub fn validation(errors: Vec<FieldError>) -> Self {
        let (field, message) = errors
            .first()
            .map_or(("", "The request breaks a rule."), |first| {
                (&first.field, &first.message)
            });
        let colon = if field.is_empty() { "" } else { ": " };
        let count;
        let more = if errors.len() > 1 {
            count = decimal(errors.len() as u64 - 1);
            [" (and ", &count, " more)"]
        } else {
            [""; 3]
        };
        let detail = text::join(&[field, colon, message, more[0], more[1], more[2]]);
        Self {
            error: ErrorCode::ValidationFailed,
            detail,
            errors,
        }
    }

    /// The body of the answer, in `snake_case`.
    pub fn to_json(&self, request_id: Option<&str>) -> Json {
        let mut body = object! {
            "error": self.error.as_str(),
            "detail": self.detail.as_str(),
            "status_code": i64::from(self.error.status()),
        };
        if let Some(id) = request_id {
            body.push("request_id", id);
        }
        if self.error == ErrorCode::ValidationFailed {
            body.push(
                "errors",
                Json::Array(self.errors.iter().map(FieldError::to_json).collect()),
            );
        }
        body.into()
    }

    /// Reads what [`Problem::to_json`] wrote.
    pub fn from_json(json: &Json) -> Option<Self> {
        let object: &Object = json.as_object()?;
        Some(Self {
            error: ErrorCode::parse(object.get("error")?.as_str()?)?,
            detail: object.get("detail")?.as_str()?.to_owned(),
            errors: object
                .get("errors")
                .and_then(Json::as_array)
                .unwrap_or_default()
                .iter()
                .filter_map(FieldError::from_json)
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_a_hundred_mistakes_are_counted() {
        let mut mistakes = Mistakes::default();
        for _ in 0..130 {
            mistakes.push(FieldError::new(
                "country",
                FieldCode::WrongType,
                "Must be a string.",
            ));
        }
        let errors = mistakes.into_errors();
        assert_eq!(errors.len(), 101);
        assert_eq!(
            (errors[100].field.as_ref(), errors[100].code),
            ("", FieldCode::TooMany)
        );
        assert!(errors[100].message.contains("30"));
        assert_eq!(
            Problem::validation(errors).detail,
            "country: Must be a string. (and 100 more)"
        );
    }

    #[test]
    fn a_problem_reads_back() {
        let problem = Problem::validation(vec![FieldError::new("a", FieldCode::Empty, "m")]);
        assert_eq!(
            Problem::from_json(&problem.to_json(Some("r"))),
            Some(problem)
        );
    }
}
