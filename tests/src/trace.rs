//! The system calls of a server, as `strace` writes them down.

use std::path::Path;

/// Calls in the order of their beginnings and ends.
#[derive(Clone, Debug)]
pub struct Trace(Vec<Step>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// A creation has been read from a client.
    Asked,
    /// SQLite's log is being written.
    Logged,
    /// The log has been synchronised, by a call that began after so many writes to it.
    Synced { after: usize },
    /// An answer to a creation begins to leave.
    Answered,
    /// The server has ended.
    Ended,
}

impl Trace {
    /// The command that writes a server's calls into a file.
    pub fn words(file: &Path) -> Vec<String> {
        let file = file.to_str().expect("a path of UTF-8");
        let calls = "trace=read,recvfrom,readv,recvmsg,write,writev,sendto,sendmsg,pwrite64,fsync,fdatasync";
        // As a grandchild, so that the server is the child of who starts it.
        let words = [
            "strace", "-D", "-f", "-y", "-s", "64", "-e", calls, "-o", file,
        ];
        words.map(str::to_owned).to_vec()
    }

    /// Reads what has been written so far.
    pub fn read(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).expect("a trace");
        let mut steps = Vec::new();
        let mut logged = 0;
        // What a thread began to synchronise, after how many writes.
        let mut syncing = std::collections::HashMap::new();
        for line in text.lines() {
            let Some((thread, call)) = line.trim_start().split_once(' ') else {
                continue;
            };
            let call = call.trim_start();
            let is_sync = call.contains("fsync(") || call.contains("fdatasync(");
            let is_resumed_sync = call.starts_with("<... f") && call.contains("sync resumed");
            if call.contains("POST /api/v1/sessions") {
                steps.push(Step::Asked);
            } else if call.starts_with("pwrite64(") && call.contains("vouchkey.db-wal>") {
                logged += 1;
                steps.push(Step::Logged);
            } else if is_sync && call.contains("vouchkey.db-wal>") {
                if call.ends_with("<unfinished ...>") {
                    syncing.insert(thread.to_owned(), logged);
                } else if call.ends_with("= 0") {
                    steps.push(Step::Synced { after: logged });
                }
            } else if is_resumed_sync {
                if let Some(after) = syncing.remove(thread).filter(|_| call.ends_with("= 0")) {
                    steps.push(Step::Synced { after });
                }
            } else if call.contains("HTTP/1.1 201 ") {
                steps.push(Step::Answered);
            } else if call.starts_with("+++ exited with ") {
                steps.push(Step::Ended);
            }
        }
        Self(steps)
    }

    /// Whether the server has come to its end.
    pub fn has_ended(&self) -> bool {
        self.0.last() == Some(&Step::Ended)
    }

    /// Of each answer, whether the log was written after the request had come, and synchronised after that.
    pub fn answers(&self) -> Vec<bool> {
        let mut answers = Vec::new();
        let (mut logged, mut asked_at, mut is_safe) = (0, None, false);
        for step in &self.0 {
            match step {
                Step::Asked => (asked_at, is_safe) = (Some(logged), false),
                Step::Logged => logged += 1,
                Step::Synced { after } => {
                    is_safe |= asked_at.is_some_and(|asked_at| *after > asked_at);
                }
                Step::Answered => {
                    answers.push(is_safe);
                    asked_at = None;
                    is_safe = false;
                }
                Step::Ended => {}
            }
        }
        answers
    }

    /// The same trace as if nothing had been synchronised.
    #[must_use]
    pub fn without_syncs(&self) -> Self {
        let steps = self.0.iter().copied();
        Self(
            steps
                .filter(|step| !matches!(step, Step::Synced { .. }))
                .collect(),
        )
    }
}
