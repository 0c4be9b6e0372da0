//! The `vouchkey` program.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    vouchkey_server::commands::run().await
}
