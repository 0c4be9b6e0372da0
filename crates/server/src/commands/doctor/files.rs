//! The data folder, what lies in it, and the room on its disk.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::access::{Access, Needed, Rights, mode};
use super::{Level, Report};
use crate::config::{Config, RootKeySource};
use crate::room::{self, Room};
use crate::store::ReadOnly;
use crate::store::backup::Place;

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
    for (file, needed) in files(config) {
        if look_at_file(report, &file, needed, &owner).is_break() {
            break;
        }
    }
    if report.0.len() == before {
        report.ok("files", "private, and the server's user can use them");
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
fn files(config: &Config) -> Vec<(PathBuf, Needed)> {
    let folder = &config.data.folder;
    let mut files = vec![
        (folder.join("vouchkey.toml"), Needed::Settings),
        (folder.join("address"), Needed::Own),
    ];
    if let RootKeySource::File(file) = &config.root_key {
        files.push((file.clone(), Needed::Key));
    }
    if let Ok(Some(file)) = ReadOnly::file(&config.database, &config.data) {
        files.extend(Place::locks_of(&file).map(|lock| (lock, Needed::Own)));
        for ending in ["", "-wal", "-shm"] {
            let mut path = file.clone().into_os_string();
            path.push(ending);
            files.push((path.into(), Needed::Own));
        }
    }
    files
}

/// Breaks off where what is said of one file is true of all.
fn look_at_file(
    report: &mut Report,
    file: &Path,
    needed: Needed,
    folder: &Metadata,
) -> ControlFlow<()> {
    let (shown, user) = (file.display(), folder.uid());
    let metadata = match std::fs::metadata(file) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return ControlFlow::Continue(()),
        Err(error) => {
            let message = format!("{shown}: {error}; run this as root or as user {user}");
            report.problem("files", message);
            return ControlFlow::Break(());
        }
    };
    let (owner, mode) = (metadata.uid(), mode(&metadata));
    match Access::of(needed, Rights::of(&metadata), Rights::of(folder)) {
        Access::Given if is_open(&metadata) && needed != Needed::Settings => {
            // Who is not its owner could not use it any more.
            let first = if owner == user {
                String::new()
            } else {
                format!("chown {user} {shown}; ")
            };
            report.warning(
                "files",
                format!(
                    "{shown} has mode {mode:04o}, so other users of this machine can read it: {first}chmod 600 {shown}"
                ),
            );
        }
        Access::Given => {}
        Access::ByGroup => report.warning(
            "files",
            format!(
                "{shown} is for group {} alone, and user {user}, whose folder this is, may not be in it; if the server cannot read it: chown {user} {shown}",
                metadata.gid()
            ),
        ),
        Access::Mode => report.problem(
            "files",
            format!(
                "{shown} has mode {mode:04o}, with which its own user cannot use it: chmod 600 {shown}"
            ),
        ),
        Access::Owner => report.problem(
            "files",
            format!(
                "{shown} belongs to user {owner} and has mode {mode:04o}, but its folder belongs to user {user}, whose server cannot use it: chown {user} {shown}"
            ),
        ),
        Access::OfRoot => {
            let message = format!(
                "{shown} belongs to user {owner}, but its folder to root, so that only a server of root can use both; chown -R the folder to the user that runs it"
            );
            // What the server has made says who it runs as.
            if needed == Needed::Own {
                report.problem("files", message);
                return ControlFlow::Break(());
            }
            report.warning("files", message);
        }
    }
    ControlFlow::Continue(())
}

fn is_open(metadata: &Metadata) -> bool {
    mode(metadata) & 0o077 != 0
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
}
