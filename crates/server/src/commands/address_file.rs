//! Tells the commands that print links where the server of a data folder runs, and keeps a second server out of it.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::sleep;

use super::CommandError;
use crate::config::PublicUrl;
use crate::lock_file;

/// How often a file that is locked is asked for, and how long to rest in between: a command that looks for the address
/// locks it for a moment.
const TRIES: u32 = 20;
const REST: Duration = Duration::from_millis(50);

/// The address of a running server, in the file `address` of its data folder (decision 23).
///
/// The server holds a lock on the file for as long as it runs, which the system lets go of however
/// it ends: what a killed server left is known as such.
#[derive(Debug)]
pub(super) struct AddressFile {
    path: PathBuf,
    lock: File,
}

impl AddressFile {
    /// Takes the folder for this server alone. A second one would take up what this one is delivering.
    ///
    /// # Errors
    ///
    /// Another server runs on the folder; those of writing the file.
    pub(super) async fn hold(folder: &Path) -> Result<Self, CommandError> {
        let path = path(folder);
        for _ in 0..TRIES {
            if let Some(lock) = lock_file::take(&path, File::try_lock)? {
                lock.set_len(0)?;
                return Ok(Self { path, lock });
            }
            sleep(REST).await;
        }
        let place = running(folder)
            .map_or_else(String::new, |server| format!(", at {}", server.public_url));
        Err(CommandError::Failed(format!(
            "another server runs on the data folder {}{place}. Stop it first, or give this one a folder of its own \
             with --data. Nothing was changed",
            folder.display()
        )))
    }

    /// Leaves the address to the commands, as private as the rest of the folder, and where the server listens.
    ///
    /// # Errors
    ///
    /// Those of writing the file.
    pub(super) fn tell(
        &mut self,
        public_url: &PublicUrl,
        listens: SocketAddr,
    ) -> std::io::Result<()> {
        // At once, so that nobody reads one line of two.
        let text = format!("{public_url}\n{listens}\n");
        self.lock.write_all(text.as_bytes())
    }
}

impl Drop for AddressFile {
    fn drop(&mut self) {
        // The lock tells that the server is gone, if the file cannot be removed.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// What a running server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Running {
    /// What its links begin with.
    pub(super) public_url: PublicUrl,
    /// Where it listens; unknown of a server of a version that did not say so.
    pub(super) listens: Option<SocketAddr>,
}

/// The server that runs on a data folder, if one does.
pub(super) fn running(folder: &Path) -> Option<Running> {
    let mut file = File::open(path(folder)).ok()?;
    if !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return None;
    }
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    let mut lines = text.lines();
    Some(Running {
        public_url: PublicUrl::parse(lines.next()?.trim()).ok()?,
        listens: lines.next().and_then(|line| line.parse().ok()),
    })
}

fn path(folder: &Path) -> PathBuf {
    folder.join("address")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_is_known_while_its_server_runs_and_what_a_killed_one_left_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let url = PublicUrl::parse("http://127.0.0.1:4711").unwrap();
        let bound = SocketAddr::from(([127, 0, 0, 1], 4711));
        assert!(running(folder.path()).is_none());

        let mut file = AddressFile::hold(folder.path()).await.unwrap();
        assert!(running(folder.path()).is_none());
        file.tell(&url, bound).unwrap();
        let said = running(folder.path()).unwrap();
        assert_eq!((said.public_url, said.listens), (url, Some(bound)));
        let refused = AddressFile::hold(folder.path()).await.unwrap_err();
        let said = refused.to_string();
        assert!(said.contains("at http://127.0.0.1:4711. Stop it"), "{said}");
        drop(file);
        assert!(running(folder.path()).is_none());
        assert!(!path(folder.path()).exists());

        std::fs::write(path(folder.path()), "http://127.0.0.1:4711\n").unwrap();
        assert!(running(folder.path()).is_none());
        let mut file = AddressFile::hold(folder.path()).await.unwrap();
        let other = PublicUrl::parse("https://id.example").unwrap();
        file.tell(&other, bound).unwrap();
        let said = running(folder.path()).unwrap();
        assert_eq!((said.public_url, said.listens), (other, Some(bound)));
    }

    #[tokio::test]
    async fn a_server_that_does_not_say_where_it_listens_is_known_by_its_address() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = AddressFile::hold(folder.path()).await.unwrap();
        writeln!(file.lock, "http://127.0.0.1:4711").unwrap();
        let said = running(folder.path()).unwrap();
        assert_eq!(said.public_url.as_str(), "http://127.0.0.1:4711");
        assert_eq!(said.listens, None);
    }
}
