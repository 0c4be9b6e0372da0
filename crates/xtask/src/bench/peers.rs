//! The servers from npm that ours is measured beside: `tests/bench/server/peer.mjs`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{During, Outcome, call, run, step};
use crate::tools;

/// Where the peers are installed and started.
pub(super) struct Peers {
    folder: PathBuf,
}

/// The key that they take.
pub(super) const KEY: &str = "a-key-of-the-benchmark";

impl Peers {
    /// Installs them just as the lock file has them. better-sqlite3 is the one package whose install script runs: it
    /// fetches the binary that its authors built, and compiles it where there is none to be had.
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
        run(call("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .arg("--loglevel=error")
            .current_dir(&folder))?;
        let module = folder.join("node_modules/better-sqlite3");
        run(call("npm")
            .args(["run", "install", "--silent"])
            .current_dir(&module))?;
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
