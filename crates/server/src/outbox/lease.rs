//! How long a row is a worker's own. A lease is short, so that what a killed server had under way is soon tried by
//! another one, and is extended while the attempt lasts.

use std::pin::pin;
use std::time::Duration;

use tokio::time::sleep;

use crate::app::AppState;
use crate::store::outbox::{Extend, Leased};

/// How long a lease lasts.
pub(super) const LEASE_MS: i64 = 30_000;
/// How often it is extended: twice in vain, and it still holds.
const EVERY: Duration = Duration::from_secs(10);

/// Waits for the end of an attempt, and keeps its lease until then.
pub(super) async fn hold_during<T>(
    state: &AppState,
    lease: &Leased,
    attempt: impl Future<Output = T>,
) -> T {
    let mut attempt = pin!(attempt);
    loop {
        tokio::select! {
            done = &mut attempt => return done,
            () = sleep(EVERY) => extend(state, lease).await,
        }
    }
}

/// Makes a lease last from now on. One that has been lost is left alone: the store will not take the end of its
/// attempt.
pub(super) async fn extend(state: &AppState, lease: &Leased) {
    let extend = Extend {
        lease: lease.clone(),
        until: state.clock.now_ms() + LEASE_MS,
    };
    if let Err(error) = state.store.write(extend).await {
        tracing::warn!(%error, "the lease of a delivery could not be extended");
    }
}
