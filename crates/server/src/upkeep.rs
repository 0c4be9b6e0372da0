//! The worker for what no request waits for: it writes lapsed sessions as expired, deletes old
//! idempotency records and failures to sign in, and notes when keys were last used.

use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::admin::FORGOTTEN_MS;
use crate::app::AppState;
use crate::outbox;
use crate::store::StoreError;
use crate::store::upkeep::{
    ExpireSessions, HurryDeliveries, PurgeFailures, PurgeIdempotency, TouchKeys,
};

/// How often it looks.
const PERIOD: Duration = Duration::from_secs(10);

/// Rows a transaction: so few that no request waits long behind it.
const BATCH: u16 = 200;

/// Runs until told to stop.
pub async fn run(state: AppState, stop: CancellationToken) {
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = period.tick() => {}
        }
        report(
            "lapsed sessions could not be written",
            expire_sessions(&state).await,
        );
        report(
            "old idempotency records could not be deleted",
            purge_idempotency(&state).await,
        );
        report(
            "old failures to sign in could not be deleted",
            purge_failures(&state).await,
        );
        report(
            "deliveries that a clock put off could not be made due",
            hurry_deliveries(&state).await,
        );
        report(
            "the last uses of keys could not be written",
            touch_keys(&state).await,
        );
    }
    report(
        "the last uses of keys could not be written",
        touch_keys(&state).await,
    );
}

fn report(what: &str, result: Result<(), StoreError>) {
    if let Err(error) = result {
        tracing::warn!(%error, "{what}; the next round tries again");
    }
}

/// Writes all lapsed sessions as expired.
///
/// # Errors
/// Those of the database.
pub async fn expire_sessions(state: &AppState) -> Result<(), StoreError> {
    loop {
        let events = (0..BATCH).map(|_| state.clock.id()).collect();
        let change = ExpireSessions {
            now: state.clock.now_ms(),
            events,
        };
        if state.store.write(change).await?.len() < usize::from(BATCH) {
            return Ok(());
        }
    }
}

/// Deletes all idempotency records that have expired.
///
/// # Errors
/// Those of the database.
pub async fn purge_idempotency(state: &AppState) -> Result<(), StoreError> {
    loop {
        let change = PurgeIdempotency {
            now: state.clock.now_ms(),
            limit: i64::from(BATCH),
        };
        if state.store.write(change).await? < u64::from(BATCH) {
            return Ok(());
        }
    }
}

/// Deletes all failures to sign in that are forgotten.
///
/// # Errors
/// Those of the database.
pub async fn purge_failures(state: &AppState) -> Result<(), StoreError> {
    loop {
        let change = PurgeFailures {
            before: state.clock.now_ms() - FORGOTTEN_MS,
            limit: i64::from(BATCH),
        };
        if state.store.write(change).await? < u64::from(BATCH) {
            return Ok(());
        }
    }
}

/// Makes deliveries due that were put off by a clock that has been set back since.
///
/// # Errors
/// Those of the database.
pub async fn hurry_deliveries(state: &AppState) -> Result<(), StoreError> {
    loop {
        let now = state.clock.now_ms();
        let change = HurryDeliveries {
            now,
            latest: now + outbox::LONGEST_WAIT_MS,
            limit: i64::from(BATCH),
        };
        let hurried = state.store.write(change).await?;
        if hurried > 0 {
            tracing::warn!(
                hurried,
                "the clock was set back; deliveries that it put off are due"
            );
            state.outbox_wake.notify_one();
        }
        if hurried < u64::from(BATCH) {
            return Ok(());
        }
    }
}

/// Writes when keys were last used.
///
/// # Errors
/// Those of the database.
pub async fn touch_keys(state: &AppState) -> Result<(), StoreError> {
    let used = state.last_used.take();
    if used.is_empty() {
        Ok(())
    } else {
        let written = state.store.write(TouchKeys(used.clone())).await;
        if written.is_err() {
            state.last_used.put_back(used);
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use vouchkey_types::id::KeyId;

    use super::*;
    use crate::test_bed::Bed;

    #[tokio::test]
    async fn uses_of_keys_that_cannot_be_written_are_kept_for_the_next_time() {
        let bed = Bed::new().await;
        let key = KeyId::from_parts(1, [0; 10]);
        bed.state.last_used.note(bed.organization, key, 1);
        bed.state.store.close().await;
        assert!(touch_keys(&bed.state).await.is_err());
        let kept = bed.state.last_used.take();
        assert_eq!(kept.get(&(bed.organization, key)), Some(&1));
    }
}
