//! `POST /api/v1/sessions?dry_run=true`: what a creation would do, without doing it (decision 20).

use vouchkey_types::api_key::Environment;
use vouchkey_types::id::LinkId;
use vouchkey_types::json::{Json, Object};
use vouchkey_types::limits::MAX_IGNORED_FIELDS;
use vouchkey_types::object;
use vouchkey_types::session::create::NewSession;

use super::capture_url::capture_url;
use crate::http::{Answer, ApiError, Call};
use crate::invitations::{self, InvitationInput};

/// The normalised request, the invitation as it would be sent, and a sample link with its QR code.
///
/// # Errors
/// 500 if the invitation cannot be put into words.
pub fn answer(call: &Call, new: &NewSession) -> Result<Answer, ApiError> {
    let state = &call.state;
    // A link that was never stored: it looks like one and leads nowhere.
    let capture_url = capture_url(
        &state.public_url,
        &state.secrets,
        state.clock.id::<LinkId>(),
    );
    let ignored: Vec<Json> = call
        .marks
        .ignored
        .iter()
        .take(MAX_IGNORED_FIELDS)
        .map(|name| name.as_str().into())
        .collect();
    Ok(Answer::ok(object! {
        "dry_run": true,
        "request": new.to_json(),
        "ignored_fields": ignored,
        "invitation": invitation(call, new, &capture_url)?,
        "qr_code_data_url": vouchkey_qr::png_data_url(&capture_url).ok(),
        "capture_url": capture_url,
    }))
}

fn invitation(
    call: &Call,
    new: &NewSession,
    capture_url: &str,
) -> Result<Option<Object>, ApiError> {
    let Some(recipient) = new.recipient() else {
        return Ok(None);
    };
    let organization = &call.tenant.organization;
    let now = call.state.clock.now_ms();
    let rendered = invitations::render(&InvitationInput {
        to: recipient.as_str().to_owned(),
        applicant_name: new.applicant_name.clone(),
        email_display_name: new.email_display_name.clone(),
        support_url: new.support_url.as_ref().map(|url| url.as_str().to_owned()),
        organization: invitations::Organization {
            name: organization.name.clone(),
            email_display_name: organization.email_display_name.clone(),
            support_url: organization.support_url.clone(),
            accent_colour: organization.accent_colour.clone(),
        },
        capture_url: capture_url.to_owned(),
        expires_at: now + new.expires_in.minutes() * 60_000,
        now,
        sandbox: call.caller.environment == Environment::Sandbox,
    })
    .map_err(|error| ApiError::internal(&error))?;
    Ok(Some(object! {
        "to": rendered.to,
        "subject": rendered.subject,
        "text": rendered.text,
        "html": rendered.html,
    }))
}
