//! An invitation as the embedded mailbox keeps it: what it was made of at the time of sending, a tenth of the message
//! itself. It is put into words when somebody reads it.

use vouchkey_types::json::{self, Json, Object, ReadError};
use vouchkey_types::object;

use super::{InvitationInput, Organization, Rendered, render};

/// A kept invitation, as it is read.
pub struct KeptMail {
    /// The sender, `Name <address>`.
    pub from: String,
    /// The invitation.
    pub rendered: Rendered,
}

/// Why a kept invitation cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// It is no JSON.
    #[error("a kept mail is no JSON")]
    Json(#[from] ReadError),
    /// This member is missing, or is of another kind.
    #[error("a kept mail has no {0}")]
    Member(&'static str),
    /// A template of this program failed; never.
    #[error("a kept mail cannot be put into words")]
    Template(#[from] askama::Error),
}

/// What is kept of an invitation that `from`, an address, sends: JSON, to be sealed.
pub fn to_text(from: &str, input: &InvitationInput) -> String {
    let organization = &input.organization;
    Json::from(object! {
        "from": from,
        "to": input.to.as_str(),
        "applicant_name": input.applicant_name.as_deref(),
        "email_display_name": input.email_display_name.as_deref(),
        "support_url": input.support_url.as_deref(),
        "organization": object! {
            "name": organization.name.as_str(),
            "email_display_name": organization.email_display_name.as_deref(),
            "support_url": organization.support_url.as_deref(),
            "accent_colour": organization.accent_colour.as_deref(),
        },
        "capture_url": input.capture_url.as_str(),
        "expires_at": input.expires_at,
        "sent_at": input.now,
        "sandbox": input.sandbox,
    })
    .to_text()
}

impl KeptMail {
    /// Reads what [`to_text`] made, or the whole message that earlier programs kept.
    ///
    /// # Errors
    /// [`KeptError`], if the text is neither.
    pub fn read(text: &[u8]) -> Result<Self, KeptError> {
        let kept = json::read(text)?;
        let Json::Object(kept) = kept else {
            return Err(KeptError::Member("object"));
        };
        if kept.get("html").is_some() {
            return Self::whole(&kept);
        }
        let organization = kept
            .get("organization")
            .and_then(Json::as_object)
            .ok_or(KeptError::Member("organization"))?;
        let rendered = render(&InvitationInput {
            to: needed(&kept, "to")?,
            applicant_name: optional(&kept, "applicant_name"),
            email_display_name: optional(&kept, "email_display_name"),
            support_url: optional(&kept, "support_url"),
            organization: Organization {
                name: needed(organization, "name")?,
                email_display_name: optional(organization, "email_display_name"),
                support_url: optional(organization, "support_url"),
                accent_colour: optional(organization, "accent_colour"),
            },
            capture_url: needed(&kept, "capture_url")?,
            expires_at: time(&kept, "expires_at")?,
            now: time(&kept, "sent_at")?,
            sandbox: kept
                .get("sandbox")
                .and_then(Json::as_bool)
                .ok_or(KeptError::Member("sandbox"))?,
        })?;
        Ok(Self {
            from: format!("{} <{}>", rendered.from_name, needed(&kept, "from")?),
            rendered,
        })
    }

    fn whole(kept: &Object) -> Result<Self, KeptError> {
        let from = needed(kept, "from")?;
        let from_name = from.rsplit_once(" <").map_or("", |(name, _)| name);
        Ok(Self {
            rendered: Rendered {
                from_name: from_name.to_owned(),
                to: needed(kept, "to")?,
                subject: needed(kept, "subject")?,
                text: needed(kept, "text")?,
                html: needed(kept, "html")?,
                capture_url: needed(kept, "capture_url")?,
            },
            from,
        })
    }
}

fn optional(object: &Object, name: &str) -> Option<String> {
    object.get(name).and_then(Json::as_str).map(str::to_owned)
}

fn needed(object: &Object, name: &'static str) -> Result<String, KeptError> {
    optional(object, name).ok_or(KeptError::Member(name))
}

fn time(object: &Object, name: &'static str) -> Result<i64, KeptError> {
    object
        .get(name)
        .and_then(Json::as_i64)
        .ok_or(KeptError::Member(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> InvitationInput {
        InvitationInput {
            to: "ada@example.com".to_owned(),
            applicant_name: Some("Ada \"the first\" Lovelace \u{1f58b}".to_owned()),
            email_display_name: None,
            support_url: Some("https://shop.example/help".to_owned()),
            organization: Organization {
                name: "Example Ltd".to_owned(),
                email_display_name: Some("Example".to_owned()),
                support_url: None,
                accent_colour: Some("#123abc".to_owned()),
            },
            capture_url: "https://id.example.com/verify/AQGiEHCVzXTjiUAf7_K5NChB".to_owned(),
            expires_at: 1_700_003_600_000,
            now: 1_700_000_000_000,
            sandbox: true,
        }
    }

    #[test]
    fn what_is_kept_reads_as_it_was_sent() {
        let mut bare = input();
        bare.applicant_name = None;
        bare.support_url = None;
        bare.organization.email_display_name = None;
        bare.organization.accent_colour = None;
        bare.sandbox = false;
        for input in [input(), bare] {
            let sent = render(&input).unwrap();
            let text = to_text("no-reply@localhost", &input);
            assert!(
                text.len() * 8 < sent.html.len() + sent.text.len(),
                "{}",
                text.len()
            );
            let kept = KeptMail::read(text.as_bytes()).unwrap();
            assert_eq!(
                kept.from,
                format!("{} <no-reply@localhost>", sent.from_name)
            );
            assert_eq!(kept.rendered, sent);
        }
    }

    #[test]
    fn a_whole_message_of_an_earlier_program_is_read() {
        let kept = KeptMail::read(
            br#"{"from":"A <b> <no-reply@localhost>","to":"ada@example.com","subject":"S","text":"T","html":"<p>H</p>","capture_url":"https://id.example.com/verify/x"}"#,
        )
        .unwrap();
        assert_eq!(kept.from, "A <b> <no-reply@localhost>");
        assert_eq!(kept.rendered.from_name, "A <b>");
        assert_eq!(kept.rendered.html, "<p>H</p>");
        assert_eq!(kept.rendered.subject, "S");
    }

    #[test]
    fn what_is_neither_is_refused() {
        for (text, error) in [
            ("", "a kept mail is no JSON"),
            ("[]", "a kept mail has no object"),
            ("{}", "a kept mail has no organization"),
            (r#"{"organization":{}}"#, "a kept mail has no to"),
            (r#"{"html":""}"#, "a kept mail has no from"),
        ] {
            let refused = KeptMail::read(text.as_bytes()).err().unwrap();
            assert_eq!(refused.to_string(), error, "{text}");
        }
    }
}
