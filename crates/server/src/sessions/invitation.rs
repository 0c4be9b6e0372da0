//! The invitation to a session, as a creation knows it, and what the embedded mailbox keeps of one.

use vouchkey_types::api_key::Environment;
use vouchkey_types::email::EmailAddress;
use vouchkey_types::id::EventId;
use vouchkey_types::session::create::NewSession;

use super::sealed::SessionKey;
use crate::invitations::{self, InvitationInput, kept};
use crate::store::organizations::OrganizationRow;

/// What the invitation to a session that begins `now` is made of.
pub fn input(
    new: &NewSession,
    recipient: &EmailAddress,
    organization: &OrganizationRow,
    environment: Environment,
    capture_url: String,
    now: i64,
) -> InvitationInput {
    InvitationInput {
        to: recipient.as_str().to_owned(),
        applicant_name: new.applicant_name.clone(),
        email_display_name: new.email_display_name.clone(),
        support_url: new.support_url.as_ref().map(|url| url.as_str().to_owned()),
        organization: organization.into(),
        capture_url,
        expires_at: now + new.expires_in.as_ms(),
        now,
        sandbox: environment == Environment::Sandbox,
    }
}

/// What the embedded mailbox keeps of the invitation that is delivery `id` and comes from the address `from`. None if no
/// mail server could carry it, so that this shows where there is none yet.
pub fn keep(
    from: &str,
    input: &InvitationInput,
    key: &SessionKey,
    id: EventId,
    nonce: [u8; 24],
) -> Option<Vec<u8>> {
    invitations::can_be_sent(from, &input.to)
        .then(|| key.seal_message(id, kept::to_text(from, input).as_bytes(), nonce))
}
