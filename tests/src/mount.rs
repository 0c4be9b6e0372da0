//! File systems of a test's own, to be filled, broken and cut off: for root alone, on Linux.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _};
use tempfile::TempDir;

/// A file system that is gone when the value is dropped.
#[derive(Debug)]
pub struct Mount {
    place: PathBuf,
    folder: TempDir,
}

impl Mount {
    /// One in memory that holds so many MiB.
    pub fn in_memory(mib: u32) -> Self {
        Self::new(|place, _| {
            let size = format!("size={mib}m");
            run("mount", &["-t", "tmpfs", "-o", &size, "none"], &[place]);
        })
    }

    /// An ext4 on a disk of 128 MiB, which is a file: what its kernel has not written to the disk is not in the file.
    pub fn on_disk() -> Self {
        Self::new(|place, disk| {
            let file = File::create_new(disk).expect("a file for a disk");
            file.set_len(128 << 20).expect("a sparse file");
            run("mkfs.ext4", &["-q"], &[disk]);
            run("mount", &["-o", "loop"], &[disk, place]);
        })
    }

    /// What is on the disk at this moment, as after a power cut: a copy of the disk, mounted.
    pub fn after_a_power_cut(&self) -> Self {
        let before = self.disk();
        Self::new(|place, disk| {
            std::fs::copy(before, disk).expect("a copy of the disk");
            run("mount", &["-o", "loop"], &[disk, place]);
        })
    }

    /// The disk fails: from now on nothing can be written.
    pub fn fail(&self) {
        run("mount", &["-o", "remount,abort"], &[&self.place]);
    }

    /// Makes it read-only, while nobody has a file open for writing.
    pub fn forbid_writing(&self) {
        run("mount", &["-o", "remount,ro"], &[&self.place]);
    }

    /// And writable again.
    pub fn allow_writing(&self) {
        run("mount", &["-o", "remount,rw"], &[&self.place]);
    }

    /// Lets other users of the machine write to it.
    pub fn open_to_all(&self) {
        run("chmod", &["711"], &[self.folder.path()]);
        run("chmod", &["1777"], &[&self.place]);
    }

    /// Takes all the room that is left in it.
    pub fn fill(&self) {
        let mut file = File::create(self.folder("filler")).expect("a file that takes room");
        for size in [65_536, 4_096, 1] {
            let block = vec![0; size];
            let error = loop {
                if let Err(error) = file.write_all(&block) {
                    break error;
                }
            };
            assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        }
    }

    /// Takes so many MiB of its room.
    pub fn take(&self, mib: usize) {
        let taken = std::fs::write(self.folder("filler"), vec![0; mib << 20]);
        taken.expect("a file that takes room");
    }

    /// Gives back what [`Self::fill`] or [`Self::take`] took.
    pub fn make_room(&self) {
        std::fs::remove_file(self.folder("filler")).expect("the file that takes room");
    }

    /// A folder in it.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.place.join(name)
    }

    /// Where it is mounted.
    pub fn place(&self) -> &Path {
        &self.place
    }

    fn disk(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    fn new(mount: impl FnOnce(&Path, &Path)) -> Self {
        let folder = TempDir::with_prefix("vouchkey-mount-").expect("a folder for the test");
        let place = folder.path().join("mounted");
        std::fs::create_dir(&place).expect("a place to mount at");
        mount(&place, &folder.path().join("disk"));
        Self { place, folder }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily: a server that is being killed may still have files open.
        let umount = Command::new("umount")
            .arg("--lazy")
            .arg(&self.place)
            .status();
        if !umount.is_ok_and(|status| status.success()) {
            eprintln!("{} is still mounted", self.place.display());
        }
    }
}

/// How many of one committed row are left after a power cut, by SQLite's setting `synchronous`: what tests of power cuts
/// rest on.
pub async fn rows_after_a_power_cut(synchronous: &str) -> i64 {
    let mount = Mount::on_disk();
    let mut connection = guard(&mount).await;
    for sql in [
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "CREATE TABLE guard (number BIGINT NOT NULL)",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        &format!("PRAGMA synchronous = {synchronous}"),
        "INSERT INTO guard (number) VALUES (1)",
    ] {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await
            .expect("SQLite does it");
    }
    let after = mount.after_a_power_cut();
    let mut left = guard(&after).await;
    let count = sqlx::query("SELECT COUNT(*) FROM guard")
        .fetch_one(&mut left)
        .await
        .expect("a count");
    for connection in [left, connection] {
        connection.close().await.expect("a connection that ends");
    }
    count.get(0)
}

async fn guard(mount: &Mount) -> AnyConnection {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}?mode=rwc", mount.folder("guard.db").display());
    AnyConnection::connect(&url).await.expect("a database")
}

fn run(program: &str, words: &[&str], paths: &[&Path]) {
    let status = Command::new(program).args(words).args(paths).status();
    let status = status.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(status.success(), "{program} {words:?} {paths:?}: {status}");
}
