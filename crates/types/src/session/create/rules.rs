//! The rules of a create request, field by field in the order of the table of names.

use super::{CheckedRequest, Context, Publishable, SentRequest};
use crate::check::Check;
use crate::country::CountryCode;
use crate::email::EmailAddress;
use crate::expiry::ExpiryMinutes;
use crate::id::WorkflowId;
use crate::json::Value;
use crate::limits::{MAX_DISPLAY_NAME_CHARS, MAX_EXTERNAL_REF_CHARS};
use crate::metadata::Metadata;
use crate::names::{self, Field};
use crate::prefill::Prefill;
use crate::problem::{Fault, FieldCode, FieldError, Mistakes};
use crate::session::duplicates::{self, Judged};
use crate::text;
use crate::web_url::WebUrl;
use std::borrow::Cow;

pub(super) struct Rules<'c, 'r, 'a> {
    request: &'r SentRequest<'a>,
    context: &'c Context<'c>,
    checked: CheckedRequest<'r, 'a>,
    mistakes: Mistakes,
}

impl<'c, 'r, 'a> Rules<'c, 'r, 'a> {
    pub(super) fn of(request: &'r SentRequest<'a>, context: &'c Context<'c>) -> Self {
        Self {
            request,
            context,
            checked: CheckedRequest::default(),
            mistakes: Mistakes::default(),
        }
    }

    pub(super) fn judge(mut self) -> Result<CheckedRequest<'r, 'a>, Vec<FieldError>> {
        for path in self.request.repeated_parts() {
            self.mistakes.push(duplicates::fault().at(*path));
        }
        for (field, ..) in Field::TABLE {
            self.field(field);
        }
        self.unknown();
        if self.mistakes.is_empty() {
            Ok(self.checked)
        } else {
            Err(self.mistakes.into_errors())
        }
    }

    /// Whether an invitation is wanted whose address nobody gave but perhaps the metadata. With a publishable key, to
    /// which invitations are closed, an address would only be refused as well.
    fn needs_address(&self) -> bool {
        if self.context.publishable.is_some() {
            return false;
        }
        let send_email = self.request.value(Field::SendEmail);
        send_email.and_then(Value::as_bool) == Some(true)
            && self.request.value(Field::ApplicantEmail).is_none()
    }

    /// Judges a field, if it was given and is not `null`. A repetition is noted, and then the only
    /// error of the field itself.
    fn field(&mut self, field: Field) {
        if self.request.is_repeated(field) {
            self.mistakes.push(duplicates::fault().at(field.name()));
        }
        let Some(value) = self.request.value(field) else {
            if field == Field::ApplicantEmail {
                self.missing_address();
            }
            return;
        };
        let fault = match field {
            Field::Metadata => match value {
                Value::Object(sent) => {
                    if let Some(fault) = Metadata::too_many(sent) {
                        self.note(field, fault);
                    }
                    Metadata::check(sent, self.needs_address(), &mut self.mistakes);
                    self.checked.metadata = Some(sent);
                    return;
                }
                _ => Some(wrong_type("Must be an object of keys and values.")),
            },
            Field::Fields => match value {
                Value::Object(sent) => {
                    self.checked.prefill =
                        Prefill::check(sent, self.context.today, &mut self.mistakes);
                    return;
                }
                _ => Some(wrong_type("Must be an object of prefill values.")),
            },
            Field::Checks => match value {
                Value::Array(items) if items.is_empty() => Some(Fault::new(
                    FieldCode::Empty,
                    "Must name at least one check; leave the field out for the workflow's own.",
                )),
                Value::Array(items) => {
                    // Said of the list before anything is said of its items.
                    self.refuse_closed(field);
                    Check::check_list(items, &mut self.mistakes);
                    self.checked.checks = Some(items);
                    self.report_within(field, value);
                    return;
                }
                _ => Some(wrong_type("Must be a list of check names.")),
            },
            Field::SendEmail => match value.as_bool() {
                Some(is_wanted) => {
                    self.checked.send_email = is_wanted;
                    None
                }
                None => Some(wrong_type("Must be true or false.")),
            },
            Field::ExpiresInMinutes => match ExpiryMinutes::parse(value) {
                Ok(expires_in) => {
                    self.checked.expires_in = expires_in;
                    None
                }
                Err(fault) => Some(fault),
            },
            _ => match text::string(value) {
                Ok(text) => {
                    self.checked.texts[field as usize] = Some(text);
                    check_text(field, text, self.context).err()
                }
                Err(fault) => Some(fault),
            },
        };
        match fault {
            Some(fault) => self.note(field, fault),
            None => self.refuse_closed(field),
        }
        self.report_within(field, value);
    }

