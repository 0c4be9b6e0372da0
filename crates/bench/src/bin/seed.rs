//! `seed FOLDER SESSIONS IDS MOST`: writes sessions into an installation whose server does not run, and some of their ids, one
//! a line, into the file IDS. `VOUCHKEY_DATABASE_URL` counts as for the server.

use std::fs;
use std::path::PathBuf;

use clap::Parser;
use vouchkey_bench::{Failure, seed};

#[derive(Parser)]
struct Arguments {
    /// The installation's data folder.
    folder: PathBuf,
    /// How many sessions to write.
    sessions: u64,
    /// Where the ids go.
    ids: PathBuf,
    /// How many of them, at most.
    most: u64,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let ids = seed(&arguments.folder, arguments.sessions, arguments.most).await?;
    let mut lines = String::new();
    for id in &ids {
        lines.push_str(&id.to_string());
        lines.push('\n');
    }
    fs::write(&arguments.ids, lines)?;
    Ok(())
}
