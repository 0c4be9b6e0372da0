//! The create request that keeps every rule.

use crate::check::Check;
use crate::country::CountryCode;
use crate::email::EmailAddress;
use crate::expiry::ExpiryMinutes;
use crate::id::WorkflowId;
use crate::json::{self, Json, Members, Value, push, push_name, push_quoted};
use crate::metadata::Metadata;
use crate::names::Field;
use crate::prefill::{CheckedPrefill, Prefill};
use crate::web_url::WebUrl;
use std::fmt;

/// A create request that keeps every rule. There is no other way to get one than
/// [`SentRequest::validate`](super::SentRequest::validate).
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

/// A request that keeps every rule, where it stands. [`NewSession`] is made of it.
#[derive(Clone, Default)]
pub struct CheckedRequest<'r, 'a> {
    /// The fields that are texts, in the order of the table of names.
    pub(super) texts: [Option<&'r str>; Field::TABLE.len()],
    pub(super) metadata: Option<&'r Members<'a>>,
    pub(super) checks: Option<&'r [Value<'a>]>,
    pub(super) send_email: bool,
    pub(super) expires_in: ExpiryMinutes,
    pub(super) prefill: CheckedPrefill<'r>,
}

impl From<CheckedRequest<'_, '_>> for NewSession {
    fn from(checked: CheckedRequest<'_, '_>) -> Self {
        let text = |field: Field| checked.texts[field as usize];
        let own = |field| text(field).map(str::to_owned);
        Self {
            external_ref: own(Field::ExternalRef),
            metadata: checked
                .metadata
                .map(Metadata::of_checked)
                .unwrap_or_default(),
            country: text(Field::Country).and_then(|code| CountryCode::parse(code).ok()),
            checks: checked.checks.map(Check::of_checked),
            workflow_id: text(Field::WorkflowId).and_then(WorkflowId::parse),
            redirect_url: text(Field::RedirectUrl).map(WebUrl::of_checked),
            send_email: checked.send_email,
            applicant_email: text(Field::ApplicantEmail).map(EmailAddress::of_checked),
            applicant_name: own(Field::ApplicantName),
            email_display_name: own(Field::EmailDisplayName),
            support_url: text(Field::SupportUrl).map(WebUrl::of_checked),
            expires_in: checked.expires_in,
            prefill: checked.prefill.into(),
        }
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
        let workflow_id = self.workflow_id.map(WorkflowId::to_text);
        let mut texts = [None; Field::TABLE.len()];
        for (field, text) in [
            (Field::ExternalRef, self.external_ref.as_deref()),
            (
                Field::Country,
                self.country.as_ref().map(CountryCode::as_str),
            ),
            (Field::WorkflowId, workflow_id.as_deref()),
            (
                Field::RedirectUrl,
                self.redirect_url.as_ref().map(WebUrl::as_str),
            ),
            (
                Field::ApplicantEmail,
                self.applicant_email.as_ref().map(EmailAddress::as_str),
            ),
            (Field::ApplicantName, self.applicant_name.as_deref()),
            (Field::EmailDisplayName, self.email_display_name.as_deref()),
            (
                Field::SupportUrl,
                self.support_url.as_ref().map(WebUrl::as_str),
            ),
        ] {
            texts[field as usize] = text;
        }
        let checks = self.checks.as_ref().map(|checks| {
            let names = checks.iter().map(|check| Value::from(check.as_str()));
            names.collect::<Vec<_>>()
        });
        let checked = CheckedRequest {
            texts,
            metadata: Some(self.metadata.as_object()),
            checks: checks.as_deref(),
            send_email: self.send_email,
            expires_in: self.expires_in,
            prefill: (&self.prefill).into(),
        };
        // One place knows the form; what it writes is read.
        json::read(checked.to_text().as_bytes()).unwrap_or(Json::Null)
    }
}

impl CheckedRequest<'_, '_> {
    /// The normalised request as JSON text, which [`NewSession::to_json`] has as a value.
    pub fn to_text(&self) -> String {
        let mut out = String::from("{");
        for (field, name, _) in Field::TABLE {
            let text = self.texts[field as usize];
            match field {
                Field::Metadata => {
                    push_name(&mut out, name);
                    out.push('{');
                    let sent = self.metadata.into_iter().flat_map(Members::iter);
                    for (key, value) in sent.filter(|(_, value)| !value.is_null()) {
                        push_name(&mut out, key);
                        push(&mut out, value);
                    }
                    out.push('}');
                }
                Field::Checks => {
                    let Some(checks) = self.checks else {
                        continue;
                    };
                    push_name(&mut out, name);
                    let mut before = '[';
                    for check in checks {
                        out.push(before);
                        push(&mut out, check);
                        before = ',';
                    }
                    // There is one at least.
                    out.push(']');
                }
                Field::SendEmail => {
                    push_name(&mut out, name);
                    push(&mut out, &self.send_email.into());
                }
                Field::ExpiresInMinutes => {
                    push_name(&mut out, name);
                    push(&mut out, &self.expires_in.minutes().into());
                }
                Field::Fields => {
                    push_name(&mut out, name);
                    self.prefill.push_text(&mut out);
                }
                _ => {
                    let Some(text) = text else {
                        continue;
                    };
                    push_name(&mut out, name);
                    if field == Field::Country {
                        push_quoted(&mut out, &text.to_ascii_uppercase());
                    } else {
                        push_quoted(&mut out, text);
                    }
                }
            }
        }
        out.push('}');
        out
    }
}
