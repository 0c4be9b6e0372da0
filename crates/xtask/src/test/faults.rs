//! What tests of a machine's faults need of the machine that they run on.

use std::path::Path;
use std::process::Stdio;

use super::postgres::{self, Cluster};
use super::tally::Tally;
use crate::command::{call, cargo_words};
use crate::{debian, server};

/// How the names of tests begin that mount file systems of their own.
const ON_MOUNTS: &str = "api_faults_disk";

/// How the names of tests begin that look at system calls.
const ON_SYSTEM_CALLS: &str = "api_crash_syncs";

/// How the names of tests begin that set a machine's clock.
const ON_A_CLOCK: &str = "api_faults_clock";

/// How often the nightly run does what a change is tested with a few times: kills of the server under load and while it
/// sends mail, of the rotation of its root key, crashes of PostgreSQL, cuts of the power, failures of the disk.
const OFTEN: [(&str, &str); 6] = [
    ("VOUCHKEY_TEST_KILLS", "500"),
    ("VOUCHKEY_TEST_MAIL_KILLS", "200"),
    ("VOUCHKEY_TEST_ROTATION_KILLS", "60"),
    ("VOUCHKEY_TEST_CRASHES", "60"),
    ("VOUCHKEY_TEST_CUTS", "60"),
    ("VOUCHKEY_TEST_LOSSES", "40"),
];

/// Kills, crashes and power cuts in great number, on both engines.
pub(crate) fn many(tally: &mut Tally) {
    let Some(program) = tally.need("the server to be killed", server::build_dev()) else {
        return;
    };
    let mut command = cargo_words(
        "test --locked --no-fail-fast --package vouchkey-tests --test api_crash --test api_root_keys --test api_faults_lossy_sqlite",
    );
    if Machine::look(tally).mounts {
        command.args(["--test", "api_faults_disk_sqlite"]);
    }
    tally.suite(
        "many kills and power cuts",
        postgres::without(&mut command)
            .env("VOUCHKEY_BIN", &program)
            .envs(OFTEN),
    );
    let Some(cluster) = Cluster::start(tally) else {
        return;
    };
    let mut command = cargo_words(
        "test --locked --no-fail-fast --package vouchkey-tests --test api_crash --test api_crash_postgres --test api_root_keys",
    );
    tally.suite(
        "many kills and crashes on PostgreSQL",
        cluster
            .tell(&mut command)
            .env("VOUCHKEY_BIN", program)
            .envs(OFTEN),
    );
}

/// Which of the tests can run here; what cannot counts as skipped.
pub(super) struct Machine {
    mounts: bool,
    strace: bool,
    faketime: bool,
}

impl Machine {
    pub(super) fn look(tally: &mut Tally) -> Self {
        let mounts = mounts();
        if !mounts {
            let tests = "tests on disks that are full, fail or lose their power";
            tally.skip(tests, "they take root on Linux, with loop devices");
        }
        let strace =
            traces() || { debian::install("strace", &["strace"]).unwrap_or(false) && traces() };
        if !strace {
            let tests = "tests of what is on the disk before an answer";
            tally.skip(
                tests,
                "they take strace (Debian: strace), and leave to use it",
            );
        }
        let faketime = sets_clocks() || {
            debian::install("faketime", &["faketime"]).unwrap_or(false) && sets_clocks()
        };
        if !faketime {
            let tests = "tests of clocks that jump";
            tally.skip(tests, "they take libfaketime (Debian: faketime)");
        }
        Self {
            mounts,
            strace,
            faketime,
        }
    }

    pub(super) fn can_run(&self, name: &str) -> bool {
        (self.mounts || !name.starts_with(ON_MOUNTS))
            && (self.strace || !name.starts_with(ON_SYSTEM_CALLS))
            && (self.faketime || !name.starts_with(ON_A_CLOCK))
    }
}

/// Whether file systems can be mounted, in memory and on a file.
fn mounts() -> bool {
    let trial = "mount -t tmpfs none /mnt && command -v mkfs.ext4";
    Path::new("/dev/loop-control").exists() && works(&["unshare", "--mount", "sh", "-c", trial])
}

/// Whether system calls can be looked at.
fn traces() -> bool {
    works(&["strace", "-D", "-f", "-o", "/dev/null", "true"])
}

/// Whether there is the library that stands between programs and their clock, where its package puts it.
fn sets_clocks() -> bool {
    works(&["sh", "-c", "ls /usr/lib/*/faketime/libfaketimeMT.so.1"])
}

fn works(words: &[&str]) -> bool {
    let Some((program, words)) = words.split_first() else {
        return false;
    };
    let status = call(program)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}
