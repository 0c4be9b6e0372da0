//! The one shape of every error, and both closed lists of codes (decision 2).

use crate::json::{Json, Object};
use crate::limits::{MAX_ERRORS, MAX_PATH_KEY_CHARS};
use crate::object;
use std::borrow::Cow;

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$variant_doc])* $variant),* }

        impl $name {
            /// All of them, in the order of their precedence.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// The code of this word.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

codes! {
    /// What went wrong with a request as a whole: the member `error`.
    ErrorCode {
        /// The body is not JSON that the API reads.
        InvalidJson = "invalid_json",
        /// A header has a value that is not known.
        InvalidHeader = "invalid_header",
        /// An API version that is not supported.
        UnsupportedVersion = "unsupported_version",
        /// An idempotency key that is empty, too long, repeated or not visible ASCII.
        IdempotencyKeyInvalid = "idempotency_key_invalid",
        /// The object's state forbids the call.
        InvalidState = "invalid_state",
        /// No valid credentials.
        Unauthorized = "unauthorized",
        /// The key lacks the scope.
        InsufficientScope = "insufficient_scope",
        /// The caller may not do this from here.
        Forbidden = "forbidden",
        /// No such thing, or not in this environment.
        NotFound = "not_found",
        /// The path exists, the method does not.
        MethodNotAllowed = "method_not_allowed",
        /// The body did not arrive in time.
        RequestTimeout = "request_timeout",
        /// The call contradicts what exists.
        Conflict = "conflict",
        /// The first request with this idempotency key is still running.
        IdempotencyInProgress = "idempotency_in_progress",
        /// No more resends of this invitation.
        InviteLimitReached = "invite_limit_reached",
        /// The data asked for was erased.
        Erased = "erased",
        /// The body is over 4 MiB.
        PayloadTooLarge = "payload_too_large",
        /// The body is not declared as JSON in UTF-8.
        UnsupportedMediaType = "unsupported_media_type",
        /// The request breaks rules; `errors` lists them all.
        ValidationFailed = "validation_failed",
        /// The idempotency key belongs to a request with other parameters.
        IdempotencyMismatch = "idempotency_mismatch",
        /// Too many requests.
        RateLimited = "rate_limited",
        /// The headers are over 16 KiB or 100 fields.
        HeadersTooLarge = "headers_too_large",
        /// A fault of the server's.
        Internal = "internal",
        /// The server cannot take the request now.
        Unavailable = "unavailable",
    }
}

impl ErrorCode {
    /// The HTTP status of this code.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidJson
            | Self::InvalidHeader
            | Self::UnsupportedVersion
            | Self::IdempotencyKeyInvalid
            | Self::InvalidState => 400,
            Self::Unauthorized => 401,
            Self::InsufficientScope | Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::Conflict | Self::IdempotencyInProgress | Self::InviteLimitReached => 409,
            Self::Erased => 410,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::ValidationFailed | Self::IdempotencyMismatch => 422,
            Self::RateLimited => 429,
            Self::HeadersTooLarge => 431,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }
}

codes! {
    /// What is wrong with one field: `errors[].code`. A field gets the first that applies, in this
    /// order.
    FieldCode {
        /// Two spellings of one field, or the same key twice.
        DuplicateField = "duplicate_field",
        /// An unknown prefill name, or a top-level one under strict handling.
        UnknownField = "unknown_field",
        /// Another JSON type, or a fraction where an integer is wanted.
        WrongType = "wrong_type",
        /// It must be there.
        Required = "required",
        /// An empty string, list or metadata key.
        Empty = "empty",
        /// Control or bidirectional characters, or `=?` in a name for mail headers.
        InvalidCharacters = "invalid_characters",
        /// Too many characters.
        TooLong = "too_long",
        /// Too many keys or items.
        TooMany = "too_many",
        /// Too many bytes.
        TooLarge = "too_large",
        /// Not the syntax of an e-mail address, URL, date or phone number.
        InvalidFormat = "invalid_format",
        /// Not one of the words that are known.
        UnknownValue = "unknown_value",
        /// Well formed but refused.
        NotAllowed = "not_allowed",
        /// It names something that does not exist, or is inactive.
        NotFound = "not_found",
        /// Outside its bounds.
        OutOfRange = "out_of_range",
        /// Given twice in a list.
        DuplicateValue = "duplicate_value",
    }
}

