//! The request that creates a session (`seed.txt`): from JSON to a [`NewSession`], or to all that
//! is wrong with it.

use super::duplicates::{self, Member, Repeats};
use crate::check::Check;
use crate::country::CountryCode;
use crate::date::Date;
use crate::email::EmailAddress;
use crate::expiry::ExpiryMinutes;
use crate::id::WorkflowId;
use crate::json::{Json, Members, Value};
use crate::limits::{MAX_DISPLAY_NAME_CHARS, MAX_EXTERNAL_REF_CHARS};
use crate::metadata::{self, Metadata};
use crate::names::{self, Field};
use crate::prefill::{self, CheckedPrefill, Prefill};
use crate::problem::{Fault, FieldCode, FieldError, Mistakes, member_path};
use crate::text;
use crate::web_url::WebUrl;
use std::borrow::Cow;
use std::fmt;

/// What the rules need to know of the world.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Today's date in UTC.
    pub today: Date,
    /// Schemes beside http and https that the organization allows in `redirect_url`, lower case.
    pub schemes: &'a [String],
    /// Refuse unknown top-level fields (`Prefer: handling=strict`, RFC 7240) instead of ignoring
    /// them.
    pub strict: bool,
    /// Whether there is an active workflow of this id in the environment. Absent where nobody
    /// knows, as in a browser; then only its form is checked.
    pub workflows: Option<&'a dyn Fn(&WorkflowId) -> bool>,
    /// Given where a publishable key asks, to which most fields are closed (decision 10).
    pub publishable: Option<Publishable<'a>>,
}

/// What a publishable key may ask for, beside the values of the fields that are open to it.
#[derive(Debug, Clone, Copy)]
pub struct Publishable<'a> {
    /// The hosts to which it may send applicants, lower case.
    pub redirect_hosts: &'a [String],
}

impl Publishable<'_> {
    /// Whether it may set a field at all.
    pub const fn opens(field: Field) -> bool {
        matches!(
            field,
            Field::ExternalRef
                | Field::Metadata
                | Field::Country
                | Field::WorkflowId
                | Field::RedirectUrl
                | Field::ExpiresInMinutes
                | Field::Fields
        )
    }

    fn leads_to<'r>(&self, url: WebUrl<&'r str>) -> Result<WebUrl<&'r str>, Fault> {
        let is_listed = |host: &String| host.eq_ignore_ascii_case(url.host());
        if self.redirect_hosts.iter().any(is_listed) {
            return Ok(url);
        }
        Err(Fault::new(
            FieldCode::NotAllowed,
            "Must have a host that the organization lists for its publishable keys.",
        ))
    }
}

/// A create request as sent: the envelope opened and the API's own names brought to one spelling.
/// Nothing else is promised.
pub type CreateSessionRequest = SentRequest<'static>;

/// A [`CreateSessionRequest`] that may borrow from the text it was read from.
#[derive(Clone, PartialEq)]
pub struct SentRequest<'a> {
    /// The first value of each field, in the order of the table of names.
    known: [Option<Value<'a>>; Field::TABLE.len()],
    /// Which of them were given more than once.
    is_repeated: [bool; Field::TABLE.len()],
    unknown: Members<'a>,
    repeated: Vec<&'static str>,
    ignored: Vec<String>,
}

