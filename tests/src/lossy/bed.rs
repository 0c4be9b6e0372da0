//! An installation whose database lies on a lossy disk.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::{LossyDisk, Written};
use crate::api::Api;
use crate::balancer::Port;
use crate::database::Database;
use crate::faults;
use crate::program::{Installation, Server};
use crate::retrying::{self, Made};

/// An installation on a lossy disk, and how it was before.
#[derive(Debug)]
pub struct Bed {
    /// The disk.
    pub disk: LossyDisk,
    /// The same installation, whose programs see its files as the system shows them and leave no record.
    pub plain: Installation,
    /// A client, wherever the server runs at this moment.
    pub api: Api,
    before: TempDir,
    lossy: Installation,
    port: Port,
}

impl Bed {
    /// One without limits, with a key of the sandbox.
    pub async fn new() -> Self {
        let disk = LossyDisk::new();
        let port = Port::reserve();
        let plain = Installation::new().await.without_limits();
        let key = plain.key("sandbox", &[]).await;
        let before = TempDir::with_prefix("vouchkey-before-").expect("a folder for the test");
        copy(plain.folder(), before.path());
        let mut lossy = plain.moved_to(plain.folder());
        for (name, value) in disk.settings() {
            lossy = lossy.with(name, value);
        }
        let api = Api::new(&format!("http://{}", port.address())).with_key(&key.secret);
        Self {
            disk,
            plain,
            api,
            before,
            lossy,
            port,
        }
    }

    /// Starts the server on the lossy disk.
    pub async fn serve(&self) -> Server {
        self.lossy.serve_at(&self.port.address()).await
    }

    /// Starts a server on it that must not start; what it says.
    pub async fn does_not_start(&self) -> String {
        faults::does_not_start(&self.lossy).await
    }

    /// What is left after a power cut, in a folder of its own.
    fn cut(&self, written: Written) -> (TempDir, Installation) {
        let folder = TempDir::with_prefix("vouchkey-after-").expect("a folder for the test");
        copy(self.before.path(), folder.path());
        self.disk
            .after_a_power_cut(self.before.path(), written, folder.path());
        let left = self.plain.moved_to(folder.path());
        (folder, left)
    }

    /// Stops the test unless each of these sessions is there after a cut, in every way that it may go.
    pub async fn keeps(&self, made: &[Value]) {
        self.after_each_cut(async |_, written| {
            for session in made {
                let found = self.api.session(&session["id"]).await;
                assert_eq!(found["id"], session["id"], "{written:?}");
            }
        })
        .await;
    }

    /// The same of all that clients were answered, each once.
    pub async fn keeps_all(&self, made: &[Made]) {
        self.after_each_cut(async |left, _| {
            let mut database = Database::open(left).await;
            retrying::nothing_is_lost(&self.api, &mut database, made).await;
        })
        .await;
    }

    async fn after_each_cut(&self, look: impl AsyncFn(&Installation, Written)) {
        for written in Written::WAYS {
            let (_folder, left) = self.cut(written);
            Database::open(&left).await.is_intact().await;
            // Where the client looks for it.
            let server = left.serve_at(&self.port.address()).await;
            look(&left, written).await;
            server.kill().await;
        }
    }
}

fn copy(from: &Path, to: &Path) {
    for name in ["vouchkey.db", "vouchkey.db-wal", "root.key"] {
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).expect("a copy of a file");
        }
    }
}
