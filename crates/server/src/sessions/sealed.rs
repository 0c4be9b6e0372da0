//! What of a session is sealed, and where each sealed value stands: its place is part of what is
//! authenticated, so that none can be moved to another row or field.

use vouchkey_types::id::{EventId, OrganizationId, SessionId};

use crate::store::data_keys::DataKeyRow;
use crate::vault::{DataKey, OpenError, Place, Vault, Wrapped, data_key_place};

/// The version of the layout of what is sealed.
const VERSION: u8 = 1;

/// The version of a kept answer whose place is its idempotency key. Before, it was the session.
const RESPONSE_VERSION: u8 = 2;

/// A sealed value that belongs to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The metadata, as JSON.
    Metadata,
    /// The prefill, as JSON.
    Prefill,
    /// To whom the invitation goes.
    ApplicantEmail,
    /// How the applicant is addressed.
    ApplicantName,
    /// The brand in its mail.
    EmailDisplayName,
    /// Where the applicant gets help.
    SupportUrl,
    /// Where the applicant goes after capture.
    RedirectUrl,
    /// A kept mail.
    Message,
}

impl Field {
    /// The table and the column in which it stands.
    pub const fn column(self) -> (&'static str, &'static str) {
        match self {
            Self::Metadata => ("sessions", "metadata_sealed"),
            Self::Prefill => ("sessions", "prefill_sealed"),
            Self::ApplicantEmail => ("sessions", "applicant_email_sealed"),
            Self::ApplicantName => ("sessions", "applicant_name_sealed"),
            Self::EmailDisplayName => ("sessions", "email_display_name_sealed"),
            Self::SupportUrl => ("sessions", "support_url_sealed"),
            Self::RedirectUrl => ("sessions", "redirect_url_sealed"),
            Self::Message => ("mailbox_messages", "message_sealed"),
        }
    }
}

/// A session's data key, and whose it is.
#[derive(Debug)]
pub struct SessionKey {
    organization: OrganizationId,
    session: String,
    key: DataKey,
}

impl SessionKey {
    /// The key of a session that is being made.
    pub fn new(organization: OrganizationId, session: SessionId, key: DataKey) -> Self {
        Self {
            organization,
            session: session.to_string(),
            key,
        }
    }

    /// Unwraps a stored key. `None` once it was destroyed: then nothing that it sealed can be read.
    ///
    /// # Errors
    /// The root key is another one, or the row was changed.
    pub fn open(vault: &Vault, row: &DataKeyRow) -> Result<Option<Self>, OpenError> {
        let Some(key) = &row.key_wrapped else {
            return Ok(None);
        };
        let session = row.session.to_string();
        let wrapped = Wrapped {
            root_key_id: row.root_key_id.clone(),
            key: key.clone(),
        };
        let key = vault.unwrap(&wrapped, &data_key_place(&row.organization, &session))?;
        Ok(Some(Self {
            organization: row.organization,
            session,
            key,
        }))
    }

    /// Wraps the key for storing.
    pub fn wrap(&self, vault: &Vault, nonce: [u8; 24]) -> Wrapped {
        vault.wrap(
            &self.key,
            &data_key_place(&self.organization, &self.session),
            nonce,
        )
    }

    /// Seals a value.
    pub fn seal(&self, field: Field, plain: &[u8], nonce: [u8; 24]) -> Vec<u8> {
        self.key.seal(
            plain,
            &place(&self.organization, &self.session, field),
            nonce,
        )
    }

    /// Opens a value.
    ///
    /// # Errors
    /// It was sealed under another key or for another place, or was changed.
    pub fn unseal(&self, field: Field, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        self.key
            .open(sealed, &place(&self.organization, &self.session, field))
    }

    /// Opens a text, if there is one.
    ///
    /// # Errors
    /// As [`SessionKey::unseal`]; and what is inside is no text.
    pub fn text(&self, field: Field, sealed: Option<&[u8]>) -> Result<Option<String>, OpenError> {
        let Some(sealed) = sealed else {
            return Ok(None);
        };
        String::from_utf8(self.unseal(field, sealed)?)
            .map(Some)
            .map_err(|_| OpenError)
    }

    /// Seals the answer that a replay of the creation repeats. Its place is the hash of the idempotency key, so that no
    /// record can answer for another.
    pub fn seal_response(&self, key_hash: &[u8; 32], plain: &[u8], nonce: [u8; 24]) -> Vec<u8> {
        let row = hex(key_hash);
        let place = response_place(&self.organization, &row, RESPONSE_VERSION);
        self.key.seal(plain, &place, nonce)
    }

    /// Opens such an answer, one of the older version included: it may have been kept a moment before an upgrade.
    ///
    /// # Errors
    /// As [`SessionKey::unseal`].
    pub fn unseal_response(
        &self,
        key_hash: &[u8; 32],
        sealed: &[u8],
    ) -> Result<Vec<u8>, OpenError> {
        let row = hex(key_hash);
        let place = response_place(&self.organization, &row, RESPONSE_VERSION);
        let older = response_place(&self.organization, &self.session, VERSION);
        self.key
            .open(sealed, &place)
            .or_else(|_| self.key.open(sealed, &older))
    }

    /// Seals a kept mail, whose place is its own id, since a session may have several.
    pub fn seal_message(&self, id: EventId, plain: &[u8], nonce: [u8; 24]) -> Vec<u8> {
        let row = id.to_string();
        self.key.seal(
            plain,
            &place(&self.organization, &row, Field::Message),
            nonce,
        )
    }

    /// Opens a kept mail.
    ///
    /// # Errors
    /// As [`SessionKey::unseal`].
    pub fn unseal_message(&self, id: EventId, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let row = id.to_string();
        self.key
            .open(sealed, &place(&self.organization, &row, Field::Message))
    }
}

const fn response_place<'a>(
    organization: &'a OrganizationId,
    row: &'a str,
    version: u8,
) -> Place<'a> {
    Place {
        organization,
        table: "idempotency_keys",
        row,
        field: "response_sealed",
        version,
    }
}

/// Lower case; without `format!`, since each creation comes by here.
fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

fn place<'a>(organization: &'a OrganizationId, row: &'a str, field: Field) -> Place<'a> {
    let (table, column) = field.column();
    Place {
        organization,
        table,
        row,
        field: column,
        version: VERSION,
    }
}