/// A create request that keeps every rule. There is no other way to get one than
/// [`CreateSessionRequest::validate`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NewSession {
    /// The caller's own reference, 1 to 255 characters.
    pub external_ref: Option<String>,
    /// The caller's own values.
    pub metadata: Metadata,
    /// Where the documents are expected to be from.
    pub country: Option<CountryCode>,
    /// Checks instead of the workflow's own; at least one.
    pub checks: Option<Vec<Check>>,
    /// The workflow; `None` for the default one.
    pub workflow_id: Option<WorkflowId>,
    /// Where the applicant is sent after capture.
    pub redirect_url: Option<WebUrl>,
    /// Whether an invitation is sent.
    pub send_email: bool,
    /// The applicant's address at the top level of the request.
    pub applicant_email: Option<EmailAddress>,
    /// How the invitation addresses the applicant, 1 to 200 characters.
    pub applicant_name: Option<String>,
    /// The brand that the invitation shows, 1 to 200 characters.
    pub email_display_name: Option<String>,
    /// The support link that the invitation shows; http or https.
    pub support_url: Option<WebUrl>,
    /// How long the capture URL stays valid.
    pub expires_in: ExpiryMinutes,
    /// Values for the capture data.
    pub prefill: Prefill,
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
        let mut request = Self {
            known: [const { None }; Field::TABLE.len()],
            is_repeated: [false; Field::TABLE.len()],
            unknown: Members::new(),
            repeated,
            ignored: Vec::new(),
        };
        for (name, value) in members.into_members() {
            match Field::parse(&name) {
                Some(field) if request.known[field as usize].is_none() => {
                    request.known[field as usize] = Some(value);
                }
                Some(field) => request.is_repeated[field as usize] = true,
                None => request.unknown.push_member(name, value),
            }
        }
        let repeats = Repeats::of(&request.unknown);
        request.ignored = request
            .unknown
            .iter()
            .enumerate()
            .filter(|(index, _)| repeats.at(*index) != Member::Again)
            .map(|(_, (name, _))| name.to_owned())
            .collect();
        Ok(request)
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
            && Repeats::of(&self.unknown).is_empty()
            && !self.known().any(has_repeats)
            && !self
                .unknown
                .iter()
                .any(|(_, value)| duplicates::is_within(value))
    }

    /// The known fields that were given, and the first value of each.
    fn known(&self) -> impl Iterator<Item = (Field, &Value<'a>)> {
        let fields = Field::TABLE.iter().zip(&self.known);
        fields.filter_map(|((field, ..), value)| Some((*field, value.as_ref()?)))
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
        for (name, value) in self.unknown.iter().filter(|(_, value)| !value.is_null()) {
            all.push(name, value.clone());
        }
        Value::Object(all).canonical()
    }

    /// The unknown top-level fields, as sent.
    pub fn ignored_fields(&self) -> &[String] {
        &self.ignored
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
        let mut mistakes = Mistakes::default();
        for path in &self.repeated {
            mistakes.push(duplicates::fault().at(*path));
        }
        let mut rules = Rules {
            request: self,
            mistakes,
            is_publishable: context.publishable.is_some(),
        };
        let checked = rules.all(context);
        let mut mistakes = rules.mistakes;
        report_unknown(&self.unknown, context.strict, &mut mistakes);
        match checked {
            Some(checked) if mistakes.is_empty() => Ok(checked),
            _ => Err(mistakes.into_errors()),
        }
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

/// A request that keeps every rule, where it stands. [`NewSession`] is made of it.
#[derive(Clone)]
pub struct CheckedRequest<'r, 'a> {
    external_ref: Option<&'r str>,
    metadata: Option<&'r Members<'a>>,
    country: Option<CountryCode>,
    checks: Option<Vec<Check>>,
    workflow_id: Option<WorkflowId>,
    redirect_url: Option<WebUrl<&'r str>>,
    send_email: bool,
    applicant_email: Option<&'r str>,
    applicant_name: Option<&'r str>,
    email_display_name: Option<&'r str>,
    support_url: Option<WebUrl<&'r str>>,
    expires_in: ExpiryMinutes,
    prefill: CheckedPrefill<'r>,
}

impl From<CheckedRequest<'_, '_>> for NewSession {
    fn from(checked: CheckedRequest<'_, '_>) -> Self {
        let own = |text: Option<&str>| text.map(str::to_owned);
        Self {
            external_ref: own(checked.external_ref),
            metadata: checked
                .metadata
                .map(Metadata::of_checked)
                .unwrap_or_default(),
            country: checked.country,
            checks: checked.checks,
            workflow_id: checked.workflow_id,
            redirect_url: checked.redirect_url.map(WebUrl::of_checked),
            send_email: checked.send_email,
            applicant_email: checked.applicant_email.map(EmailAddress::of_checked),
            applicant_name: own(checked.applicant_name),
            email_display_name: own(checked.email_display_name),
            support_url: checked.support_url.map(WebUrl::of_checked),
            expires_in: checked.expires_in,
            prefill: checked.prefill.into(),
        }
    }
}

/// The caller's data may be personal: not shown.
impl fmt::Debug for SentRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.known().count();
        write!(f, "CreateSessionRequest([redacted; {count} fields])")
    }
}

/// The caller's data may be personal: not shown.
impl fmt::Debug for CheckedRequest<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CheckedRequest([redacted])")
    }
}

impl NewSession {
    /// Whom the invitation goes to: the address at the top level, else the one in
    /// `metadata.applicant_email`. `None` where none is to be sent.
    pub fn recipient(&self) -> Option<EmailAddress> {
        if !self.send_email {
            return None;
        }
        self.applicant_email
            .clone()
            .or_else(|| self.metadata.address())
    }

    /// The normalised request in canonical names, defaults filled in; what is absent is left out.
    pub fn to_json(&self) -> Json {
        let checked = CheckedRequest {
            external_ref: self.external_ref.as_deref(),
            metadata: Some(self.metadata.as_object()),
            country: self.country,
            checks: self.checks.clone(),
            workflow_id: self.workflow_id,
            redirect_url: self.redirect_url.as_ref().map(WebUrl::as_checked),
            send_email: self.send_email,
            applicant_email: self.applicant_email.as_ref().map(EmailAddress::as_str),
            applicant_name: self.applicant_name.as_deref(),
            email_display_name: self.email_display_name.as_deref(),
            support_url: self.support_url.as_ref().map(WebUrl::as_checked),
            expires_in: self.expires_in,
            prefill: (&self.prefill).into(),
        };
        checked.to_json().into_owned()
    }
}

