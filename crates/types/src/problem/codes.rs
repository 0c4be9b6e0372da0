//! Both closed lists of codes (decision 2).

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
