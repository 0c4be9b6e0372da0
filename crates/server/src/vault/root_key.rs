//! Root keys: they lie outside the database, and open everything in it. A server has one or several, of which the first
//! seals.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest, Sha256};

use super::envelope::{self, OpenError};
use crate::clock::Clock;

/// A root key.
#[derive(Debug)]
pub(super) struct RootKey {
    id: String,
    key: SecretBox<[u8; 32]>,
}

impl RootKey {
    pub(super) fn random(clock: &Clock) -> Self {
        Self::new(SecretBox::new(Box::new(clock.random())))
    }

    fn new(key: SecretBox<[u8; 32]>) -> Self {
        // A digest that tells nothing about the key.
        let digest = Sha256::new()
            .chain_update(b"vouchkey root key id")
            .chain_update(key.expose_secret())
            .finalize();
        let id = digest
            .iter()
            .take(8)
            .fold("rk_".to_owned(), |id, byte| id + &format!("{byte:02x}"));
        Self { id, key }
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(STANDARD.decode(text).ok()?);
        let key = <[u8; 32]>::try_from(bytes.as_slice()).ok()?;
        Some(Self::new(SecretBox::new(Box::new(key))))
    }

    /// Which key it is.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn seal(&self, plain: &[u8], associated: &[u8], nonce: [u8; 24]) -> Vec<u8> {
        envelope::seal(self.key.expose_secret(), plain, associated, nonce)
    }

    pub(super) fn open(&self, sealed: &[u8], associated: &[u8]) -> Result<Vec<u8>, OpenError> {
        envelope::open(self.key.expose_secret(), sealed, associated)
    }
}

/// One or several root keys. The first is the active one, which seals; all open.
#[derive(Debug)]
pub(super) struct KeyRing {
    active: RootKey,
    others: Vec<RootKey>,
}

impl KeyRing {
    pub(super) const fn of(active: RootKey) -> Self {
        Self {
            active,
            others: Vec::new(),
        }
    }

    /// Reads keys in base64, with commas or line breaks between them. What begins with `#` is a comment to its line's
    /// end.
    ///
    /// # Errors
    /// What is wrong, without any of the text.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text
            .lines()
            .filter_map(|line| line.split('#').next())
            .flat_map(|line| line.split(','))
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .collect();
        let mut keys: Vec<RootKey> = Vec::with_capacity(words.len());
        for (place, word) in words.iter().enumerate() {
            let key = RootKey::parse(word).ok_or_else(|| match words.len() {
                1 => "it must be 32 bytes in base64 (44 characters)".to_owned(),
                all => format!(
                    "key {} of {all} must be 32 bytes in base64 (44 characters)",
                    place + 1
                ),
            })?;
            if keys.iter().any(|known| known.id == key.id) {
                return Err(format!("{} stands in it twice", key.id));
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let active = keys.next().ok_or("there is no key in it")?;
        Ok(Self {
            active,
            others: keys.collect(),
        })
    }

    /// As a file holds them, one a line.
    pub(super) fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(45 * (1 + self.others.len())));
        for key in self.keys() {
            STANDARD.encode_string(key.key.expose_secret(), &mut text);
            text.push('\n');
        }
        text
    }

    /// The one that seals.
    pub(super) const fn active(&self) -> &RootKey {
        &self.active
    }

    /// All, the active one first.
    pub(super) fn keys(&self) -> impl Iterator<Item = &RootKey> {
        std::iter::once(&self.active).chain(&self.others)
    }

    pub(super) fn find(&self, id: &str) -> Option<&RootKey> {
        self.keys().find(|key| key.id == id)
    }

    /// The ids of all, for people.
    pub(super) fn ids(&self) -> String {
        self.keys().map(RootKey::id).collect::<Vec<_>>().join(", ")
    }

    /// Another key, which opens and does not seal yet.
    pub(super) fn add(&mut self, key: RootKey) {
        self.others.push(key);
    }

    /// Makes this key the active one, if it is among these.
    pub(super) fn activate(&mut self, id: &str) {
        if let Some(place) = self.others.iter().position(|key| key.id == id) {
            let key = self.others.remove(place);
            let before = std::mem::replace(&mut self.active, key);
            self.others.insert(0, before);
        }
    }

    /// Drops keys, but never the active one. Says whether there was one to drop.
    pub(super) fn drop_all(&mut self, ids: &[String]) -> bool {
        let before = self.others.len();
        self.others.retain(|key| !ids.contains(&key.id));
        self.others.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(byte: u8) -> String {
        STANDARD.encode([byte; 32])
    }

    #[test]
    fn one_key_or_several_are_read_and_the_first_is_active() {
        let (one, two) = (text(1), text(2));
        let first = KeyRing::parse(&one).unwrap();
        for list in [
            format!("{one},{two}"),
            format!("{one}\n{two}\n"),
            format!("# since May\n {one} # active\r\n\n{two},\n"),
        ] {
            let ring = KeyRing::parse(&list).unwrap();
            assert_eq!(ring.active().id(), first.active().id(), "{list}");
            assert_eq!(ring.keys().count(), 2);
            assert_eq!(*ring.to_text(), format!("{one}\n{two}\n"));
        }
    }

    #[test]
    fn a_list_with_a_mistake_is_refused_without_repeating_it() {
        let one = text(1);
        for (list, part) in [
            (String::new(), "no key"),
            ("# nothing".to_owned(), "no key"),
            ("AAAA".to_owned(), "32 bytes"),
            (format!("{one},AAAA"), "key 2 of 2"),
            (format!("{one}\n{one}"), "twice"),
        ] {
            let error = KeyRing::parse(&list).unwrap_err();
            assert!(error.contains(part), "{error}");
            assert!(!error.contains("AAAA") && !error.contains(&one), "{error}");
        }
    }

    #[test]
    fn keys_are_added_activated_and_dropped() {
        let mut ring = KeyRing::parse(&text(1)).unwrap();
        let old = ring.active().id().to_owned();
        let new = RootKey::parse(&text(2)).unwrap();
        let id = new.id().to_owned();
        ring.add(new);
        assert_eq!(ring.active().id(), old);
        ring.activate(&id);
        assert_eq!(ring.ids(), format!("{id}, {old}"));
        ring.activate("rk_unknown");
        assert!(!ring.drop_all(&[id.clone(), "rk_unknown".to_owned()]));
        assert!(ring.drop_all(&[old]));
        assert_eq!(ring.ids(), id);
    }
}
