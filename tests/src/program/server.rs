//! A server that runs: what it says, and how it ends.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use super::{Installation, Key};
use crate::admin::Admin;
use crate::api::Api;
use crate::wait;

/// A running server. It is killed when the value is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    base: String,
    printed: Text,
    logs: Text,
}

impl Server {
    /// The program that was just started, its output piped.
    pub(super) fn of(mut child: Child) -> Self {
        let out = child.stdout.take().expect("standard output is piped");
        let err = child.stderr.take().expect("standard error is piped");
        Self {
            child,
            base: String::new(),
            printed: Text::collect(out),
            logs: Text::collect(err),
        }
    }

    /// Waits until it accepts requests.
    pub(super) async fn listening(mut self) -> Self {
        let (printed, logs) = (self.printed.clone(), self.logs.clone());
        let child = &mut self.child;
        self.base = wait::until("the line that says where the server listens", async || {
            if let Ok(Some(status)) = child.try_wait() {
                panic!("the server stopped at once ({status}): {}", logs.get());
            }
            let text = printed.get();
            let base = text
                .lines()
                .find_map(|line| line.strip_prefix("listening on "))?;
            Some(base.trim().to_owned())
        })
        .await;
        self
    }

    /// Where it listens, as it said: `http://127.0.0.1:PORT`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// `HOST:PORT`, for those who open connections themselves.
    pub fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// The whole address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A client with this key.
    pub fn api(&self, key: &Key) -> Api {
        Api::new(&self.base).with_key(&key.secret)
    }

    /// A client without a key.
    pub fn stranger(&self) -> Api {
        Api::new(&self.base)
    }

    /// The owner of the installation, who has just set a password through the link of `init`.
    pub async fn owner(&self, installation: &Installation) -> Admin {
        Admin::by_link(self, installation).await
    }

    /// All that it tells on standard error of what was asked of it before. Its lines wait for each other, and so this does
    /// for the line of one request more.
    pub async fn whole_logs(&self) -> String {
        let name = "what-is-asked-last";
        let asking = self.stranger().call("GET", "/nothing-is-here");
        asking.header("X-Request-Id", name).send().await;
        wait::until("the line of the last request", async || {
            let logs = self.logs();
            logs.contains(name).then_some(logs)
        })
        .await
    }

    /// What it has written to standard error so far.
    pub fn logs(&self) -> String {
        self.logs.get()
    }

    /// All that it has written to standard output.
    pub fn printed(&self) -> String {
        self.printed.get()
    }

    /// Sends a signal by its short name, `TERM` or `INT`.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("the server runs").to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status().await;
        assert!(
            status.expect("kill runs").success(),
            "signal {name} did not arrive"
        );
    }

    /// Asks it to stop and waits until it has; the exit code.
    pub async fn stop(mut self) -> Option<i32> {
        self.signal("TERM").await;
        self.ended().await
    }

    /// Waits for its end; the exit code.
    pub async fn ended(&mut self) -> Option<i32> {
        // Its own patience with what is under way is half a minute.
        let end = tokio::time::timeout(Duration::from_mins(2), self.child.wait()).await;
        let Ok(end) = end else {
            panic!("the server did not stop: {}", self.logs.get())
        };
        end.expect("the server is our child").code()
    }

    /// Ends it as a power cut does: without a chance to finish anything.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("the server can be killed");
    }
}

/// What a program writes, line by line while it runs.
#[derive(Clone, Debug)]
struct Text(Arc<Mutex<String>>);

impl Text {
    fn collect(from: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let text = Self(Arc::default());
        let own = text.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(from).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let mut text = own.0.lock().unwrap_or_else(PoisonError::into_inner);
                text.push_str(&line);
                text.push('\n');
            }
        });
        text
    }

    fn get(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
