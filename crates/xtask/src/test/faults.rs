//! What tests of a machine's faults need of the machine that they run on.

use std::path::Path;
use std::process::Stdio;

use super::tally::Tally;
use crate::command::call;

/// How the names of tests begin that mount file systems of their own.
const ON_MOUNTS: &str = "api_faults_disk";

/// Which of the tests can run here; what cannot counts as skipped.
pub(super) struct Machine {
    mounts: bool,
}

impl Machine {
    pub(super) fn look(tally: &mut Tally) -> Self {
        let mounts = mounts();
        if !mounts {
            let tests = "tests on disks that are full, fail or lose their power";
            tally.skip(tests, "they take root on Linux, with loop devices");
        }
        Self { mounts }
    }

    pub(super) fn can_run(&self, name: &str) -> bool {
        self.mounts || !name.starts_with(ON_MOUNTS)
    }
}

/// Whether file systems can be mounted, in memory and on a file.
fn mounts() -> bool {
    let trial = "mount -t tmpfs none /mnt && command -v mkfs.ext4";
    let mounted = call("unshare")
        .args(["--mount", "sh", "-c", trial])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    Path::new("/dev/loop-control").exists() && mounted.is_ok_and(|status| status.success())
}
