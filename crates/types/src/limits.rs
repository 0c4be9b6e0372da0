//! Every limit of the API in one place: rules, messages, forms and documents read them here.

/// Deepest nesting of objects and lists in a body; the outermost one that counts is 1 (decision 4).
pub const MAX_JSON_DEPTH: usize = 32;
/// Largest body, in bytes: the largest valid metadata with everything outside ASCII escaped reaches
/// 2.4 MB, and a 413 may not hide the promised 422 (decision 4).
pub const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;
/// Most metadata keys (`seed.txt`).
pub const MAX_METADATA_KEYS: usize = 50;
/// Largest metadata value, in bytes of compact UTF-8 JSON (`seed.txt`: 16 KB).
pub const MAX_METADATA_VALUE_BYTES: usize = 16_384;
/// Longest metadata key, in characters.
pub const MAX_METADATA_KEY_CHARS: usize = 128;
/// Longest `external_ref`, in characters.
pub const MAX_EXTERNAL_REF_CHARS: usize = 255;
/// Longest `applicant_name` and `email_display_name`, in characters.
pub const MAX_DISPLAY_NAME_CHARS: usize = 200;
/// Longest prefill value, in characters.
pub const MAX_PREFILL_CHARS: usize = 255;
/// Longest URL, in characters.
pub const MAX_URL_CHARS: usize = 2_048;
/// Longest e-mail address, in characters (RFC 5321 4.5.3.1.3, less the angle brackets).
pub const MAX_EMAIL_CHARS: usize = 254;
/// Shortest life of a capture URL, in minutes (`seed.txt`).
pub const MIN_EXPIRY_MINUTES: i64 = 10;
/// Longest life of a capture URL, in minutes: 72 hours (`seed.txt`).
pub const MAX_EXPIRY_MINUTES: i64 = 4_320;
/// Life of a capture URL where none is asked for, in minutes: 24 hours (`seed.txt`).
pub const DEFAULT_EXPIRY_MINUTES: i64 = 1_440;
/// Longest idempotency key, in characters (`wire.md` 2.1).
pub const MAX_IDEMPOTENCY_KEY_CHARS: usize = 255;
/// How long an idempotency key is kept, in hours (`seed.txt`).
pub const IDEMPOTENCY_HOURS: i64 = 24;
/// Most errors that one answer lists; one more then counts the rest (decision 2).
pub const MAX_ERRORS: usize = 100;
/// Longest part of a field path that comes from the caller, in characters (decision 2).
pub const MAX_PATH_KEY_CHARS: usize = 64;
/// Most ignored fields that are named in an answer (decision 3).
pub const MAX_IGNORED_FIELDS: usize = 20;
/// Largest page of a list.
pub const MAX_PAGE: i64 = 100;
/// Page of a list where none is asked for (`wire.md` 14).
pub const DEFAULT_PAGE: i64 = 50;
/// Largest `offset` of a list: what the databases count with.
pub const MAX_OFFSET: i64 = i64::MAX;
/// Up to here the `total` of a list is exact (decision 18).
pub const MAX_TOTAL: i64 = 10_000;
/// Shortest password of a dashboard user, in characters (decision 27).
pub const MIN_PASSWORD_CHARS: usize = 15;