impl<'r> CheckedRequest<'r, '_> {
    /// The normalised request, as [`NewSession::to_json`] has it.
    pub fn to_json(&self) -> Value<'r> {
        let mut request = Members::new();
        let mut put = |field: Field, value: Option<Value<'r>>| {
            if let Some(value) = value {
                request.push_member(Cow::Borrowed(field.name()), value);
            }
        };
        let text = |text: Option<&'r str>| text.map(|text| Value::String(Cow::Borrowed(text)));
        put(Field::ExternalRef, text(self.external_ref));
        put(
            Field::Metadata,
            Some(self.metadata.map_or_else(
                || Members::new().into(),
                |sent| Value::Object(metadata::without_nulls(sent)),
            )),
        );
        put(Field::Country, self.country.map(Value::from));
        put(
            Field::Checks,
            self.checks.as_ref().map(|checks| {
                let names = checks
                    .iter()
                    .map(|check| Value::String(Cow::Borrowed(check.as_str())));
                Value::Array(names.collect())
            }),
        );
        put(Field::WorkflowId, self.workflow_id.map(Value::from));
        put(
            Field::RedirectUrl,
            text(self.redirect_url.map(WebUrl::into_str)),
        );
        put(Field::SendEmail, Some(self.send_email.into()));
        put(Field::ApplicantEmail, text(self.applicant_email));
        put(Field::ApplicantName, text(self.applicant_name));
        put(Field::EmailDisplayName, text(self.email_display_name));
        put(
            Field::SupportUrl,
            text(self.support_url.map(WebUrl::into_str)),
        );
        put(
            Field::ExpiresInMinutes,
            Some(self.expires_in.minutes().into()),
        );
        put(Field::Fields, Some(self.prefill.to_json()));
        request.into()
    }
}

fn report_unknown(unknown: &Members<'_>, strict: bool, mistakes: &mut Mistakes) {
    let repeats = Repeats::of(unknown);
    for (index, (name, value)) in unknown.iter().enumerate() {
        let path = || member_path("", name);
        match repeats.at(index) {
            Member::Again => continue,
            Member::FirstOfMany => mistakes.note(&path, duplicates::fault()),
            Member::First if strict => mistakes.push_with(|| unknown_field(name).at(path())),
            Member::First => {}
        }
        duplicates::report_within(value, &path, mistakes);
    }
}

/// What is said of a top-level field that is not known.
pub fn unknown_field(name: &str) -> Fault {
    let message = match names::nearest_field(name) {
        Some(near) => text::join(&["This field is not known. Did you mean `", near, "`?"]),
        None => "This field is not known.".to_owned(),
    };
    Fault::new(FieldCode::UnknownField, message)
}

/// The rules, field by field in the order of the table of names.
struct Rules<'r, 'a> {
    request: &'r SentRequest<'a>,
    mistakes: Mistakes,
    is_publishable: bool,
}

