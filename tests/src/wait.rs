//! Waiting for something to become true, instead of sleeping for a guessed time.

use std::time::{Duration, Instant};

/// How long a condition may take on a busy machine before the test gives up.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// How long to rest between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks again and again until the answer is there, and returns it.
///
/// `what` ends the sentence "waited in vain for …".
pub async fn until<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, ask).await
}

/// Like [`until`], with a patience of its own.
pub async fn until_within<T>(
    patience: Duration,
    what: &str,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(
            start.elapsed() < patience,
            "waited {patience:?} in vain for {what}"
        );
        tokio::time::sleep(PAUSE).await;
    }
}
