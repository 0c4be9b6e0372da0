//! The `vouchkey` program.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A session is made of some hundred small pieces, and the system's allocator took a fifth of its time. SQLite keeps the
/// system's: in its place for the whole process (the feature `override`) the program ended by a signal at its start where
/// another library was preloaded that asks for memory early, as `libfaketime` does.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// One thread; a server starts more for its connections.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    vouchkey_server::commands::run().await
}
