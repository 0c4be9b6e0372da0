//! Prefill: values written into the session's capture data on creation (`seed.txt`).

use crate::country::CountryCode;
use crate::date::Date;
use crate::email::EmailAddress;
use crate::json::{Json, Members, Value, push_name, push_quoted};
use crate::limits::{MAX_EMAIL_CHARS, MAX_PREFILL_CHARS};
use crate::names::{Field, PrefillField, nearest_prefill_field};
use crate::phone;
use crate::problem::{Fault, FieldCode, Mistakes};
use crate::session::duplicates::{self, Judged, Repeats};
use crate::text;
use std::borrow::Cow;
use std::fmt;

/// Checked values, at most one for each field, in the order of the table of names.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Prefill(Vec<(PrefillField, String)>);

impl Prefill {
    /// The value of a field.
    pub fn get(&self, field: PrefillField) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| *known == field)
            .map(|(_, value)| value.as_str())
    }

    /// The fields and their values.
    pub fn iter(&self) -> impl Iterator<Item = (PrefillField, &str)> {
        self.0.iter().map(|(field, value)| (*field, value.as_str()))
    }

    /// Whether nothing was given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks the member `fields` of a request.
    pub(crate) fn check<'r>(
        sent: &'r Members<'_>,
        today: Date,
        mistakes: &mut Mistakes,
    ) -> CheckedPrefill<'r> {
        let mut values = [None; PrefillField::TABLE.len()];
        let mut is_repeated = [false; PrefillField::TABLE.len()];
        let mut others = false;
        for (name, value) in sent.iter() {
            match PrefillField::parse(name) {
                Some(known) if values[known as usize].is_none() => {
                    values[known as usize] = Some(value);
                }
                Some(known) => is_repeated[known as usize] = true,
                None => others = true,
            }
        }
        let mut checked = CheckedPrefill::default();
        for known in PrefillField::all() {
            let Some(value) = values[known as usize] else {
                continue;
            };
            if is_repeated[known as usize] {
                mistakes.push(duplicates::fault().at(known.path()));
            } else if !value.is_null() {
                match text::string(value).and_then(|text| check(known, text, today)) {
                    Ok(text) => checked.0[known as usize] = Some(text),
                    Err(fault) => mistakes.push(fault.at(known.path())),
                }
            }
            duplicates::report_within(value, &|| known.path().to_owned(), mistakes);
        }
        if !others {
            return checked;
        }
        let rule = |name: &str, _: &Value<'_>, is_listed: bool| match PrefillField::parse(name) {
            Some(_) => Judged::Elsewhere,
            None if is_listed => Judged::Broken(unknown(name)),
            None => Judged::Broken(Fault::unlisted()),
        };
        let path = || Field::Fields.name().to_owned();
        duplicates::judge_members(sent, &Repeats::of(sent), &path, mistakes, &rule);
        checked
    }
}

/// Values that keep the rules, where they stand in the request.
#[derive(Clone, Copy, Default)]
pub(crate) struct CheckedPrefill<'r>([Option<&'r str>; PrefillField::TABLE.len()]);

impl<'r> CheckedPrefill<'r> {
    /// The fields that were given, and their values in normal form.
    fn iter(&self) -> impl Iterator<Item = (PrefillField, Cow<'r, str>)> {
        let values = PrefillField::all().zip(self.0);
        values.filter_map(|(field, value)| {
            let value = value?;
            let is_country = matches!(
                field,
                PrefillField::AddressCountryCode | PrefillField::Nationality
            );
            let normal = if is_country {
                value.to_ascii_uppercase().into()
            } else {
                value.into()
            };
            Some((field, normal))
        })
    }

    /// Adds the values as a JSON object.
    pub(crate) fn push_text(&self, out: &mut String) {
        out.push('{');
        for (field, value) in self.iter() {
            push_name(out, field.name());
            push_quoted(out, &value);
        }
        out.push('}');
    }
}

impl From<CheckedPrefill<'_>> for Prefill {
    fn from(checked: CheckedPrefill<'_>) -> Self {
        let values = checked.iter();
        Self(
            values
                .map(|(field, value)| (field, value.into_owned()))
                .collect(),
        )
    }
}

impl<'r> From<&'r Prefill> for CheckedPrefill<'r> {
    fn from(prefill: &'r Prefill) -> Self {
        let mut checked = Self::default();
        for (field, value) in prefill.iter() {
            checked.0[field as usize] = Some(value);
        }
        checked
    }
}

/// Prefill with the names it knows in their canonical spelling.
pub(crate) fn one_spelling(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| {
                    (
                        PrefillField::parse(&name).map_or(name, |field| field.name().to_owned()),
                        value,
                    )
                })
                .collect(),
        ),
        other => other,
    }
}

fn unknown(name: &str) -> Fault {
    let message = match nearest_prefill_field(name) {
        Some(near) => text::join(&[
            "This prefill field is not known. Did you mean `",
            near,
            "`?",
        ])
        .into(),
        None => Cow::Borrowed(
            "This prefill field is not known; the API reference lists those that are.",
        ),
    };
    Fault::new(FieldCode::UnknownField, message)
}

fn check(field: PrefillField, value: &str, today: Date) -> Result<&str, Fault> {
    let longest = match field {
        PrefillField::EmailAddress => MAX_EMAIL_CHARS,
        _ => MAX_PREFILL_CHARS,
    };
    let value = text::check(value, longest)?;
    match field {
        PrefillField::Birthdate => check_birthdate(value, today)?,
        PrefillField::EmailAddress => drop(EmailAddress::check(value)?),
        PrefillField::PhoneNumber => drop(phone::check(value)?),
        PrefillField::AddressCountryCode | PrefillField::Nationality => {
            CountryCode::parse(value)?;
        }
        PrefillField::NameFirst
        | PrefillField::NameMiddle
        | PrefillField::NameLast
        | PrefillField::AddressStreet1
        | PrefillField::AddressStreet2
        | PrefillField::AddressCity
        | PrefillField::AddressSubdivision
        | PrefillField::AddressPostalCode
        | PrefillField::IdentificationNumber => {}
    }
    Ok(value)
}

/// A real date from 1900-01-01 to the day before today in UTC.
fn check_birthdate(value: &str, today: Date) -> Result<(), Fault> {
    let date = Date::parse(value).ok_or_else(|| {
        Fault::new(
            FieldCode::InvalidFormat,
            "Must be a date that exists, written YYYY-MM-DD.",
        )
    })?;
    let first = const { Date::new(1900, 1, 1).expect("a date") };
    if date < first || date >= today {
        return Err(Fault::new(
            FieldCode::OutOfRange,
            "Must be from 1900-01-01 to the day before today.",
        ));
    }
    Ok(())
}

/// Personal data: not shown.
impl fmt::Debug for Prefill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefill([redacted; {} values])", self.0.len())
    }
}

impl From<&Prefill> for Json {
    fn from(prefill: &Prefill) -> Self {
        let values = prefill.iter();
        values
            .map(|(field, value)| (field.name().to_owned(), value.into()))
            .collect::<Members<'_>>()
            .into()
    }
}
