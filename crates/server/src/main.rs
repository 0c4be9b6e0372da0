//! The `vouchkey` program.

use std::process::ExitCode;
use std::time::Duration;

use mimalloc::MiMalloc;
use tokio::runtime::Builder;

/// A session is made of some hundred small pieces, and the system's allocator took a fifth of its time. SQLite keeps the
/// system's: in its place for the whole process (the feature `override`) the program ended by a signal at its start where
/// another library was preloaded that asks for memory early, as `libfaketime` does.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// How long work that blocks may go on when all else is done: the look-up of a name, say, that no server answers.
const LAST_WORK: Duration = Duration::from_secs(5);

/// One thread; a server starts more for its connections.
fn main() -> ExitCode {
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the system gives no event queue: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(vouchkey_server::commands::run());
    runtime.shutdown_timeout(LAST_WORK);
    code
}
