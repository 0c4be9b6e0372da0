//! The servers from npm that ours is measured beside: `tests/bench/server/peer.mjs`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::command::{During, Failure, Outcome, call, output, run, step};
use crate::tools;

/// Where the peers are installed and started.
pub(super) struct Peers {
    folder: PathBuf,
}

/// Seconds for what comes from the network, and for compiling SQLite on a busy machine.
const FETCHING: u32 = 300;
const COMPILING: u32 = 1_800;

/// The key that they take.
pub(super) const KEY: &str = "a-key-of-the-benchmark";

impl Peers {
    /// Installs them just as the lock file has them.
    pub(super) fn install() -> Outcome<Self> {
        tools::node()?;
        let folder = tools::target_folder()?.join("xtask/bench-peers");
        fs::create_dir_all(&folder).during(folder.display())?;
        let source = Path::new("tests/bench/server");
        let lock = fs::read(source.join("package-lock.json")).during("package-lock.json")?;
        let stamp = folder.join("node_modules/.lock-installed");
        for file in ["package.json", "package-lock.json", "peer.mjs"] {
            fs::copy(source.join(file), folder.join(file)).during(file)?;
        }
        if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
            return Ok(Self { folder });
        }
        step("installing the peers from npm (once, a minute or two)");
        run(within(FETCHING, "npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .arg("--loglevel=error")
            .current_dir(&folder))?;
        build_sqlite(&folder.join("node_modules"))?;
        fs::write(&stamp, lock).during(stamp.display())?;
        Ok(Self { folder })
    }

    /// The command that starts the one with this maker of QR codes, one process a core.
    pub(super) fn command(&self, maker: &str, database: &Path, cores: usize) -> Outcome<Command> {
        let mut node = tools::node()?;
        node.arg(self.folder.join("peer.mjs"))
            .arg(maker)
            .arg(database)
            .arg(KEY)
            .arg(cores.to_string())
            .env("NODE_ENV", "production");
        Ok(node)
    }
}

/// The one package whose install script runs, its two steps apart: the binary that its authors built is fetched, and where
/// there is none to be had, it is compiled.
fn build_sqlite(modules: &Path) -> Outcome {
    let module = modules.join("better-sqlite3");
    let fetched = run(within(FETCHING, "node")
        .arg(modules.join("prebuild-install/bin.js"))
        .current_dir(&module));
    if fetched.is_ok() {
        return Ok(());
    }
    step("its authors' binary of better-sqlite3 is not to be had; compiling it (some minutes)");
    let mut compiling = within(COMPILING, "npm");
    compiling.args(["run", "build-release", "--loglevel=error"]);
    if let Some(folder) = headers()? {
        // Else they are fetched from nodejs.org.
        compiling.env("npm_config_nodedir", folder);
    }
    run(compiling.current_dir(&module)).map_err(|failure| {
        Failure(format!(
            "better-sqlite3 could be neither fetched nor compiled ({failure}); it takes the network, or a C++ compiler, make, \
             Python 3 and the headers of this Node"
        ))
    })
}

/// The folder in whose `include/node` the headers of the Node that runs are, if they came with it.
fn headers() -> Outcome<Option<PathBuf>> {
    let program = output(call("node").args(["--print", "process.execPath"]))?;
    let folder = Path::new(program.trim())
        .parent()
        .and_then(Path::parent)
        .map(Path::to_owned);
    Ok(folder.filter(|folder| folder.join("include/node/node.h").is_file()))
}

/// A program that is ended when it takes longer than so many seconds.
fn within(seconds: u32, program: &str) -> Command {
    let mut command = call("timeout");
    command
        .args(["--kill-after=10", &seconds.to_string()])
        .arg(program)
        .stdin(Stdio::null());
    command
}
