//! A way to PostgreSQL on which a connection can fall silent, as when the machine at its other end is gone.

use std::path::Path;

use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

/// PostgreSQL's name for its socket, in the folder that a URL names as its host.
const SOCKET: &str = ".s.PGSQL.5432";

/// A socket that leads to a cluster's.
#[derive(Debug)]
pub struct Passage {
    folder: TempDir,
    silence: watch::Sender<()>,
}

impl Passage {
    /// Leads to the cluster whose socket is in this folder.
    pub fn to(cluster: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join(SOCKET)).expect("a socket");
        let (silence, silenced) = watch::channel(());
        let target = cluster.join(SOCKET);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let target = target.clone();
                let mut silenced = silenced.clone();
                silenced.mark_unchanged();
                tokio::spawn(async move {
                    let mut far = UnixStream::connect(target).await.expect("the cluster");
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        // Neither side hears of an end.
                        _ = silenced.changed() => std::future::pending().await,
                    }
                });
            }
        });
        Self { folder, silence }
    }

    /// The URL of the cluster's own database.
    pub fn url(&self) -> String {
        let folder = self.folder.path().display();
        format!("postgres://postgres@localhost/postgres?host={folder}")
    }

    /// On all connections that there are nothing comes through any more. New ones are as before.
    pub fn fall_silent(&self) {
        self.silence.send_replace(());
    }
}
