//! A disk that loses what it can: the server's files as they would be after its power was cut, where a page that could not
//! be written when it was synchronised is forgotten. Linux does that: such a page counts as written from then on, is still
//! read as if it were, and is not written by the next call that synchronises, which succeeds.
//!
//! A library between the server and its files (`lossy.c`) writes down what is done to the database and to its log, and
//! lets synchronising fail at will; the disk is what follows from the record.

mod bed;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

pub use bed::Bed;

/// What Linux writes at once.
const PAGE: usize = 4_096;

/// The length of what stands before the bytes of a record.
const HEAD: usize = 24;

/// A disk.
#[derive(Debug)]
pub struct LossyDisk {
    folder: TempDir,
    library: PathBuf,
}

/// A file of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The database itself.
    Database,
    /// Its write-ahead log.
    Log,
}

/// Which of the pages that are in doubt are on the disk after a failure and after a cut. The kernel writes them in any
/// order and when it likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// None.
    None,
    /// Every second one.
    Some,
    /// All.
    All,
}

impl Written {
    /// All that can happen, as far as this looks.
    pub const WAYS: [Self; 3] = [Self::None, Self::Some, Self::All];

    const fn has(self, page: usize) -> bool {
        match self {
            Self::None => false,
            Self::Some => page.is_multiple_of(2),
            Self::All => true,
        }
    }
}

impl LossyDisk {
    /// One that fails nothing yet. Takes the C compiler, with which programs in Rust are linked.
    pub fn new() -> Self {
        let folder = TempDir::with_prefix("lossy-").expect("a folder for the test");
        let source = folder.path().join("lossy.c");
        fs::write(&source, include_str!("lossy.c")).expect("a file in it");
        let library = folder.path().join("lossy.so");
        let status = Command::new("cc")
            .args([
                "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-pthread",
            ])
            .arg("-o")
            .args([&library, &source])
            .arg("-ldl")
            .status();
        let status = status.expect("the C compiler `cc`");
        assert!(status.success(), "lossy.c: {status}");
        Self { folder, library }
    }

