//! From a rendered invitation to the bytes of a message (RFC 5322, MIME).
//!
//! The types refuse control characters and `=?` in everything that enters a header. What the organization configured
//! comes from another door, and the library panics on line breaks in display names, so they are taken out once more.

use std::time::{Duration, SystemTime};

use lettre::address::{AddressError, Envelope};
use lettre::message::header::{self, Header, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Mailboxes, MultiPart, SinglePart};
use lettre::{Address, Message};
use vouchkey_types::email::EmailAddress;

use super::{QR_CID, Rendered};

/// A message on its way out: what a transport needs, and nothing else.
pub struct Outgoing {
    envelope: Envelope,
    bytes: Vec<u8>,
}

/// Why an invitation is no message.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// The sender's or the recipient's address does not follow RFC 5321.
    #[error("an address that mail cannot carry")]
    Address(#[from] AddressError),
    /// Anything else that the library refuses.
    #[error("a message that cannot be built")]
    Build(#[from] lettre::error::Error),
    /// The image's media type; never wrong.
    #[error("a media type that cannot be read")]
    MediaType(#[from] lettre::message::header::ContentTypeErr),
}

impl Outgoing {
    /// Builds the message. `id` is the outbox row's, so that all attempts carry one Message-ID; `now` is in Unix
    /// milliseconds.
    ///
    /// # Errors
    ///
    /// [`MessageError`]; retrying does not help.
    pub fn build(
        rendered: &Rendered,
        from: &str,
        id: &str,
        now: i64,
    ) -> Result<Self, MessageError> {
        let from = address(from)?;
        let to = address(&rendered.to)?;
        let message_id = format!("<{id}@{}>", from.domain());
        // Said outright: the library would else read it back from the headers, and does not know quoted addresses.
        let envelope = Envelope::new(Some(from.clone()), vec![to.clone()])?;
        let message = Message::builder()
            .envelope(envelope)
            .message_id(Some(message_id))
            .date(
                SystemTime::UNIX_EPOCH
                    + Duration::from_millis(u64::try_from(now).unwrap_or_default()),
            )
            .header(Sender {
                name: header_text(&rendered.from_name),
                address: from,
            })
            .to(Mailbox::new(None, to))
            .subject(header_text(&rendered.subject))
            .header(AutoSubmitted)
            .multipart(
                MultiPart::alternative()
                    .singlepart(SinglePart::plain(rendered.text.clone()))
                    .multipart(html(rendered)?),
            )?;
        Ok(Self {
            envelope: message.envelope().clone(),
            bytes: message.formatted(),
        })
    }

    /// Sender and recipient for SMTP.
    pub(super) fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The message as it goes over the wire, before dot stuffing.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn html(rendered: &Rendered) -> Result<MultiPart, MessageError> {
    let html = MultiPart::related().singlepart(SinglePart::html(rendered.html.clone()));
    Ok(match vouchkey_qr::png_bytes(&rendered.capture_url) {
        Ok(png) => html
            .singlepart(Attachment::new_inline(QR_CID.to_owned()).body(png, "image/png".parse()?)),
        Err(_) => html,
    })
}

/// Whether mail can carry these addresses, and so whether [`Outgoing::build`] makes a message of what was rendered.
pub fn can_be_sent(from: &str, to: &str) -> bool {
    address(from).is_ok() && address(to).is_ok()
}

/// An address as mail writes it. What the API takes by the HTML standard's rule, but is no dot-atom of RFC 5321 (dots in
/// a row or at an end, which some phone companies gave out), is the same address with its local part in quotes.
fn address(text: &str) -> Result<Address, AddressError> {
    text.parse().or_else(|error| match text.split_once('@') {
        Some((local, domain)) if EmailAddress::parse(text).is_ok() => {
            Address::new(format!("\"{local}\""), domain)
        }
        _ => Err(error),
    })
}

/// Text that may enter a header: control characters become spaces, and an encoded word (RFC 2047) that somebody wrote
/// by hand is broken up, since the library would pass it on as one.
fn header_text(text: &str) -> String {
    text.replace(char::is_control, " ").replace("=?", "= ?")
}

/// `From`.
#[derive(Clone)]
struct Sender {
    name: String,
    address: Address,
}

impl Header for Sender {
    fn name() -> HeaderName {
        header::From::name()
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let mailbox: Mailbox = text.parse()?;
        Ok(Self {
            name: mailbox.name.unwrap_or_default(),
            address: mailbox.email,
        })
    }

    fn display(&self) -> HeaderValue {
        let Self { name, address } = self;
        let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if name.contains('.') && name.bytes().all(is_bare) {
            // The library takes this for words, and writes it without quotes; a dot is part of none (RFC 5322, 3.2.3).
            let text = format!("\"{name}\" <{address}>");
            return HeaderValue::dangerous_new_pre_encoded(Self::name(), text.clone(), text);
        }
        let mailbox = Mailbox::new(Some(name.clone()), address.clone());
        header::From::from(Mailboxes::from(mailbox)).display()
    }
}

/// `Auto-Submitted: auto-generated` (RFC 3834): no out-of-office reply comes back.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
