//! Prefill: values written into the session's capture data on creation (`seed.txt`).

use crate::country::CountryCode;
use crate::date::Date;
use crate::email::EmailAddress;
use crate::json::{Json, Object};
use crate::limits::MAX_PREFILL_CHARS;
use crate::names::{PrefillField, nearest_prefill_field};
use crate::phone;
use crate::problem::{Fault, FieldCode, Mistakes, member_path};
use crate::session::duplicates;
use crate::text;
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

    /// Checks the member `fields` of a request, whose names were brought to one spelling.
    pub(crate) fn parse(
        field: &str,
        value: Json,
        today: Date,
        mistakes: &mut Mistakes,
    ) -> Option<Self> {
        let Json::Object(sent) = value else {
            mistakes.push(
                Fault::new(FieldCode::WrongType, "Must be an object of prefill values.").at(field),
            );
            duplicates::report_within(&value, &|| field.to_owned(), mistakes);
            return None;
        };
        let states = duplicates::repeated_members(&sent);
        let members: Vec<_> = sent.iter().zip(states).collect();
        let mut values = Vec::new();
        for known in PrefillField::all() {
            let Some(((name, value), state)) = members.iter().find(|((name, _), state)| {
                *name == known.name() && *state != duplicates::Member::Again
            }) else {
                continue;
            };
            let path = member_path(field, name);
            if *state == duplicates::Member::FirstOfMany {
                mistakes.push(duplicates::fault().at(path));
            } else if !value.is_null() {
                let checked = text::string(value).and_then(|text| check(known, text, today));
                values.extend(mistakes.keep(&path, checked).map(|value| (known, value)));
                duplicates::report_within(value, &|| path.clone(), mistakes);
            }
        }
        for ((name, value), state) in members {
            if PrefillField::parse(name).is_none() && state != duplicates::Member::Again {
                let path = || member_path(field, name);
                mistakes.push_with(|| {
                    let fault = if state == duplicates::Member::FirstOfMany {
                        duplicates::fault()
                    } else {
                        unknown(name)
                    };
                    fault.at(path())
                });
                duplicates::report_within(value, &path, mistakes);
            }
        }
        Some(Self(values))
    }
}

fn unknown(name: &str) -> Fault {
    let message = match nearest_prefill_field(name) {
        Some(near) => format!("This prefill field is not known. Did you mean `{near}`?"),
        None => {
            "This prefill field is not known; the API reference lists those that are.".to_owned()
        }
    };
    Fault::new(FieldCode::UnknownField, message)
}

fn check(field: PrefillField, value: &str, today: Date) -> Result<String, Fault> {
    let value = text::check(value, MAX_PREFILL_CHARS)?;
    match field {
        PrefillField::Birthdate => check_birthdate(value, today)?,
        PrefillField::EmailAddress => drop(EmailAddress::parse(value)?),
        PrefillField::PhoneNumber => drop(phone::check(value)?),
        PrefillField::AddressCountryCode | PrefillField::Nationality => {
            return CountryCode::parse(value).map(|code| code.to_string());
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
    Ok(value.to_owned())
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
        prefill
            .iter()
            .map(|(field, value)| (field.name().to_owned(), Self::from(value)))
            .collect::<Object>()
            .into()
    }
}