    /// The environment of a server whose database lies on it.
    pub fn settings(&self) -> [(&'static str, String); 2] {
        let text = |path: &Path| path.to_str().expect("UTF-8").to_owned();
        [
            ("LD_PRELOAD", text(&self.library)),
            ("LOSSY_DISK", text(self.folder.path())),
        ]
    }

    /// From now on, this file cannot be synchronised.
    pub fn fail(&self, part: Part) {
        fs::write(self.fault(part), "").expect("a file that says so");
    }

    /// And now it can again.
    pub fn mend(&self, part: Part) {
        fs::remove_file(self.fault(part)).expect("the file that says so");
    }

    /// How often synchronising this file has failed.
    pub fn failures(&self, part: Part) -> usize {
        self.count(|call| matches!(call, Call::Failed(of) if *of == part))
    }

    /// How often this file was synchronised.
    pub fn synchronisations(&self, part: Part) -> usize {
        self.count(|call| matches!(call, Call::Synchronised(of) if *of == part))
    }

    /// How often something was written into this file.
    pub fn writes(&self, part: Part) -> usize {
        self.count(|call| matches!(call, Call::Wrote(of, _, _) if *of == part))
    }

    /// How often this file was begun anew.
    pub fn beginnings(&self, part: Part) -> usize {
        self.count(|call| matches!(call, Call::Wrote(of, 0, _) if *of == part))
    }

    /// What the disk holds if the power is cut now: laid into a folder, which held these files when the record began.
    pub fn after_a_power_cut(&self, before: &Path, written: Written, into: &Path) {
        let mut files = BTreeMap::new();
        for part in [Part::Database, Part::Log] {
            let bytes = fs::read(before.join(part.name())).unwrap_or_default();
            files.insert(part, Content::of(bytes));
        }
        self.each(|call| match call {
            Call::Wrote(part, offset, bytes) => file(&mut files, part).write(offset, bytes),
            Call::Truncated(part, length) => file(&mut files, part).truncate(length),
            Call::Synchronised(part) => file(&mut files, part).synchronise(Written::All),
            Call::Failed(part) => file(&mut files, part).synchronise(written),
            Call::Unlinked(part) => *file(&mut files, part) = Content::of(Vec::new()),
        });
        for (part, mut content) in files {
            content.synchronise(written);
            let name = into.join(part.name());
            let _ = fs::remove_file(&name);
            if !content.disk.is_empty() {
                fs::write(name, content.disk).expect("a file of the disk");
            }
        }
    }

    fn count(&self, is_one: impl Fn(&Call<'_>) -> bool) -> usize {
        let mut count = 0;
        self.each(|call| count += usize::from(is_one(&call)));
        count
    }

    fn fault(&self, part: Part) -> PathBuf {
        self.folder.path().join(match part {
            Part::Database => "fail-db",
            Part::Log => "fail-wal",
        })
    }

    /// Goes through all calls, in their order.
    fn each(&self, mut see: impl FnMut(Call<'_>)) {
        for number in 0.. {
            let record = self.folder.path().join(format!("record-{number}"));
            let Ok(bytes) = fs::read(record) else {
                break;
            };
            let mut rest = bytes.as_slice();
            while let Some((call, after)) = Call::read(rest) {
                see(call);
                rest = after;
            }
        }
    }
}

impl Default for LossyDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl Part {
    const fn name(self) -> &'static str {
        match self {
            Self::Database => "vouchkey.db",
            Self::Log => "vouchkey.db-wal",
        }
    }
}

fn file(files: &mut BTreeMap<Part, Content>, part: Part) -> &mut Content {
    files.get_mut(&part).expect("both files")
}

/// A file as programs see it, and as it is on the disk.
struct Content {
    seen: Vec<u8>,
    disk: Vec<u8>,
    /// Pages that are not on the disk, and that the system knows of.
    dirty: BTreeSet<usize>,
    /// How much of the disk's bytes were never cut off since they were written.
    kept: usize,
}

impl Content {
    fn of(bytes: Vec<u8>) -> Self {
        Self {
            kept: bytes.len(),
            seen: bytes.clone(),
            disk: bytes,
            dirty: BTreeSet::new(),
        }
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if self.seen.len() < end {
            self.seen.resize(end, 0);
        }
        self.seen[offset..end].copy_from_slice(bytes);
        self.dirty.extend(offset / PAGE..end.div_ceil(PAGE));
    }

    fn truncate(&mut self, length: usize) {
        self.seen.resize(length, 0);
        self.kept = self.kept.min(length);
    }

    /// The system is done with all dirty pages, whether they came to the disk or not.
    fn synchronise(&mut self, written: Written) {
        if written != Written::None {
            self.disk.truncate(self.kept);
            self.disk.resize(self.seen.len(), 0);
            self.kept = self.seen.len();
        }
        for page in std::mem::take(&mut self.dirty) {
            let (start, end) = (page * PAGE, ((page + 1) * PAGE).min(self.seen.len()));
            if written.has(page) && start < end {
                self.disk[start..end].copy_from_slice(&self.seen[start..end]);
            }
        }
    }
}

/// What was done to a file.
enum Call<'a> {
    Wrote(Part, usize, &'a [u8]),
    Truncated(Part, usize),
    Synchronised(Part),
    Failed(Part),
    Unlinked(Part),
}

impl<'a> Call<'a> {
    /// The first of a record, and what comes after it. None at its end, and for what a killed server has not finished.
    fn read(record: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (head, rest) = record.split_at_checked(HEAD)?;
        let number = |at: usize| {
            let bytes = head[at..at + 8].try_into().expect("eight bytes");
            usize::try_from(u64::from_ne_bytes(bytes)).expect("a place in a file")
        };
        let part = match head[1] {
            b'd' => Part::Database,
            b'w' => Part::Log,
            other => panic!("no file {other}"),
        };
        let (offset, length) = (number(8), number(16));
        Some(match head[0] {
            b'W' => {
                let (bytes, rest) = rest.split_at_checked(length)?;
                (Self::Wrote(part, offset, bytes), rest)
            }
            b'T' => (Self::Truncated(part, length), rest),
            b'S' => (Self::Synchronised(part), rest),
            b'F' => (Self::Failed(part), rest),
            b'U' => (Self::Unlinked(part), rest),
            other => panic!("no call {other}"),
        })
    }
}