/// One mistake in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where: a path in canonical names, `""` for the body itself.
    pub field: String,
    /// What.
    pub code: FieldCode,
    /// A sentence that says what would be right. Never repeats the caller's value.
    pub message: String,
}

impl FieldError {
    /// A mistake at a place.
    pub fn new(field: impl Into<String>, code: FieldCode, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            code,
            message: message.into(),
        }
    }

    /// As it stands in `errors`.
    pub fn to_json(&self) -> Json {
        object! { "field": self.field.as_str(), "code": self.code.as_str(), "message": self.message.as_str() }.into()
    }

    /// Reads what [`FieldError::to_json`] wrote.
    pub fn from_json(json: &Json) -> Option<Self> {
        let code = FieldCode::parse(json.get("code")?.as_str()?)?;
        Some(Self::new(
            json.get("field")?.as_str()?,
            code,
            json.get("message")?.as_str()?,
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

    /// This fault at a place.
    pub fn at(self, field: impl Into<String>) -> FieldError {
        FieldError {
            field: field.into(),
            code: self.code,
            message: self.message.into_owned(),
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
        self.push_with(|| error);
    }

    /// Notes one mistake, which is only put into words if it will be listed.
    pub fn push_with(&mut self, error: impl FnOnce() -> FieldError) {
        if self.listed.len() < MAX_ERRORS {
            self.listed.push(error());
        } else {
            self.rest += 1;
        }
    }

    /// The value where there is one, else its fault is noted.
    pub fn keep<T>(&mut self, field: &str, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.push(fault.at(field))).ok()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// The list for the answer: at most 100, and then one more that counts the rest.
    pub fn into_errors(mut self) -> Vec<FieldError> {
        match self.rest {
            0 => {}
            1 => self.listed.push(FieldError::new(
                "",
                FieldCode::TooMany,
                "There is 1 more error, which is not listed.",
            )),
            rest => self.listed.push(FieldError::new(
                "",
                FieldCode::TooMany,
                format!("There are {rest} more errors, which are not listed."),
            )),
        }
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
        let detail = match errors.as_slice() {
            [] => "The request breaks a rule.".to_owned(),
            [only] => describe(only),
            [first, rest @ ..] => format!("{} (and {} more)", describe(first), rest.len()),
        };
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

fn describe(error: &FieldError) -> String {
    if error.field.is_empty() {
        error.message.clone()
    } else {
        format!("{}: {}", error.field, error.message)
    }
}

/// The path of a member: `parent.key`, or `parent["a.b"]` for a key that is no plain word.
///
/// A key is cut to 64 characters with `…`.
pub fn member_path(parent: &str, key: &str) -> String {
    let mut shown: String = key.chars().take(MAX_PATH_KEY_CHARS).collect();
    let is_cut = shown.len() < key.len();
    if is_cut {
        shown.push('…');
    }
    let is_word = !key.is_empty()
        && !is_cut
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    match (is_word, parent) {
        (true, "") => shown,
        (true, _) => format!("{parent}.{shown}"),
        (false, _) => format!("{parent}[{}]", Json::from(shown)),
    }
}

/// The path of a list's item: `parent[2]`.
pub fn item_path(parent: &str, index: usize) -> String {
    format!("{parent}[{index}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_quote_what_is_no_plain_word() {
        assert_eq!(
            member_path("metadata", "applicant_email"),
            "metadata.applicant_email"
        );
        assert_eq!(member_path("metadata", "a.b"), r#"metadata["a.b"]"#);
        assert_eq!(member_path("metadata", ""), r#"metadata[""]"#);
        assert_eq!(member_path("metadata", "a\"b"), r#"metadata["a\"b"]"#);
        assert_eq!(member_path("", "x y"), r#"["x y"]"#);
        let long = "a".repeat(65);
        assert_eq!(
            member_path("metadata", &long),
            format!("metadata[\"{}…\"]", "a".repeat(64))
        );
        assert_eq!(item_path("checks", 2), "checks[2]");
    }

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
            (errors[100].field.as_str(), errors[100].code),
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
