//! A PostgreSQL cluster of the test run's own, made from the distribution's binaries and gone with the run.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use super::tally::Tally;
use crate::command::{During, Failure, Outcome, call, find_program, step};
use crate::debian;

/// What tests read to learn where they may make databases.
const VARIABLE: &str = "VOUCHKEY_TEST_POSTGRES_URL";

/// Makes a cluster in a new folder, says which, and removes it when standard input ends: that happens however this
/// program ends. Only a Unix socket in that folder, so that no port is taken and no other user can come in by the
/// network. Nothing of it is worth a wait for the disk.
const KEEPER: &str = r#"
set -eu
bin=$1
folder=$(mktemp -d "${TMPDIR:-/tmp}/vouchkey-postgres-XXXXXX")
trap '"$bin/pg_ctl" stop --pgdata "$folder/data" --mode immediate --silent >"$folder/log" 2>&1 || :; rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
cd "$folder"
{
    "$bin/initdb" --pgdata data --no-sync --auth trust --username postgres --encoding UTF8 --locale C
    "$bin/pg_ctl" start --pgdata data --log server.log --wait --timeout 60 --options \
        "-c listen_addresses='' -c unix_socket_directories='$folder' -c max_connections=300 \
        -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_wal_size=4GB"
} >log 2>&1 || { cat log server.log >&2; exit 1; }
echo "$folder"
cat >/dev/null
"#;

/// A running cluster. Dropping it removes it.
pub(crate) struct Cluster {
    keeper: Child,
    lifeline: Option<ChildStdin>,
    folder: String,
}

impl Cluster {
    /// Makes a cluster; where there is no PostgreSQL to make it from, that counts as skipped, or as a failure where
    /// nobody would read about it.
    pub(crate) fn start(tally: &mut Tally) -> Option<Self> {
        match binaries() {
            Ok(Some(folder)) => tally.need("a PostgreSQL cluster", Self::keep(&folder)),
            Ok(None) if env::var_os("CI").is_none() => {
                tally.skip("tests on PostgreSQL", MISSING);
                None
            }
            Ok(None) => tally.need("tests on PostgreSQL", Err(Failure(MISSING.to_owned()))),
            Err(failure) => tally.need("tests on PostgreSQL", Err(failure)),
        }
    }

    fn keep(binaries: &Path) -> Outcome<Self> {
        step("making a PostgreSQL cluster");
        let mut keeper = unprivileged()?
            .args(["sh", "-c", KEEPER, "sh"])
            .arg(binaries)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // An interrupt from the keyboard ends this program, and the keeper then tidies up.
            .process_group(0)
            .spawn()
            .during("the keeper of the PostgreSQL cluster")?;
        let lifeline = keeper.stdin.take();
        let mut folder = String::new();
        if let Some(stdout) = keeper.stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut folder)
                .during("the keeper of the PostgreSQL cluster")?;
        }
        let cluster = Self {
            keeper,
            lifeline,
            folder: folder.trim_end().to_owned(),
        };
        if cluster.folder.is_empty() {
            return Err(Failure("it did not start; see above".to_owned()));
        }
        Ok(cluster)
    }

    /// Tells a test program where it may make databases.
    pub(crate) fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env(VARIABLE, address(&self.folder))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        // It has said on standard error whatever went wrong.
        let _ = self.keeper.wait();
    }
}

/// A command without the variable that would lead its tests to PostgreSQL.
pub(crate) fn without(command: &mut Command) -> &mut Command {
    command.env_remove(VARIABLE)
}

const MISSING: &str = "no PostgreSQL: install its server (Debian: postgresql), so that `initdb` is on PATH or below /usr/lib/postgresql";

/// The socket in the cluster's folder, as a URL.
fn address(folder: &str) -> String {
    format!("postgres://postgres@localhost/postgres?host={folder}")
}

/// The folder of `initdb` and its like, installing them where that can be done without asking: on Debian, as root.
fn binaries() -> Outcome<Option<PathBuf>> {
    if let Some(folder) = look() {
        return Ok(Some(folder));
    }
    debian::install("PostgreSQL", &["postgresql"])?;
    Ok(look())
}

fn look() -> Option<PathBuf> {
    if let Some(initdb) = find_program("initdb") {
        // PATH may hold a link, and the other programs stand beside what it leads to.
        return fs::canonicalize(initdb).ok()?.parent().map(PathBuf::from);
    }
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    versions
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            let version: u32 = folder.file_name()?.to_str()?.parse().ok()?;
            let binaries = folder.join("bin");
            binaries
                .join("initdb")
                .is_file()
                .then_some((version, binaries))
        })
        .max()
        .map(|(_, binaries)| binaries)
}

/// What begins a command that root must not run: PostgreSQL refuses to.
fn unprivileged() -> Outcome<Command> {
    if !debian::is_root()? {
        return Ok(call("env"));
    }
    let mut command = call("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_gone_when_it_is_dropped() {
        let Some(binaries) = look() else {
            return;
        };
        let cluster = Cluster::keep(&binaries).unwrap();
        let folder = PathBuf::from(&cluster.folder);
        assert!(folder.join(".s.PGSQL.5432").exists());
        drop(cluster);
        assert!(!folder.exists());
    }
}