impl<'r, 'a> Rules<'r, 'a> {
    /// `None` only where a mistake was noted.
    fn all(&mut self, context: &Context<'_>) -> Option<CheckedRequest<'r, 'a>> {
        // The rule of the address spans three fields, so two are looked at ahead of their turn.
        let is_wanted = self.peek(Field::SendEmail).and_then(Value::as_bool) == Some(true);
        let has_own = self.peek(Field::ApplicantEmail).is_some();
        let fallback = self
            .peek(Field::Metadata)
            .and_then(Metadata::address_text)
            .is_some();

        let external_ref = self.text(Field::ExternalRef, |text| {
            text::check(text, MAX_EXTERNAL_REF_CHARS)
        });
        let metadata = match self.take(Field::Metadata) {
            Some(value) => Metadata::check(
                Field::Metadata.name(),
                value,
                is_wanted && !has_own,
                &mut self.mistakes,
            ),
            None => None,
        };
        let country = self.parsed(Field::Country, |value| {
            text::string(value).and_then(CountryCode::parse)
        });
        let checks = match self.take(Field::Checks) {
            Some(value) => {
                // Said of the list before anything is said of its items.
                if value.as_array().is_some_and(|items| !items.is_empty()) {
                    self.refuse_closed(Field::Checks);
                }
                let checks = Check::parse_list(Field::Checks.name(), value, &mut self.mistakes);
                self.report_within(Field::Checks, value);
                checks
            }
            None => None,
        };
        let workflow_id = self.parsed(Field::WorkflowId, |value| {
            parse_workflow(value, context.workflows)
        });
        let redirect_url = self.parsed(Field::RedirectUrl, |value| {
            let url = WebUrl::check(text::string(value)?, context.schemes)?;
            match &context.publishable {
                Some(key) => key.leads_to(url),
                None => Ok(url),
            }
        });
        let send_email = self.parsed(Field::SendEmail, |value| {
            value
                .as_bool()
                .ok_or_else(|| Fault::new(FieldCode::WrongType, "Must be true or false."))
        });
        let applicant_email = self.parsed(Field::ApplicantEmail, |value| {
            EmailAddress::check(text::string(value)?)
        });
        if is_wanted && !has_own && !fallback {
            let fault = Fault::new(
                FieldCode::Required,
                "Is needed to send the invitation: give it here or as metadata.applicant_email, or leave send_email out.",
            );
            self.mistakes.push(fault.at(Field::ApplicantEmail.name()));
        }
        let applicant_name = self.text(Field::ApplicantName, |text| {
            text::check_header_name(text, MAX_DISPLAY_NAME_CHARS)
        });
        let email_display_name = self.text(Field::EmailDisplayName, |text| {
            text::check_header_name(text, MAX_DISPLAY_NAME_CHARS)
        });
        let support_url = self.parsed(Field::SupportUrl, |value| {
            WebUrl::check(text::string(value)?, &[])
        });
        let expires_in = self.parsed(Field::ExpiresInMinutes, ExpiryMinutes::parse);
        let prefill = match self.take(Field::Fields) {
            Some(value) => Prefill::check(
                Field::Fields.name(),
                value,
                context.today,
                &mut self.mistakes,
            ),
            None => Some(CheckedPrefill::default()),
        };
        Some(CheckedRequest {
            external_ref,
            metadata,
            country,
            checks,
            workflow_id,
            redirect_url,
            send_email: send_email.unwrap_or(false),
            applicant_email,
            applicant_name,
            email_display_name,
            support_url,
            expires_in: expires_in.unwrap_or_default(),
            prefill: prefill?,
        })
    }

    fn peek(&self, field: Field) -> Option<&'r Value<'a>> {
        let value = self.request.known[field as usize].as_ref();
        value.filter(|value| !value.is_null())
    }

    /// The first value of a field, if it is not `null`; a repetition is noted, and then the only
    /// error of the field itself.
    fn take(&mut self, field: Field) -> Option<&'r Value<'a>> {
        if self.request.is_repeated[field as usize] {
            let fault = duplicates::fault().at(field.name());
            self.mistakes.push_as_only(field.name(), fault);
        }
        self.peek(field)
    }

    fn parsed<T>(
        &mut self,
        field: Field,
        parse: impl FnOnce(&'r Value<'a>) -> Result<T, Fault>,
    ) -> Option<T> {
        let value = self.take(field)?;
        let (parsed, fault) = match parse(value) {
            Ok(parsed) => (Some(parsed), None),
            Err(fault) => (None, Some(fault)),
        };
        self.settle(field, value, fault);
        parsed
    }

    fn text(
        &mut self,
        field: Field,
        check: impl FnOnce(&'r str) -> Result<&'r str, Fault>,
    ) -> Option<&'r str> {
        self.parsed(field, |value| text::string(value).and_then(check))
    }

    /// Notes what is wrong with a field, and with what is inside it.
    fn settle(&mut self, field: Field, value: &Value<'_>, fault: Option<Fault>) {
        match fault {
            Some(fault) => self.mistakes.push(fault.at(field.name())),
            None => self.refuse_closed(field),
        }
        self.report_within(field, value);
    }

    /// Notes that a field, which has no other mistake, is closed to the key.
    fn refuse_closed(&mut self, field: Field) {
        if self.is_publishable && !Publishable::opens(field) {
            let fault = Fault::new(
                FieldCode::NotAllowed,
                "Is closed to publishable keys; leave it out, or send it from a server with a secret key.",
            );
            self.mistakes.push(fault.at(field.name()));
        }
    }

    fn report_within(&mut self, field: Field, value: &Value<'_>) {
        duplicates::report_within(value, &|| field.name().to_owned(), &mut self.mistakes);
    }
}

fn parse_workflow(
    value: &Value<'_>,
    workflows: Option<&dyn Fn(&WorkflowId) -> bool>,
) -> Result<WorkflowId, Fault> {
    let id = text::check_characters(text::string(value)?)?;
    WorkflowId::parse(id)
        .filter(|id| workflows.is_none_or(|exists| exists(id)))
        .ok_or_else(|| {
            Fault::new(
                FieldCode::NotFound,
                "There is no active workflow of this id in this environment.",
            )
        })
}

#[cfg(test)]
#[path = "create_tests.rs"]
mod tests;
