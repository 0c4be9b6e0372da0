//! The file of the root keys: made once, read anew when it changes, and replaced whole or not at all.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use secrecy::zeroize::Zeroizing;

use super::VaultError;
use super::root_key::{KeyRing, RootKey};
use crate::clock::Clock;

/// By what a changed file is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    length: u64,
    modified: Option<SystemTime>,
}

/// The stamp of a file; none if it is not there.
pub(super) fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(file).ok()?;
    Some(Stamp {
        inode: metadata.ino(),
        length: metadata.len(),
        modified: metadata.modified().ok(),
    })
}

/// Reads the keys of a file; none if it is not there.
pub(super) fn read(file: &Path) -> Result<Option<KeyRing>, VaultError> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return nowhere(file),
        Err(error) => return Err(unreadable(file, error.to_string())),
    };
    if std::fs::metadata(file).is_ok_and(|metadata| metadata.mode() & 0o077 != 0) {
        tracing::warn!(file = %file.display(), "other users of this machine can read the root key; chmod 600 it");
    }
    KeyRing::parse(&text)
        .map(Some)
        .map_err(|reason| unreadable(file, reason))
}

/// What it means that there is nothing to read: no file yet, or a link whose end is gone, which no start may mend by a new
/// key.
fn nowhere(file: &Path) -> Result<Option<KeyRing>, VaultError> {
    let Ok(target) = std::fs::read_link(file) else {
        return Ok(None);
    };
    let reason = format!(
        "it is a link to {}, where there is no file. Mount what holds the key, or put it there from its backup; only if \
         there is none yet, remove the link, and the next start makes one",
        target.display()
    );
    Err(unreadable(file, reason))
}

/// Makes the file with a new key; if another process was faster, its key stays.
pub(super) fn create(file: &Path, clock: &Clock) -> Result<(), VaultError> {
    let ring = KeyRing::of(RootKey::random(clock));
    let draft = Draft::write(file, &ring, None, clock);
    let linked = draft.and_then(|draft| match std::fs::hard_link(&draft.0, file) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    });
    linked
        .and_then(|()| settle(file))
        .map_err(|error| unreadable(file, error.to_string()))
}

/// Replaces the keys of a file that is there and [`lock`]ed. The new file has mode 0600 and the old one's owner.
pub(super) fn replace(file: &Path, ring: &KeyRing, clock: &Clock) -> Result<(), VaultError> {
    let replaced = || {
        // What a link leads to is replaced, not the link.
        let file = std::fs::canonicalize(file)?;
        let before = std::fs::metadata(&file)?;
        remove_drafts(&file)?;
        let draft = Draft::write(&file, ring, Some(&before), clock)?;
        std::fs::rename(&draft.0, &file)?;
        settle(&file)
    };
    replaced().map_err(|error| VaultError::RootKeyUnwritable {
        file: file.to_owned(),
        reason: error.to_string(),
    })
}

/// Keeps other processes from replacing the file, until what is returned is dropped.
pub(super) async fn lock(file: &Path) -> Result<File, VaultError> {
    let path = file.to_owned();
    let locked = tokio::task::spawn_blocking(move || {
        let handle = File::open(folder(&std::fs::canonicalize(path)?))?;
        handle.lock()?;
        Ok(handle)
    });
    locked
        .await
        .unwrap_or_else(|_| Err(std::io::Error::other("the lock was not waited for")))
        .map_err(|error| unreadable(file, error.to_string()))
}

/// How the ending of a draft's name begins; a number follows.
const DRAFT: &str = "new-";

/// Removes what a process that was killed has left: it holds keys.
fn remove_drafts(file: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder(file))? {
        let path = entry?.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        let number = ending.and_then(|ending| ending.strip_prefix(DRAFT));
        let is_draft = number.is_some_and(|number| {
            number.len() == 16 && number.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        if is_draft && path.file_stem() == file.file_stem() {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// A file beside the real one, which goes away if it does not become it.
struct Draft(PathBuf);

impl Draft {
    fn write(
        file: &Path,
        ring: &KeyRing,
        owner: Option<&Metadata>,
        clock: &Clock,
    ) -> std::io::Result<Self> {
        let number = u64::from_be_bytes(clock.random());
        let draft = Self(file.with_extension(format!("{DRAFT}{number:016x}")));
        let mut opened = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft.0)?;
        if let Some(owner) = owner {
            let own = opened.metadata()?;
            if (own.uid(), own.gid()) != (owner.uid(), owner.gid()) {
                fchown(&opened, Some(owner.uid()), Some(owner.gid()))?;
            }
        }
        opened.write_all(ring.to_text().as_bytes())?;
        opened.sync_all()?;
        Ok(draft)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Once renamed it is not there, which is well.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Makes the name durable: a root key that a power cut takes back would take all data with it.
fn settle(file: &Path) -> std::io::Result<()> {
    File::open(folder(file))?.sync_all()
}

fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn unreadable(file: &Path, reason: String) -> VaultError {
    VaultError::RootKeyUnreadable {
        place: file.display().to_string(),
        reason,
    }
}
