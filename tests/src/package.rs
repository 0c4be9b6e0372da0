//! The npm package at work: one Node process, asked for verdicts over a pipe.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{Mutex, oneshot};
use vouchkey_types::json::{Json, read_answer};

use crate::program::repository;

/// The package in a Node process, which ends with this value.
#[derive(Clone, Debug)]
pub struct Package(Arc<Running>);

#[derive(Debug)]
struct Running {
    _node: Child,
    line: Mutex<Line>,
    waiting: Arc<Mutex<VecDeque<oneshot::Sender<String>>>>,
}

#[derive(Debug)]
struct Line(ChildStdin);

impl Package {
    /// Starts it on the package that `cargo xtask package` made, or the one that `VOUCHKEY_NPM` names.
    pub fn start() -> Self {
        let folder = std::env::var_os("VOUCHKEY_NPM").map_or_else(
            || repository().join("target/npm/vouchkey-wasm"),
            PathBuf::from,
        );
        assert!(
            folder.is_dir(),
            "{} is not there: `cargo xtask package` makes it",
            folder.display()
        );
        let mut node = Command::new("node")
            .arg(repository().join("tests/npm/vectors/judge.mjs"))
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Node");
        let input = node.stdin.take().expect("standard input is piped");
        let output = node.stdout.take().expect("standard output is piped");
        let waiting = Arc::default();
        tokio::spawn(answer(output, Arc::clone(&waiting)));
        Self(Arc::new(Running {
            _node: node,
            line: Mutex::new(Line(input)),
            waiting,
        }))
    }

    /// The verdict on a body: `{ok, value, error, detail, errors, warnings}`.
    pub async fn judge(&self, body: &[u8]) -> Json {
        let (sender, receiver) = oneshot::channel();
        {
            // Answers come in the order of the questions, so both are queued under one lock.
            let mut line = self.0.line.lock().await;
            self.0.waiting.lock().await.push_back(sender);
            let question = format!("{}\n", STANDARD.encode(body));
            line.0
                .write_all(question.as_bytes())
                .await
                .expect("Node listens");
        }
        let answer = receiver
            .await
            .expect("Node answers: see what it wrote above");
        read_answer(answer.as_bytes()).unwrap_or_else(|error| panic!("{error} in {answer}"))
    }
}

/// Gives each line to the one who has waited longest.
async fn answer(output: ChildStdout, waiting: Arc<Mutex<VecDeque<oneshot::Sender<String>>>>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let first = waiting.lock().await.pop_front();
        // Whoever has stopped waiting needs no answer.
        let _ = first.expect("a question for each answer").send(line);
    }
    waiting.lock().await.clear();
}
