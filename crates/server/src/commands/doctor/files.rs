//! The data folder, what lies in it, and the room on its disk.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{Level, Report};
use crate::config::{Config, RootKeySource};
use crate::room::{self, Room};
use crate::store::ReadOnly;

/// Free bytes, and a share of the disk in percent, that are soon used up.
const LITTLE_FREE: u64 = 2 * room::LEAST;
const LITTLE_PERCENT: u128 = 5;

pub(super) fn look(report: &mut Report, config: &Config) {
    let folder = &config.data.folder;
    let owner = match std::fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => metadata,
        Ok(_) => {
            let message = format!("{} is no folder", folder.display());
            return report.problem("data_folder", message);
        }
        Err(error) => {
            let message = format!(
                "{}: {error}; `vouchkey init --owner EMAIL` makes it",
                folder.display()
            );
            return report.problem("data_folder", message);
        }
    };
    let shown = folder.display();
    if is_open(&owner) {
        report.warning(
            "data_folder",
            format!(
                "{shown} has mode {:04o}, so other users of this machine can look into it: chmod 700 {shown}",
                mode(&owner)
            ),
        );
    } else {
        report.ok("data_folder", format!("{shown}, mode {:04o}", mode(&owner)));
    }
    let before = report.0.len();
    let files = files(config);
    for file in &files {
        if let Ok(metadata) = std::fs::metadata(file) {
            look_at_file(report, file, &metadata, owner.uid());
        }
    }
    if report.0.len() == before {
        report.ok("files", "private, and of one owner");
    }
    let disk = ReadOnly::file(&config.database, &config.data)
        .ok()
        .flatten();
    look_at_disk(
        report,
        disk.as_deref().and_then(Path::parent).unwrap_or(folder),
    );
}

/// The files whose modes and owners matter.
fn files(config: &Config) -> Vec<PathBuf> {
    let folder = &config.data.folder;
    let mut files = vec![folder.join("vouchkey.toml"), folder.join("address")];
    if let RootKeySource::File(file) = &config.root_key {
        files.push(file.clone());
    }
    if let Ok(Some(file)) = ReadOnly::file(&config.database, &config.data) {
        for ending in ["", "-wal", "-shm"] {
            let mut path = file.clone().into_os_string();
            path.push(ending);
            files.push(path.into());
        }
    }
    files
}

fn look_at_file(report: &mut Report, file: &Path, metadata: &Metadata, owner: u32) {
    let shown = file.display();
    let is_settings = file.ends_with("vouchkey.toml");
    // Settings without a secret may be read by all; with one, they stop the start.
    if is_open(metadata) && !is_settings {
        report.warning(
            "files",
            format!(
                "{shown} has mode {:04o}, so other users of this machine can read it: chmod 600 {shown}",
                mode(metadata)
            ),
        );
    }
    let is_elsewhere = is_settings || file.ends_with("root.key");
    if !may_own(metadata.uid(), owner, is_elsewhere) {
        report.problem(
            "files",
            format!(
                "{shown} belongs to user {}, but its folder to user {owner}, whose server cannot open it: chown {owner} {shown}",
                metadata.uid()
            ),
        );
    }
}

/// Whether a file of this owner can be used by the folder's. Root may hand it what it only reads.
const fn may_own(file: u32, folder: u32, is_only_read: bool) -> bool {
    file == folder || folder == 0 || (file == 0 && is_only_read)
}

fn is_open(metadata: &Metadata) -> bool {
    mode(metadata) & 0o077 != 0
}

fn mode(metadata: &Metadata) -> u32 {
    metadata.mode() & 0o7777
}

fn look_at_disk(report: &mut Report, folder: &Path) {
    match Room::at(folder) {
        Ok(room) => {
            let (level, message) = judge_disk(room);
            report.add("disk", level, message);
        }
        Err(error) => report.warning("disk", format!("{}: {error}", folder.display())),
    }
}

/// What is left, and what that means.
fn judge_disk(room: Room) -> (Level, String) {
    let percent = u128::from(room.free) * 100 / u128::from(room.all.max(1));
    let seen = format!("{} MB free, {percent} %", room.free >> 20);
    if room.is_short() {
        let message = format!(
            "{seen}: below {} MB a server with SQLite is not ready, and writes will be refused soon; make room or move the folder",
            room::LEAST >> 20
        );
        (Level::Problem, message)
    } else if room.free < LITTLE_FREE || percent < LITTLE_PERCENT {
        (Level::Warning, format!("{seen}: make room"))
    } else {
        (Level::Ok, seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_judged_by_what_is_left() {
        let gigabyte = 1 << 30;
        for (free, all, level) in [
            (50 * gigabyte, 100 * gigabyte, Level::Ok),
            (5 * gigabyte, 100 * gigabyte, Level::Ok),
            (4 * gigabyte, 100 * gigabyte, Level::Warning),
            (127 << 20, gigabyte, Level::Warning),
            (64 << 20, gigabyte, Level::Warning),
            (63 << 20, gigabyte, Level::Problem),
            (0, 0, Level::Problem),
        ] {
            assert_eq!(judge_disk(Room { free, all }).0, level, "{free} of {all}");
        }
        let half = Room {
            free: gigabyte / 2,
            all: gigabyte,
        };
        assert_eq!(judge_disk(half).1, "512 MB free, 50 %");
    }

    #[test]
    fn root_may_own_what_the_server_only_reads() {
        for (file, folder, is_only_read, may) in [
            (998, 998, false, true),
            (0, 998, false, false),
            (0, 998, true, true),
            (997, 998, true, false),
            (998, 0, false, true),
        ] {
            assert_eq!(
                may_own(file, folder, is_only_read),
                may,
                "{file} in {folder}"
            );
        }
    }
}
