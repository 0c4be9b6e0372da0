//! The `vouchkey` program.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A session is made of some hundred small pieces, and the system's allocator took a fifth of its time. SQLite is served by
/// it too (the feature `override`).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    vouchkey_server::commands::run().await
}
