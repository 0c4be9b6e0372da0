//! Two token buckets a caller: one for requests, one for creations (decision 16).
//!
//! A bucket holds as many tokens as its limit a minute and is refilled evenly over 60 seconds. It
//! is counted in whole numbers, in parts of 1/60,000 of a token: one millisecond refills exactly
//! `limit` parts.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use http::{HeaderName, HeaderValue};
use vouchkey_types::problem::ErrorCode;

use super::caller::Actor;
use super::error::ApiError;

/// Parts of a token.
const TOKEN: u64 = 60_000;

/// With more buckets than this, the full ones are forgotten: a full bucket is like a new one.
const MANY_BUCKETS: usize = 10_000;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The buckets of one kind, one a caller.
#[derive(Debug)]
pub struct Buckets {
    limit: u32,
    buckets: Mutex<HashMap<Actor, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// What is in it, in parts of a token.
    level: u64,
    /// When that was so, in Unix milliseconds.
    at: i64,
}

/// What a caller is told about a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Tokens a minute.
    pub limit: u32,
    /// Whole tokens that are left.
    pub remaining: u64,
    /// The Unix second at which the bucket is full.
    pub full_at: i64,
}

/// A bucket that has no token left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted {
    /// The bucket.
    pub quota: Quota,
    /// Seconds until it has a token, rounded up.
    pub retry_after: u64,
}

impl Buckets {
    /// Buckets of so many tokens a minute; 0 sets no limit.
    pub fn new(limit: u32) -> Self {
        Self {
            limit,
            buckets: Mutex::default(),
        }
    }

    /// Takes a token from a caller's bucket; `None` where there is no limit.
    ///
    /// # Errors
    ///
    /// [`Exhausted`] when there is none left.
    pub fn take(&self, actor: Actor, now: i64) -> Result<Option<Quota>, Exhausted> {
        if self.limit == 0 {
            return Ok(None);
        }
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() > MANY_BUCKETS {
            buckets.retain(|_, bucket| bucket.refilled(self.limit, now).level < self.capacity());
        }
        let bucket = buckets.entry(actor).or_insert(Bucket {
            level: self.capacity(),
            at: now,
        });
        *bucket = bucket.refilled(self.limit, now);
        if bucket.level < TOKEN {
            let missing = (TOKEN - bucket.level).div_ceil(u64::from(self.limit));
            return Err(Exhausted {
                quota: self.quota(*bucket),
                retry_after: missing.div_ceil(1_000),
            });
        }
        bucket.level -= TOKEN;
        Ok(Some(self.quota(*bucket)))
    }

    /// Puts back a token that was taken for nothing.
    pub fn give_back(&self, actor: Actor) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        // One that is no longer there was full.
        if let Some(bucket) = buckets.get_mut(&actor) {
            bucket.level = (bucket.level + TOKEN).min(self.capacity());
        }
    }

    fn capacity(&self) -> u64 {
        u64::from(self.limit) * TOKEN
    }

    fn quota(&self, bucket: Bucket) -> Quota {
        let refill = (self.capacity() - bucket.level).div_ceil(u64::from(self.limit));
        let full_at = bucket.at.saturating_add_unsigned(refill);
        Quota {
            limit: self.limit,
            remaining: bucket.level / TOKEN,
            full_at: full_at.div_euclid(1_000) + i64::from(full_at.rem_euclid(1_000) > 0),
        }
    }
}

impl Bucket {
    /// The bucket at a later time. A clock that was set back refills nothing.
    fn refilled(self, limit: u32, now: i64) -> Self {
        let passed = u64::try_from(now.saturating_sub(self.at)).unwrap_or(0);
        let limit = u64::from(limit);
        Self {
            level: self
                .level
                .saturating_add(passed.saturating_mul(limit))
                .min(limit * TOKEN),
            at: now,
        }
    }
}

impl Quota {
    /// The headers that tell it.
    pub fn headers(self) -> [(HeaderName, HeaderValue); 3] {
        [
            (LIMIT, HeaderValue::from(self.limit)),
            (REMAINING, HeaderValue::from(self.remaining)),
            (RESET, HeaderValue::from(self.full_at)),
        ]
    }
}

impl From<Exhausted> for ApiError {
    fn from(Exhausted { retry_after, .. }: Exhausted) -> Self {
        let unit = if retry_after == 1 {
            "second"
        } else {
            "seconds"
        };
        Self::new(
            ErrorCode::RateLimited,
            format!("Rate limit exceeded. Retry after {retry_after} {unit}."),
        )
        .retry_after(retry_after)
    }
}

#[cfg(test)]
mod tests {
    use vouchkey_types::id::KeyId;

    use super::*;

    const NOW: i64 = 1_770_000_000_000;

    fn actor(n: u64) -> Actor {
        Actor::Key(KeyId::from_parts(n, [0; 10]))
    }

    #[test]
    fn a_token_that_is_given_back_can_be_taken_again() {
        let buckets = Buckets::new(1);
        let before = buckets.take(actor(1), 0).unwrap();
        assert!(buckets.take(actor(1), 0).is_err());
        buckets.give_back(actor(1));
        assert_eq!(buckets.take(actor(1), 0), Ok(before));
        for _ in 0..3 {
            buckets.give_back(actor(1));
        }
        assert_eq!(
            buckets.take(actor(1), 0),
            Ok(before),
            "never more than it holds"
        );
        assert!(buckets.take(actor(1), 0).is_err());
    }

    #[test]
    fn a_bucket_gives_its_limit_at_once_and_then_one_at_a_time() {
        let buckets = Buckets::new(3);
        for left in [2, 1, 0] {
            assert_eq!(
                buckets.take(actor(1), NOW).unwrap().unwrap().remaining,
                left
            );
        }
        let refused = buckets.take(actor(1), NOW).unwrap_err();
        assert_eq!(
            refused,
            Exhausted {
                quota: Quota {
                    limit: 3,
                    remaining: 0,
                    full_at: NOW / 1_000 + 60
                },
                retry_after: 20
            }
        );
        assert_eq!(
            buckets
                .take(actor(1), NOW + 19_999)
                .unwrap_err()
                .retry_after,
            1
        );
        assert!(buckets.take(actor(1), NOW + 20_000).is_ok());
        assert!(buckets.take(actor(1), NOW + 20_000).is_err());
        assert!(
            buckets.take(actor(2), NOW).is_ok(),
            "each caller has a bucket of its own"
        );
    }

    #[test]
    fn a_bucket_never_holds_more_than_its_limit() {
        let buckets = Buckets::new(3);
        buckets.take(actor(1), NOW).unwrap();
        assert_eq!(
            buckets
                .take(actor(1), NOW + 3_600_000)
                .unwrap()
                .unwrap()
                .remaining,
            2
        );
    }

    #[test]
    fn a_clock_that_was_set_back_refills_nothing() {
        let buckets = Buckets::new(1);
        buckets.take(actor(1), NOW).unwrap();
        assert!(buckets.take(actor(1), NOW - 3_600_000).is_err());
        assert!(buckets.take(actor(1), NOW - 3_600_000 + 60_000).is_ok());
    }

    #[test]
    fn without_a_limit_there_is_no_quota() {
        assert_eq!(Buckets::new(0).take(actor(1), NOW), Ok(None));
    }
}
