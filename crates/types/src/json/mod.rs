//! JSON as the API reads and writes it.
//!
//! A value of its own, since the rules need what common readers drop: members given twice (to be
//! refused by name, together with everything else that is wrong), integers beyond 2^53 exactly,
//! and the place of a syntax error in lines and columns (decision 4).
//!
//! [`Value`] borrows its strings from the text where they stand there as they are, so that to hold
//! a request to the rules copies none of it; [`Json`] is the same value on its own.

mod double;
mod read;
mod write;

pub use read::{ReadError, ReadErrorKind, read, read_answer, read_borrowed};
pub use write::push_quoted;
pub(crate) use write::{push, push_name};

use std::borrow::Cow;

/// A JSON value that owns all of itself.
pub type Json = Value<'static>;

/// The members of an object that owns all of itself.
pub type Object = Members<'static>;

/// A JSON value (RFC 8259).
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string of Unicode scalar values.
    String(Cow<'a, str>),
    /// A list.
    Array(Vec<Value<'a>>),
    /// An object.
    Object(Members<'a>),
}

/// A JSON number: an integer exactly where it fits 64 bits, else a finite double.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// An integer in the range of `i64`.
    I64(i64),
    /// An integer above `i64::MAX`, in the range of `u64`.
    U64(u64),
    /// Anything else; always finite.
    F64(f64),
}

/// The members of a JSON object, in the order in which they were sent.
///
/// A name that was sent twice stands here twice; [`Members::get`] finds the first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Members<'a>(Vec<Member<'a>>);

/// A name and its value.
pub(crate) type Member<'a> = (Cow<'a, str>, Value<'a>);

impl<'a> Members<'a> {
    /// An object without members.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a member at the end, whether the name is there already or not.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<Value<'a>>) {
        self.0.push((Cow::Owned(name.into()), value.into()));
    }

    /// The first member of this name.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// Removes the first member of this name and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<Value<'a>> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(at).1)
    }

    /// The members as sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value))
    }

    /// The value of the member at this place.
    pub(crate) fn value_at(&self, place: usize) -> Option<&Value<'a>> {
        self.0.get(place).map(|(_, value)| value)
    }

    /// Adds a member at the end, as it was read.
    pub(crate) fn push_member(&mut self, name: Cow<'a, str>, value: Value<'a>) {
        self.0.push((name, value));
    }

    /// The members as they were read.
    pub(crate) fn into_members(self) -> Vec<Member<'a>> {
        self.0
    }

    /// The same members without what they borrow.
    pub fn into_owned(self) -> Object {
        let own = |(name, value): Member<'a>| (Cow::Owned(name.into_owned()), value.into_owned());
        Members(self.0.into_iter().map(own).collect())
    }

    /// How many members there are, repeated names counted each time.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for Members<'a> {
    type Item = (String, Value<'a>);
    type IntoIter =
        std::iter::Map<std::vec::IntoIter<Member<'a>>, fn(Member<'a>) -> (String, Value<'a>)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0
            .into_iter()
            .map(|(name, value)| (name.into_owned(), value))
    }
}

impl<'a> FromIterator<(String, Value<'a>)> for Members<'a> {
    fn from_iter<I: IntoIterator<Item = (String, Value<'a>)>>(members: I) -> Self {
        let members = members.into_iter();
        Self(
            members
                .map(|(name, value)| (Cow::Owned(name), value))
                .collect(),
        )
    }
}

impl<'a> Value<'a> {
    /// The same value without what it borrows.
    pub fn into_owned(self) -> Json {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Number(number) => Value::Number(number),
            Self::String(text) => Value::String(Cow::Owned(text.into_owned())),
            Self::Array(items) => Value::Array(items.into_iter().map(Value::into_owned).collect()),
            Self::Object(members) => Value::Object(members.into_owned()),
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self {
            Some(text)
        } else {
            None
        }
    }

    /// The value of an integer in the range of `i64`, `1440.0` included.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(Number::I64(value)) => Some(*value),
            // 2^53: below it every double that is whole is that integer and no other.
            Self::Number(Number::F64(value))
                if value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 =>
            {
                #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
                Some(*value as i64)
            }
            _ => None,
        }
    }

    /// The value of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self {
            Some(*value)
        } else {
            None
        }
    }

    /// The members of an object.
    pub fn as_object(&self) -> Option<&Members<'a>> {
        if let Self::Object(object) = self {
            Some(object)
        } else {
            None
        }
    }

    /// The items of a list.
    pub fn as_array(&self) -> Option<&[Value<'a>]> {
        if let Self::Array(items) = self {
            Some(items)
        } else {
            None
        }
    }

    /// Whether this is `null`.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The member of this name, where this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.as_object()?.get(name)
    }
}

/// Copied, so that the value stands on its own.
impl From<&str> for Value<'_> {
    fn from(text: &str) -> Self {
        Self::String(Cow::Owned(text.to_owned()))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::String(Cow::Owned(text))
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Number(Number::I64(value))
    }
}

impl From<u64> for Value<'_> {
    fn from(value: u64) -> Self {
        Self::Number(i64::try_from(value).map_or(Number::U64(value), Number::I64))
    }
}

impl<'a> From<Members<'a>> for Value<'a> {
    fn from(members: Members<'a>) -> Self {
        Self::Object(members)
    }
}

impl<'a, T: Into<Value<'a>>> From<Vec<T>> for Value<'a> {
    fn from(items: Vec<T>) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

/// `None` is `null`.
impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Builds an [`Object`](crate::json::Object): `object! { "id": id, "tags": tags }`.
#[macro_export]
macro_rules! object {
    ($($name:literal : $value:expr),* $(,)?) => {{
        #[allow(unused_mut, clippy::allow_attributes, reason = "an empty object is not changed")]
        let mut object = $crate::json::Object::new();
        $(object.push($name, $value);)*
        object
    }};
}
