//! Growing delays after failed sign-ins, by the address that was tried, whether anybody has it or not.
//!
//! An attempt counts as failed from its beginning and is forgiven when it succeeds, so that many at once are no way
//! around the delay.

use sqlx::AnyConnection;

use crate::store::sign_ins::{self, Failures};
use crate::store::{Change, Engine, Reshown, StoreError};

/// Failures without a delay.
const FREE: i64 = 5;
const SECOND_MS: i64 = 1_000;
/// The longest delay: 15 minutes.
const LONGEST_MS: i64 = 15 * 60 * SECOND_MS;
/// After a day without failures all are forgotten.
pub const FORGOTTEN_MS: i64 = 24 * 60 * 60 * SECOND_MS;

/// The delay after so many failures in a row, in milliseconds: none for the first five, then 1 s, 2 s, 4 s, … 15 min.
fn delay(failures: i64) -> i64 {
    if failures < FREE {
        return 0;
    }
    // Ten doublings reach the longest delay.
    let doublings = (failures - FREE).min(10);
    (SECOND_MS << doublings).min(LONGEST_MS)
}

/// Begins an attempt.
pub(super) struct Begin {
    /// The keyed hash of the address.
    pub(super) account_hash: [u8; 32],
    /// Unix milliseconds.
    pub(super) now: i64,
}

/// Whether an attempt may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begun {
    /// It may.
    Free,
    /// Not before so many seconds.
    Wait(u64),
}

impl Change for Begin {
    type Outcome = Begun;

    fn reshows(&self) -> Reshown {
        Reshown::None
    }

    async fn apply(self, conn: &mut AnyConnection, _: Engine) -> Result<Begun, StoreError> {
        let Self { account_hash, now } = self;
        let before = sign_ins::hold_failures(conn, account_hash).await?;
        // What seems to lie ahead was written under a clock that was wrong, or just after this attempt had come.
        let last_at = before.last_at.min(now);
        let count = if now - last_at < FORGOTTEN_MS {
            before.count
        } else {
            0
        };
        let free_at = last_at + delay(count);
        if now < free_at {
            if last_at < before.last_at {
                // Else the delay would begin anew at each attempt.
                sign_ins::set_failures(conn, account_hash, Failures { count, last_at }).await?;
            }
            return Ok(Begun::Wait((free_at - now).unsigned_abs().div_ceil(1_000)));
        }
        let failures = Failures {
            count: count + 1,
            last_at: now,
        };
        sign_ins::set_failures(conn, account_hash, failures).await?;
        Ok(Begun::Free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_are_free_and_then_the_delay_doubles_to_15_minutes() {
        let seconds: Vec<i64> = (0..=17)
            .map(|failures| delay(failures) / SECOND_MS)
            .collect();
        assert_eq!(
            seconds,
            [
                0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900
            ]
        );
        assert_eq!(delay(i64::MAX), LONGEST_MS);
    }
}
