//! A message as a mail program reads it.

use mail_parser::{Address, MessageParser, MimeHeaders as _};

use super::Taken;

/// A message, read.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The recipients of the envelope.
    pub recipients: Vec<String>,
    /// The display name in `From`.
    pub from_name: String,
    /// The address in `From`.
    pub from_address: String,
    /// The display name in `To`, often empty.
    pub to_name: String,
    /// The address in `To`.
    pub to_address: String,
    /// `Subject`, decoded.
    pub subject: String,
    /// `Message-ID` without its brackets.
    pub message_id: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The images that the HTML part shows.
    pub images: Vec<Image>,
    /// The message as it came.
    pub source: String,
}

/// An image inside a message.
#[derive(Clone, Debug)]
pub struct Image {
    /// `Content-ID` without its brackets.
    pub id: String,
    /// `image/png`, say.
    pub kind: String,
    /// The file itself.
    pub bytes: Vec<u8>,
}

impl Mail {
    pub(super) fn read(taken: &Taken) -> Self {
        let message = MessageParser::new()
            .parse(&taken.bytes)
            .expect("a message that parses");
        let (from_name, from_address) = first(message.from());
        let (to_name, to_address) = first(message.to());
        let images = message.attachments().filter_map(|part| {
            let kind = part.content_type()?;
            Some(Image {
                id: part.content_id()?.to_owned(),
                kind: format!("{}/{}", kind.ctype(), kind.subtype()?),
                bytes: part.contents().to_vec(),
            })
        });
        Self {
            recipients: taken.recipients.clone(),
            from_name,
            from_address,
            to_name,
            to_address,
            subject: message.subject().unwrap_or_default().to_owned(),
            message_id: message.message_id().unwrap_or_default().to_owned(),
            text: message.body_text(0).unwrap_or_default().into_owned(),
            html: message.body_html(0).unwrap_or_default().into_owned(),
            images: images.collect(),
            source: String::from_utf8_lossy(&taken.bytes).into_owned(),
        }
    }
}

fn first(addresses: Option<&Address<'_>>) -> (String, String) {
    let first = addresses.and_then(Address::first);
    let name = first.and_then(|one| one.name()).unwrap_or_default();
    let address = first.and_then(|one| one.address()).unwrap_or_default();
    (name.to_owned(), address.to_owned())
}
