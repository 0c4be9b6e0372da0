//! Metadata: the caller's own values, kept and given back untouched (`seed.txt`).

use crate::email::EmailAddress;
use crate::json::{Json, Members, Object, Value};
use crate::limits::{MAX_METADATA_KEY_CHARS, MAX_METADATA_KEYS, MAX_METADATA_VALUE_BYTES};
use crate::names::Field;
use crate::problem::{Fault, FieldCode, Mistakes};
use crate::session::duplicates::{self, Judged, Member, Repeats};
use crate::text;
use std::fmt;

/// At most 50 keys of 1 to 128 characters, each value at most 16,384 bytes as compact JSON in UTF-8.
#[derive(Clone, PartialEq, Default)]
pub struct Metadata(Object);

/// The key from which the address of an invitation is taken where the request names none.
const APPLICANT_EMAIL: &str = "applicant_email";

impl Metadata {
    /// The keys and values in their order.
    pub const fn as_object(&self) -> &Object {
        &self.0
    }

    /// What is wrong with the number of keys. A key whose value is `null` does not count: it is
    /// dropped, as merging into an empty map would.
    pub(crate) fn too_many(sent: &Members<'_>) -> Option<Fault> {
        let kept = count_kept(sent);
        if kept <= MAX_METADATA_KEYS {
            return None;
        }
        let (most, kept) = (
            text::decimal(MAX_METADATA_KEYS as u64),
            text::decimal(kept as u64),
        );
        let message = text::join(&["Must have at most ", &most, " keys; these are ", &kept, "."]);
        Some(Fault::new(FieldCode::TooMany, message))
    }

    /// Checks the members of `metadata`. With `is_address_wanted`, `applicant_email` among them is
    /// held to the rule of an address.
    pub(crate) fn check(sent: &Members<'_>, is_address_wanted: bool, mistakes: &mut Mistakes) {
        let field = Field::Metadata.name();
        let rule =
            |key: &str, value: &Value<'_>, _| match check_member(key, value, is_address_wanted) {
                Ok(()) => Judged::Kept,
                Err(fault) => Judged::Broken(fault),
            };
        let repeats = Repeats::of(sent);
        duplicates::judge_members(sent, &repeats, &|| field.to_owned(), mistakes, &rule);
    }

    /// The metadata of what passed [`Metadata::check`].
    pub(crate) fn of_checked(sent: &Members<'_>) -> Self {
        let kept = sent.iter().filter(|(_, value)| !value.is_null());
        let own = |(key, value): (&str, &Value<'_>)| (key.to_owned(), value.clone().into_owned());
        Self(kept.map(own).collect())
    }

    /// The text of `applicant_email` in it, which stands in for the request's own.
    pub(crate) fn address_text<'r>(value: &'r Value<'_>) -> Option<&'r str> {
        value.get(APPLICANT_EMAIL)?.as_str()
    }

    /// The address in it. `None` where it has none, or one that no rule was held to.
    pub(crate) fn address(&self) -> Option<EmailAddress> {
        EmailAddress::parse(self.0.get(APPLICANT_EMAIL)?.as_str()?).ok()
    }

    /// Metadata that was checked before: what the store kept.
    pub fn from_checked(kept: Object) -> Self {
        Self(kept)
    }
}

/// The caller's data may be personal: not shown.
impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metadata([redacted; {} keys])", self.0.len())
    }
}

impl From<&Metadata> for Json {
    fn from(metadata: &Metadata) -> Self {
        Self::Object(metadata.0.clone())
    }
}

/// How many keys are kept: each once, and none whose value is `null`.
fn count_kept(sent: &Members<'_>) -> usize {
    if sent.len() <= MAX_METADATA_KEYS {
        // Few enough however often they occur.
        return 0;
    }
    let repeats = Repeats::of(sent);
    let mut kept = 0;
    for (index, (_, value)) in sent.iter().enumerate() {
        kept += usize::from(repeats.at(index) != Member::Again && !value.is_null());
    }
    kept
}

fn check_member(key: &str, value: &Value<'_>, is_address_wanted: bool) -> Result<(), Fault> {
    if value.is_null() {
        return Ok(());
    }
    if key.is_empty() {
        return Err(Fault::new(FieldCode::Empty, "A key must not be empty."));
    }
    if key.len() > MAX_METADATA_KEY_CHARS && text::length(key) > MAX_METADATA_KEY_CHARS {
        return Err(Fault::new(
            FieldCode::TooLong,
            text::join(&[
                "A key must be at most ",
                &text::decimal(MAX_METADATA_KEY_CHARS as u64),
                " characters long.",
            ]),
        ));
    }
    let address = match value {
        Value::String(text) if is_address_wanted && key == APPLICANT_EMAIL => {
            EmailAddress::check(text).map(drop)
        }
        _ => Ok(()),
    };
    // Nearly always it is clear without counting.
    if value.most_text_len() <= MAX_METADATA_VALUE_BYTES {
        return address;
    }
    let size = value.text_len();
    if size > MAX_METADATA_VALUE_BYTES {
        let fault = Fault::new(
            FieldCode::TooLarge,
            text::join(&[
                "Must be at most ",
                &text::decimal(MAX_METADATA_VALUE_BYTES as u64),
                " bytes as JSON in UTF-8; this is ",
                &text::decimal(size as u64),
                ".",
            ]),
        );
        // The first of two faults in the order of the codes.
        return Err(address
            .err()
            .filter(|other| other.code < fault.code)
            .unwrap_or(fault));
    }
    address
}
