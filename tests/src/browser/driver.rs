//! The program that drives Chromium, on a free port.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::ATTEMPTS;

/// What Chromium is started with: no window, no sandbox (tests run as root in containers), and
/// nothing that talks to the outside.
pub(super) const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--window-size=1440,1000",
];

/// A running driver. It is killed when the value is dropped.
#[derive(Debug)]
pub(super) struct Driver {
    _child: Child,
    url: String,
}

/// The browser's program: what `CHROME` names, else Debian's.
pub(super) fn chromium() -> String {
    std::env::var("CHROME").unwrap_or_else(|_| "/usr/bin/chromium".to_owned())
}

impl Driver {
    /// Starts a driver. The port that it takes on one kind of address may be somebody else's on the other: then it ends at
    /// once, and another one is tried.
    pub(super) async fn start() -> Self {
        for _ in 1..ATTEMPTS {
            if let Some(driver) = Self::try_to_start().await {
                return driver;
            }
        }
        let last = Self::try_to_start().await;
        last.expect("the driver says on which port it listens")
    }

    async fn try_to_start() -> Option<Self> {
        let program = std::env::var("CHROMEDRIVER");
        let program = program.unwrap_or_else(|_| "/usr/bin/chromedriver".to_owned());
        let mut child = Command::new(&program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{program} does not start: {error}"));
        let out = child.stdout.take().expect("standard output is piped");
        let mut lines = BufReader::new(out).lines();
        let port = loop {
            let line = lines.next_line().await.expect("the driver's output");
            if let Some((_, port)) = line?.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        // What it says later is read and dropped, so that a full pipe never stops it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Some(Self {
            _child: child,
            url: format!("http://127.0.0.1:{port}"),
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }
}
