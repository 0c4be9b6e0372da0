//! Installations of ours, made for a measurement.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use super::load::{Asked, Load};
use super::subject::Subject;
use crate::command::{During, Failure, Outcome, call, output, run, step};
use crate::server::{self, DATABASE_URL};
use crate::test::postgres::Cluster;

/// The programs that are measured or needed: a release build of each.
#[derive(Clone)]
pub(super) struct Programs {
    pub(super) server: PathBuf,
    pub(super) seed: PathBuf,
    pub(super) constant: PathBuf,
}

/// An installation of ours. Its server does not run by itself.
pub(super) struct Ours {
    programs: Programs,
    data: PathBuf,
    key: String,
    database: Option<Database>,
    shared_commits: &'static str,
}

/// A PostgreSQL database of its own.
struct Database {
    cluster: Rc<Cluster>,
    name: String,
    url: String,
}

impl Ours {
    /// Makes one, in a new folder of this name; on the cluster, if one is given, else on SQLite.
    pub(super) fn make(
        programs: &Programs,
        folder: &Path,
        name: &str,
        cluster: Option<&Rc<Cluster>>,
    ) -> Outcome<Self> {
        let data = folder.join(name);
        let database = match cluster {
            Some(cluster) => Some(Database {
                url: cluster.database(name)?,
                name: name.to_owned(),
                cluster: cluster.clone(),
            }),
            None => None,
        };
        let url = database.as_ref().map(|database| database.url.as_str());
        server::init(&programs.server, &data, "127.0.0.1:0", url)?;
        let key = server::create_sandbox_key(&programs.server, &data, "Benchmark", url)?;
        Ok(Self {
            programs: programs.clone(),
            data,
            key,
            database,
            shared_commits: "on",
        })
    }

    pub(super) const fn with_a_commit_each(mut self) -> Self {
        self.shared_commits = "off";
        self
    }

    /// Writes sessions into it, and gives the ids of so many at most.
    pub(super) fn seed(&self, sessions: u64, most: u64) -> Outcome<Vec<String>> {
        step(&format!("seeding {sessions} sessions"));
        let ids = self.data.join("ids");
        run(self
            .tell(&mut call(&self.programs.seed))
            .arg(&self.data)
            .arg(sessions.to_string())
            .arg(&ids)
            .arg(most.to_string()))?;
        if let Some(database) = &self.database {
            // As its own upkeep does sooner or later.
            database.cluster.ask(&database.name, "VACUUM ANALYZE")?;
        }
        let text = fs::read_to_string(&ids).during(ids.display())?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// The server, to be started.
    pub(super) fn command(&self) -> Command {
        let mut command = call(&self.programs.server);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&self.data)
            .envs([
                ("VOUCHKEY_RATE_LIMIT_REQUESTS", "0"),
                ("VOUCHKEY_RATE_LIMIT_CREATES", "0"),
                ("VOUCHKEY_SHARED_COMMITS", self.shared_commits),
            ]);
        self.tell(&mut command);
        command
    }

    /// Starts the server on so many cores.
    pub(super) fn start(&self, cores: usize) -> Outcome<Subject> {
        Subject::start(&self.command(), cores, &self.data.join("log"))
    }

    pub(super) fn load(&self, subject: &Subject, asked: Asked) -> Load {
        Load {
            address: subject.address(),
            key: self.key.clone(),
            asked,
        }
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// The process whose children work for the server beside it: PostgreSQL's.
    pub(super) fn postmaster(&self) -> Option<u32> {
        self.database
            .as_ref()
            .map(|database| database.cluster.postmaster())
    }

    /// Bytes on disk.
    pub(super) fn disk(&self) -> Outcome<u64> {
        if let Some(Database { cluster, name, .. }) = &self.database {
            let answer = cluster.ask(name, "SELECT pg_database_size(current_database())")?;
            return answer
                .trim()
                .parse()
                .map_err(|_| Failure(format!("psql: {answer}")));
        }
        let mut bytes = 0;
        for entry in fs::read_dir(&self.data).during(self.data.display())? {
            let entry = entry.during(self.data.display())?;
            if entry
                .file_name()
                .to_string_lossy()
                .starts_with("vouchkey.db")
            {
                bytes += entry.metadata().during("the database's file")?.len();
            }
        }
        Ok(bytes)
    }

    /// Takes an SQLite file out of the system's memory, so that a start finds it as after the machine's own.
    pub(super) fn cool(&self) -> Outcome {
        if self.database.is_some() {
            return Ok(());
        }
        let file = format!("of={}", self.data.join("vouchkey.db").display());
        let flags = [
            "oflag=nocache",
            "conv=notrunc,fdatasync",
            "count=0",
            "status=none",
        ];
        run(call("dd").arg("if=/dev/null").arg(file).args(flags))
    }

    fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        if let Some(database) = &self.database {
            command.env(DATABASE_URL, &database.url);
        }
        command
    }
}

/// Bytes that are free where a folder is.
pub(super) fn free_space(folder: &Path) -> Outcome<u64> {
    let answer = output(
        call("df")
            .args(["--output=avail", "--block-size=1"])
            .arg(folder),
    )?;
    answer
        .lines()
        .nth(1)
        .and_then(|bytes| bytes.trim().parse().ok())
        .ok_or_else(|| Failure(format!("df: {answer}")))
}
