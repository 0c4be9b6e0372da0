//! A PostgreSQL cluster of the run's own, of tests or of measurements, made from the distribution's binaries and gone with
//! the run.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use super::tally::Tally;
use crate::command::{During, Failure, Outcome, call, find_program, output, run, step};
use crate::debian;

/// What tests read to learn where they may make databases.
const VARIABLE: &str = "VOUCHKEY_TEST_POSTGRES_URL";

/// Makes a cluster in a new folder, says which, and removes it when standard input ends: that happens however this
/// program ends. Only a Unix socket in that folder, so that no port is taken and no other user can come in by the
/// network. Its data may stand elsewhere: the socket's path must be short.
const KEEPER: &str = r#"
set -eu
bin=$1 settings=$2 disk=$3
folder=$(mktemp -d "${TMPDIR:-/tmp}/vouchkey-postgres-XXXXXX")
data=$folder/data
trap '"$bin/pg_ctl" stop --pgdata "$data" --mode immediate --silent >"$folder/log" 2>&1 || :; rm -rf "$data" "$folder"' EXIT
trap 'exit 1' HUP INT TERM
[ -z "$disk" ] || data=$(mktemp -d "$disk/postgres-XXXXXX")
cd "$folder"
{
    "$bin/initdb" --pgdata "$data" --no-sync --auth trust --username postgres --encoding UTF8 --locale C
    "$bin/pg_ctl" start --pgdata "$data" --log server.log --wait --timeout 60 --options \
        "-c listen_addresses='' -c unix_socket_directories='$folder' $settings"
} >log 2>&1 || { cat log server.log >&2; exit 1; }
echo "$folder"
head -n 1 "$data/postmaster.pid"
cat >/dev/null
"#;

/// For tests: nothing of it is worth a wait for the disk.
const FORGETFUL: &str = "-c max_connections=300 -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_wal_size=4GB";
/// For measurements: as it is shipped, but for room in the log, so that no checkpoint falls into every other figure.
const DURABLE: &str = "-c max_wal_size=4GB";

/// A running cluster. Dropping it removes it.
pub(crate) struct Cluster {
    keeper: Child,
    lifeline: Option<ChildStdin>,
    folder: String,
    binaries: PathBuf,
    postmaster: u32,
}

impl Cluster {
    /// Makes a cluster; where there is no PostgreSQL to make it from, that counts as skipped, or as a failure where
    /// nobody would read about it.
    pub(crate) fn start(tally: &mut Tally) -> Option<Self> {
        match binaries() {
            Ok(Some(folder)) => {
                tally.need("a PostgreSQL cluster", Self::keep(&folder, FORGETFUL, None))
            }
            Ok(None) if env::var_os("CI").is_none() => {
                tally.skip("tests on PostgreSQL", MISSING);
                None
            }
            Ok(None) => tally.need("tests on PostgreSQL", Err(Failure(MISSING.to_owned()))),
            Err(failure) => tally.need("tests on PostgreSQL", Err(failure)),
        }
    }

    /// Makes a cluster that keeps what it commits, in a folder on the disk that is to be measured.
    pub(crate) fn durable(disk: &Path) -> Outcome<Self> {
        let binaries = binaries()?.ok_or_else(|| Failure(MISSING.to_owned()))?;
        // It may run as another user.
        fs::set_permissions(disk, fs::Permissions::from_mode(0o777)).during(disk.display())?;
        Self::keep(&binaries, DURABLE, Some(disk))
    }

    fn keep(binaries: &Path, settings: &str, disk: Option<&Path>) -> Outcome<Self> {
        step("making a PostgreSQL cluster");
        let mut keeper = unprivileged()?
            .args(["sh", "-c", KEEPER, "sh"])
            .arg(binaries)
            .arg(settings)
            .arg(disk.unwrap_or(Path::new("")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // An interrupt from the keyboard ends this program, and the keeper then tidies up.
            .process_group(0)
            .spawn()
            .during("the keeper of the PostgreSQL cluster")?;
        let lifeline = keeper.stdin.take();
        let mut said = keeper
            .stdout
            .take()
            .map(|stdout| BufReader::new(stdout).lines().map_while(Result::ok));
        let mut line = || said.as_mut().and_then(Iterator::next).unwrap_or_default();
        let cluster = Self {
            keeper,
            lifeline,
            folder: line(),
            binaries: binaries.to_owned(),
            postmaster: line().trim().parse().unwrap_or_default(),
        };
        if cluster.folder.is_empty() {
            return Err(Failure("it did not start; see above".to_owned()));
        }
        Ok(cluster)
    }

    /// Makes a database, and gives its address.
    pub(crate) fn database(&self, name: &str) -> Outcome<String> {
        run(self.client("createdb").arg(name))?;
        Ok(format!(
            "postgres://postgres@localhost/{name}?host={}",
            self.folder
        ))
    }

    /// Runs SQL in a database, and gives what it answers, columns apart by `|`.
    pub(crate) fn ask(&self, name: &str, sql: &str) -> Outcome<String> {
        output(
            self.client("psql")
                .args(["--no-psqlrc", "--tuples-only", "--no-align", "--command"])
                .args([sql, name]),
        )
    }

    fn client(&self, program: &str) -> Command {
        let mut command = call(self.binaries.join(program));
        command
            .args(["--username", "postgres", "--host"])
            .arg(&self.folder);
        command
    }

    /// The process that all others of the cluster are children of.
    pub(crate) const fn postmaster(&self) -> u32 {
        self.postmaster
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
        let cluster = Cluster::keep(&binaries, FORGETFUL, None).unwrap();
        assert_eq!(cluster.ask("postgres", "SELECT 1").unwrap(), "1\n");
        let folder = PathBuf::from(&cluster.folder);
        assert!(folder.join(".s.PGSQL.5432").exists());
        drop(cluster);
        assert!(!folder.exists());
    }
}
