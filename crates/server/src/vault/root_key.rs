//! The root key: it lies outside the database, and opens everything in it.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest, Sha256};

use super::{VaultError, envelope};
use crate::clock::Clock;
use crate::config::RootKeySource;

/// A root key.
#[derive(Debug)]
pub(super) struct RootKey(SecretBox<[u8; 32]>);

impl RootKey {
    /// Reads it from where it is. `make`: whether a file that is not there is made.
    pub(super) fn load(
        source: &RootKeySource,
        make: bool,
        clock: &Clock,
    ) -> Result<Self, VaultError> {
        match source {
            RootKeySource::Value(text) => Self::parse("VOUCHKEY_ROOT_KEY", text.expose_secret()),
            RootKeySource::File(file) => match Self::read(file) {
                Err(VaultError::RootKeyMissing { .. }) if make => {
                    create(file, clock).map_err(|error| unreadable(file, &error))?;
                    Self::read(file)
                }
                read => read,
            },
        }
    }

    fn read(file: &Path) -> Result<Self, VaultError> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(VaultError::RootKeyMissing {
                    file: file.to_owned(),
                });
            }
            Err(error) => return Err(unreadable(file, &error)),
        };
        if std::fs::metadata(file).is_ok_and(|metadata| metadata.mode() & 0o077 != 0) {
            tracing::warn!(file = %file.display(), "other users of this machine can read the root key; chmod 600 it");
        }
        Self::parse(&file.display().to_string(), &text)
    }

    fn parse(place: &str, text: &str) -> Result<Self, VaultError> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).unwrap_or_default());
        let key =
            <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| VaultError::RootKeyUnreadable {
                place: place.to_owned(),
                reason: "it must be 32 bytes in base64 (44 characters)".to_owned(),
            })?;
        Ok(Self(SecretBox::new(Box::new(key))))
    }

    /// Which key it is: a digest that tells nothing about it.
    pub(super) fn id(&self) -> String {
        let digest = Sha256::new()
            .chain_update(b"vouchkey root key id")
            .chain_update(self.0.expose_secret())
            .finalize();
        digest
            .iter()
            .take(8)
            .fold("rk_".to_owned(), |id, byte| id + &format!("{byte:02x}"))
    }

    pub(super) fn seal(&self, plain: &[u8], associated: &[u8], nonce: [u8; 24]) -> Vec<u8> {
        envelope::seal(self.0.expose_secret(), plain, associated, nonce)
    }

    pub(super) fn open(
        &self,
        sealed: &[u8],
        associated: &[u8],
    ) -> Result<Vec<u8>, envelope::OpenError> {
        envelope::open(self.0.expose_secret(), sealed, associated)
    }
}

/// Makes the file with a new key, whole or not at all; if another process was faster, its key stays.
fn create(file: &Path, clock: &Clock) -> std::io::Result<()> {
    let text = Zeroizing::new(STANDARD.encode(Zeroizing::new(clock.random::<32>())) + "\n");
    let draft = file.with_extension(format!("new-{:016x}", u64::from_be_bytes(clock.random())));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut opened| {
            opened.write_all(text.as_bytes())?;
            opened.sync_all()
        });
    let linked = written.and_then(|()| match std::fs::hard_link(&draft, file) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    });
    let _ = std::fs::remove_file(&draft);
    linked?;
    // A root key that a power cut takes back would take all data with it.
    file.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn unreadable(file: &Path, error: &std::io::Error) -> VaultError {
    VaultError::RootKeyUnreadable {
        place: file.display().to_string(),
        reason: error.to_string(),
    }
}
