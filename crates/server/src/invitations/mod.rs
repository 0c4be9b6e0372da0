//! The invitation e-mail: what it says, how it becomes a message, and the two ways it leaves.
//!
//! [`render`] is pure: the same input gives the same words, so that a dry run shows exactly what would be sent. The
//! outbox calls it at the moment of sending; nothing rendered waits on disk in clear.

mod failure;
pub mod kept;
mod mail_authorities;
mod message;
#[cfg(test)]
pub(crate) mod scripted_smtp;
mod smtp;
mod smtp_address;
#[cfg(test)]
mod smtp_tests;
#[cfg(test)]
mod tests;
pub mod words;

use askama::Template;

use crate::capture::accent::Accent;
use crate::store::organizations::OrganizationRow;

pub use failure::Failure;
pub use mail_authorities::{MailAuthorities, MailAuthoritiesError};
pub use message::{MessageError, Outgoing, can_be_sent};
pub use smtp::Smtp;
pub use smtp_address::{SmtpAddress, SmtpAddressError};

/// The name under which the HTML part refers to the attached QR image (`cid:`).
pub const QR_CID: &str = "qr";

/// Everything that an invitation depends on, as plain data.
#[derive(Clone, PartialEq, Eq)]
pub struct InvitationInput {
    /// The recipient's address.
    pub to: String,
    /// The session's `applicant_name`: opens the first sentence.
    pub applicant_name: Option<String>,
    /// The session's `email_display_name`: the brand's first choice.
    pub email_display_name: Option<String>,
    /// The session's `support_url`: the support link's first choice.
    pub support_url: Option<String>,
    /// Who asks.
    pub organization: Organization,
    /// Where the button, the link and the QR lead.
    pub capture_url: String,
    /// When the link stops working, in Unix milliseconds.
    pub expires_at: i64,
    /// The time of sending, in Unix milliseconds.
    pub now: i64,
    /// Whether the session belongs to the sandbox.
    pub sandbox: bool,
}

/// What an invitation takes from the organization's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its legal name: always in the footer, and the brand's last choice.
    pub name: String,
    /// Its configured e-mail display name: the brand's second choice.
    pub email_display_name: Option<String>,
    /// Its configured verification support URL.
    pub support_url: Option<String>,
    /// Its colour, `#rrggbb`, for the button.
    pub accent_colour: Option<String>,
}

impl From<&OrganizationRow> for Organization {
    fn from(row: &OrganizationRow) -> Self {
        Self {
            name: row.name.clone(),
            email_display_name: row.email_display_name.clone(),
            support_url: row.support_url.clone(),
            accent_colour: row.accent_colour.clone(),
        }
    }
}

/// An invitation, ready to be made into a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The brand, as the sender's display name.
    pub from_name: String,
    /// The recipient's address.
    pub to: String,
    /// Under 60 characters for a brand of up to 30; the brand is never cut.
    pub subject: String,
    /// The part that reads well alone.
    pub text: String,
    /// The part with button and QR, which it shows as `cid:qr`.
    pub html: String,
    /// Where it leads, and what its QR holds unless it is too long for any.
    pub capture_url: String,
}

#[derive(Template)]
#[template(path = "invitation.txt")]
struct TextPart<'a> {
    applicant_name: Option<&'a str>,
    brand: &'a str,
    organization_name: &'a str,
    capture_url: &'a str,
    support_url: Option<&'a str>,
    span: &'a str,
    until: &'a str,
    sandbox: bool,
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct HtmlPart<'a> {
    subject: &'a str,
    applicant_name: Option<&'a str>,
    brand: &'a str,
    organization_name: &'a str,
    capture_url: &'a str,
    support_url: Option<&'a str>,
    span: &'a str,
    until: &'a str,
    sandbox: bool,
    accent: Accent,
    qr_pixels: usize,
    qr_cid: &'a str,
}

/// Puts an invitation into words.
///
/// # Errors
///
/// Never for the templates of this program; the error is passed on all the same, since one bad invitation must not
/// stop the worker.
pub fn render(input: &InvitationInput) -> Result<Rendered, askama::Error> {
    let organization = &input.organization;
    let brand = brand(
        input.email_display_name.as_deref(),
        organization.email_display_name.as_deref(),
        &organization.name,
    );
    let support_url = input
        .support_url
        .as_deref()
        .or(organization.support_url.as_deref());
    let subject = format!("Verify your identity for {brand}");
    let span = words::span(input.expires_at - input.now);
    let until = words::moment(input.expires_at);
    let applicant_name = input.applicant_name.as_deref().filter(|name| shows(name));

    let text = TextPart {
        applicant_name,
        brand,
        organization_name: &organization.name,
        capture_url: &input.capture_url,
        support_url,
        span: &span,
        until: &until,
        sandbox: input.sandbox,
    }
    .render()?;
    let html = HtmlPart {
        subject: &subject,
        applicant_name,
        brand,
        organization_name: &organization.name,
        capture_url: &input.capture_url,
        support_url,
        span: &span,
        until: &until,
        sandbox: input.sandbox,
        accent: Accent::of(organization.accent_colour.as_deref()),
        qr_pixels: vouchkey_qr::modules(&input.capture_url).map_or(0, shown_pixels),
        qr_cid: QR_CID,
    }
    .render()?;
    Ok(Rendered {
        from_name: brand.to_owned(),
        to: input.to.clone(),
        subject,
        text,
        html,
        capture_url: input.capture_url.clone(),
    })
}

/// The brand in three steps: the session's, the organization's display name, the organization's name. One that shows
/// nothing counts as none.
pub fn brand<'a>(
    session: Option<&'a str>,
    display_name: Option<&'a str>,
    name: &'a str,
) -> &'a str {
    session
        .filter(|brand| shows(brand))
        .or_else(|| display_name.filter(|brand| shows(brand)))
        .unwrap_or(name)
}

/// Whether a reader sees anything of a text. The API takes blanks as they are, but nobody can be called by them.
fn shows(text: &str) -> bool {
    let is_unseen = |character: char| {
        matches!(
            character,
            '\u{ad}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}'
                | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        )
    };
    !text
        .chars()
        .all(|character| character.is_whitespace() || is_unseen(character))
}

/// The width at which a QR image is shown: at least 240 pixels, and whole ones a module.
fn shown_pixels(modules: usize) -> usize {
    let modules = modules + 2 * vouchkey_qr::QUIET_ZONE;
    modules * 240_usize.div_ceil(modules)
}

impl std::fmt::Debug for Rendered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rendered([redacted])")
    }
}