    fn missing_address(&mut self) {
        let metadata = self.request.value(Field::Metadata);
        if self.needs_address() && metadata.and_then(Metadata::address_text).is_none() {
            let fault = Fault::new(
                FieldCode::Required,
                "Is needed to send the invitation: give it here or as metadata.applicant_email, or leave send_email out.",
            );
            self.note(Field::ApplicantEmail, fault);
        }
    }

    /// Notes that a field, which has no other mistake, is closed to the key.
    fn refuse_closed(&mut self, field: Field) {
        if self.context.publishable.is_some() && !Publishable::opens(field) {
            let fault = Fault::new(
                FieldCode::NotAllowed,
                "Is closed to publishable keys; leave it out, or send it from a server with a secret key.",
            );
            self.note(field, fault);
        }
    }

    /// Notes what is wrong with a field, if nothing is known yet.
    fn note(&mut self, field: Field, fault: Fault) {
        if !self.request.is_repeated(field) {
            self.mistakes.push(fault.at(field.name()));
        }
    }

    fn report_within(&mut self, field: Field, value: &Value<'_>) {
        duplicates::report_within(value, &|| field.name().to_owned(), &mut self.mistakes);
    }

    /// Notes the fields that are not known where that is asked for, and what they repeat.
    fn unknown(&mut self) {
        let Some(members) = self.request.with_unknown() else {
            return;
        };
        let is_strict = self.context.strict;
        let rule = |name: &str, _: &Value<'_>, is_listed: bool| match Field::parse(name) {
            Some(_) => Judged::Elsewhere,
            None if !is_strict => Judged::Kept,
            None if is_listed => Judged::Broken(unknown_field(name)),
            None => Judged::Broken(Fault::unlisted()),
        };
        let repeats = self.request.repeats();
        duplicates::judge_members(members, repeats, &String::new, &mut self.mistakes, &rule);
    }
}

/// Holds one of the fields that are texts to its rule.
fn check_text(field: Field, text: &str, context: &Context<'_>) -> Result<(), Fault> {
    match field {
        Field::Country => return CountryCode::parse(text).map(drop),
        Field::WorkflowId => return check_workflow(text, context),
        Field::RedirectUrl => {
            let host = WebUrl::check(text, context.schemes)?;
            return context.publishable.map_or(Ok(()), |key| key.leads_to(host));
        }
        Field::SupportUrl => return WebUrl::check(text, &[]).map(drop),
        Field::ApplicantEmail => EmailAddress::check(text),
        Field::ExternalRef => text::check(text, MAX_EXTERNAL_REF_CHARS),
        _ => text::check_header_name(text, MAX_DISPLAY_NAME_CHARS),
    }
    .map(drop)
}

fn check_workflow(text: &str, context: &Context<'_>) -> Result<(), Fault> {
    let id = text::check_characters(text)?;
    WorkflowId::parse(id)
        .filter(|id| context.workflows.is_none_or(|exists| exists(id)))
        .map(drop)
        .ok_or_else(|| {
            Fault::new(
                FieldCode::NotFound,
                "There is no active workflow of this id in this environment.",
            )
        })
}

fn wrong_type(message: &'static str) -> Fault {
    Fault::new(FieldCode::WrongType, message)
}

/// What is said of a top-level field that is not known.
pub fn unknown_field(name: &str) -> Fault {
    let message = match names::nearest_field(name) {
        Some(near) => text::join(&["This field is not known. Did you mean `", near, "`?"]).into(),
        None => Cow::Borrowed("This field is not known."),
    };
    Fault::new(FieldCode::UnknownField, message)
}
