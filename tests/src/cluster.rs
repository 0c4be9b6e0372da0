//! A PostgreSQL cluster of a test's own, to be stopped and started under a server. Made from the programs of the scratch
//! cluster that the tests on PostgreSQL have anyway.

use std::path::Path;
use std::process::Stdio;

use sqlx::{Connection as _, PgConnection, Row as _};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Makes a cluster, says where, and then does what it is told until standard input ends, which happens however the test
/// ends. Its settings are PostgreSQL's own: what is committed is on disk.
const KEEPER: &str = r#"
set -eu
bin=$1
folder=$(mktemp -d "${TMPDIR:-/tmp}/vouchkey-cluster-XXXXXX")
trap '"$bin/pg_ctl" stop --pgdata "$folder/data" --mode immediate --silent >>"$folder/log" 2>&1 || :; rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
cd "$folder"
"$bin/initdb" --pgdata data --no-sync --auth trust --username postgres --encoding UTF8 --locale C >log 2>&1 || { cat log >&2; exit 1; }
start() {
    "$bin/pg_ctl" start --pgdata data --log server.log --wait --timeout 60 --options \
        "-c listen_addresses='' -c unix_socket_directories='$folder' -c max_connections=100"
}
echo "$folder"
while read -r order; do
    case $order in
    start) start ;;
    revive) "$bin/pg_ctl" status --pgdata data || start ;;
    *) "$bin/pg_ctl" stop --pgdata data --mode "$order" ;;
    esac >>log 2>&1 || { cat log server.log >&2; exit 1; }
    echo "$order"
done
"#;

/// A cluster, running or not. It is removed when the value is dropped.
#[derive(Debug)]
pub struct Cluster {
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    folder: String,
    _keeper: Child,
}

impl Cluster {
    /// Makes one and starts it.
    pub async fn start() -> Self {
        Self::start_in(&std::env::temp_dir()).await
    }

    /// The same, with its data in a folder of its own in this one, which PostgreSQL's user may write to.
    pub async fn start_in(place: &Path) -> Self {
        // PostgreSQL refuses to run as root.
        let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| {
            use std::os::unix::fs::MetadataExt as _;
            own.uid() == 0
        });
        let mut command = if is_root {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
            command
        } else {
            Command::new("env")
        };
        let mut keeper = command
            .args(["sh", "-c", KEEPER, "sh", &binaries().await])
            .env("TMPDIR", place)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("the keeper of the cluster starts");
        let orders = keeper.stdin.take().expect("standard input is piped");
        let out = keeper.stdout.take().expect("standard output is piped");
        let mut answers = BufReader::new(out).lines();
        let folder = answers.next_line().await.expect("the keeper's words");
        let folder = folder.expect("the keeper says why it stopped on standard error");
        let mut cluster = Self {
            orders,
            answers,
            folder,
            _keeper: keeper,
        };
        cluster.order("start").await;
        cluster
    }

    /// Where its one database is.
    pub fn url(&self) -> String {
        format!(
            "postgres://postgres@localhost/postgres?host={}",
            self.folder
        )
    }

    /// Its own folder, which belongs to its user.
    pub fn folder(&self) -> &Path {
        Path::new(&self.folder)
    }

    /// What PostgreSQL has written into its log.
    pub fn logs(&self) -> String {
        let log = std::fs::read(self.folder().join("server.log")).expect("the log of the cluster");
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Stops it as a crash does: every process ends at once, and nothing is written any more.
    pub async fn crash(&mut self) {
        self.order("immediate").await;
    }

    /// Stops it in order; connections are ended.
    pub async fn stop(&mut self) {
        self.order("fast").await;
    }

    /// Starts it again.
    pub async fn restart(&mut self) {
        self.order("start").await;
    }

    /// Starts it if it has ended by itself.
    pub async fn revive(&mut self) {
        self.order("revive").await;
    }

    async fn order(&mut self, order: &str) {
        let line = format!("{order}\n");
        self.orders
            .write_all(line.as_bytes())
            .await
            .expect("the keeper listens");
        let answer = self.answers.next_line().await.expect("the keeper's words");
        assert_eq!(answer.as_deref(), Some(order), "the keeper of the cluster");
    }
}

/// The folder with `initdb` and `pg_ctl` of the cluster that runs already.
async fn binaries() -> String {
    let scratch = std::env::var("VOUCHKEY_TEST_POSTGRES_URL")
        .expect("this test needs PostgreSQL: `cargo xtask test api` makes one");
    let mut connection = PgConnection::connect(&scratch)
        .await
        .expect("the scratch cluster answers");
    let row = sqlx::query("SELECT setting FROM pg_config WHERE name = 'BINDIR'")
        .fetch_one(&mut connection)
        .await
        .expect("PostgreSQL says where its programs are");
    row.get(0)
}
