//! `POST /api/v1/sessions?dry_run=true`: what a creation would do, without doing it (decision 20).

use vouchkey_types::id::LinkId;
use vouchkey_types::json::{Json, Object};
use vouchkey_types::limits::MAX_IGNORED_FIELDS;
use vouchkey_types::object;
use vouchkey_types::problem::{Fault, FieldCode, FieldError};
use vouchkey_types::session::create::NewSession;

use super::capture_url::capture_url;
use super::invitation;
use crate::http::{Answer, ApiError, Call, Parameters, SentQuery};
use crate::invitations;

const NAME: &str = "dry_run";

/// Whether nothing is to be stored or sent: `dry_run` in the query is `true`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DryRun(pub bool);

impl Parameters for DryRun {
    const NAMES: &'static [&'static str] = &[NAME];

    fn parse(sent: &SentQuery) -> Result<Self, Vec<FieldError>> {
        let is_wanted = sent.value(NAME).and_then(|value| match value {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Fault::new(FieldCode::WrongType, "Must be true or false.")),
        });
        is_wanted.map(Self).map_err(|fault| vec![fault.at(NAME)])
    }

    /// A key is for what is stored.
    fn takes_idempotency_key(&self) -> bool {
        !self.0
    }
}

/// The normalised request, the invitation as it would be sent, and a sample link with its QR code.
///
/// # Errors
/// 500 if the invitation cannot be put into words.
pub fn answer(call: &Call<DryRun>, new: &NewSession) -> Result<Answer, ApiError> {
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
        "invitation": shown(call, new, &capture_url)?,
        "qr_code_data_url": vouchkey_qr::png_data_url(&capture_url).ok(),
        "capture_url": capture_url,
    }))
}

fn shown(
    call: &Call<DryRun>,
    new: &NewSession,
    capture_url: &str,
) -> Result<Option<Object>, ApiError> {
    let Some(recipient) = new.recipient() else {
        return Ok(None);
    };
    let rendered = invitations::render(&invitation::input(
        new,
        &recipient,
        &call.tenant.organization,
        call.caller.environment,
        capture_url.to_owned(),
        call.state.clock.now_ms(),
    ))
    .map_err(|error| ApiError::internal(&error))?;
    Ok(Some(object! {
        "to": rendered.to,
        "subject": rendered.subject,
        "text": rendered.text,
        "html": rendered.html,
    }))
}
