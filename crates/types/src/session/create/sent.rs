//! The create request as sent.

use super::rules::Rules;
use super::{CheckedRequest, Context, NewSession};
use crate::json::{Members, Value};
use crate::names::{self, Field};
use crate::prefill;
use crate::problem::{FieldCode, FieldError};
use crate::session::duplicates::{self, Member, Repeats};
use std::cell::OnceCell;
use std::fmt;

/// A create request as sent: the envelope opened and the API's own names brought to one spelling.
/// Nothing else is promised.
pub type CreateSessionRequest = SentRequest<'static>;

/// A [`CreateSessionRequest`] that may borrow from the text it was read from.
#[derive(Clone)]
pub struct SentRequest<'a> {
    /// All that was sent, known or not.
    members: Members<'a>,
    /// Where each field was given first, in the order of the table of names.
    known: [Option<usize>; Field::TABLE.len()],
    /// Which of them were given more than once.
    is_repeated: [bool; Field::TABLE.len()],
    /// Whether there are other members.
    has_unknown: bool,
    /// The parts of the envelope that were given more than once.
    repeated: Vec<&'static str>,
    /// Which names were given more than once, once somebody asks: of very many that takes a while.
    repeats: OnceCell<Repeats>,
}

impl<'a> SentRequest<'a> {
    /// Opens the envelope and brings the names to one spelling.
    ///
    /// # Errors
    /// `wrong_type` on `""` for what is not an object.
    pub fn from_json(body: Value<'a>) -> Result<Self, FieldError> {
        let (body, repeated) = names::open_envelope(body);
        let Value::Object(members) = body else {
            return Err(FieldError::new(
                "",
                FieldCode::WrongType,
                "The body must be a JSON object.",
            ));
        };
        let mut request = Self::of(members);
        request.repeated = repeated;
        Ok(request)
    }

    fn of(members: Members<'a>) -> Self {
        let mut known = [None; Field::TABLE.len()];
        let mut is_repeated = [false; Field::TABLE.len()];
        let mut has_unknown = false;
        for (place, (name, _)) in members.iter().enumerate() {
            match Field::parse(name) {
                Some(field) if known[field as usize].is_none() => {
                    known[field as usize] = Some(place);
                }
                Some(field) => is_repeated[field as usize] = true,
                None => has_unknown = true,
            }
        }
        Self {
            members,
            known,
            is_repeated,
            has_unknown,
            repeated: Vec::new(),
            repeats: OnceCell::new(),
        }
    }

    /// A request of one field.
    pub(in crate::session) fn of_field(field: Field, value: Value<'a>) -> Self {
        let mut members = Members::new();
        members.push_member(field.name().into(), value);
        Self::of(members)
    }

    /// Whether no member is given twice, at any depth: then [`Self::fingerprint_text`] means the
    /// request and nothing else.
    pub fn is_sound(&self) -> bool {
        let has_repeats = |(field, value): (Field, &Value<'_>)| match field {
            Field::Fields => duplicates::is_within(&prefill::one_spelling(value.clone())),
            _ => duplicates::is_within(value),
        };
        self.repeated.is_empty()
            && self.is_repeated == [false; Field::TABLE.len()]
            && self.repeats().is_empty()
            && !self.known().any(has_repeats)
            && !self
                .unknown()
                .any(|(_, value)| duplicates::is_within(value))
    }

    /// The known fields that were given, and the first value of each.
    fn known(&self) -> impl Iterator<Item = (Field, &Value<'a>)> {
        let fields = Field::TABLE.iter().zip(&self.known);
        fields.filter_map(|((field, ..), place)| Some((*field, self.members.value_at((*place)?)?)))
    }

    /// The members that are no known field, as sent.
    fn unknown(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        let is_unknown = |(name, _): &(&str, _)| Field::parse(name).is_none();
        self.members.iter().filter(is_unknown)
    }

    /// The first value of a field, if it was given and is not `null`.
    pub(super) fn value(&self, field: Field) -> Option<&Value<'a>> {
        let value = self.members.value_at(self.known[field as usize]?);
        value.filter(|value| !value.is_null())
    }

    /// Whether a field was given more than once.
    pub(super) const fn is_repeated(&self, field: Field) -> bool {
        self.is_repeated[field as usize]
    }

    /// The parts of the envelope that were given more than once.
    pub(super) fn repeated_parts(&self) -> &[&'static str] {
        &self.repeated
    }

    /// Which members were given more than once.
    pub(super) fn repeats(&self) -> &Repeats {
        self.repeats.get_or_init(|| Repeats::of(&self.members))
    }

    /// All that was sent, if some of it is no known field.
    pub(super) fn with_unknown(&self) -> Option<&Members<'a>> {
        self.has_unknown.then_some(&self.members)
    }

    /// One text for all ways to send the same parameters: before defaults and rules, values as sent,
    /// `null` members of the API's own objects left out, unknown fields included (decision 7).
    pub fn fingerprint_text(&self) -> String {
        let mut all = Members::new();
        for (field, value) in self.known().filter(|(_, value)| !value.is_null()) {
            let value = match (field, value.clone()) {
                (Field::Fields, fields @ Value::Object(_)) => without_nulls(fields),
                (_, other) => other,
            };
            all.push(field.name(), value);
        }
        for (name, value) in self.unknown().filter(|(_, value)| !value.is_null()) {
            all.push(name, value.clone());
        }
        Value::Object(all).canonical()
    }

    /// The unknown top-level fields, as sent, each once.
    pub fn ignored_fields(&self) -> Vec<&str> {
        let mut names = Vec::new();
        let Some(members) = self.with_unknown() else {
            return names;
        };
        let repeats = self.repeats();
        for (index, (name, _)) in members.iter().enumerate() {
            if repeats.at(index) != Member::Again && Field::parse(name).is_none() {
                names.push(name);
            }
        }
        names
    }

    /// Holds the request to every rule.
    ///
    /// # Errors
    /// All mistakes, in the order of the table of names; never an empty list, and never more than
    /// 101 (decision 2).
    pub fn validate(self, context: &Context<'_>) -> Result<NewSession, Vec<FieldError>> {
        self.check(context).map(NewSession::from)
    }

    /// As [`Self::validate`], but copies nothing of what keeps the rules.
    ///
    /// # Errors
    /// As [`Self::validate`].
    pub fn check(&self, context: &Context<'_>) -> Result<CheckedRequest<'_, 'a>, Vec<FieldError>> {
        Rules::of(self, context).judge()
    }
}

/// Prefill in one spelling, without its `null` members.
fn without_nulls(fields: Value<'_>) -> Value<'_> {
    match prefill::one_spelling(fields) {
        Value::Object(fields) => {
            let is_given = |(_, value): &(String, Value<'_>)| !value.is_null();
            Value::Object(fields.into_iter().filter(is_given).collect())
        }
        other => other,
    }
}

/// The caller's data may be personal: not shown.
impl fmt::Debug for SentRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.known().count();
        write!(f, "CreateSessionRequest([redacted; {count} fields])")
    }
}
