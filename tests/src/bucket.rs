//! What a rate limit lets through, however slow the machine is.

use std::time::Instant;

use crate::api::Answer;

/// A bucket that holds so many and is filled again within a minute. A busy machine may take so long that some come back
/// while it is emptied: no more than that are let through, and no fewer than it holds.
#[derive(Debug)]
pub struct Bucket {
    holds: u64,
    since: Instant,
    /// How many were let through.
    pub taken: u64,
}

impl Bucket {
    /// One that nobody has asked yet.
    pub fn full(holds: u64) -> Self {
        Self {
            holds,
            since: Instant::now(),
            taken: 0,
        }
    }

    /// How many can have come back by now.
    fn refilled(&self) -> u64 {
        self.since.elapsed().as_secs() * self.holds / 60
    }

    /// Notes what was let through.
    pub fn take(&mut self) {
        self.taken += 1;
        let most = self.holds + self.refilled();
        assert!(self.taken <= most, "{} of {most}", self.taken);
    }

    /// Sends until it is refused; the refusal. Counts what comes through.
    pub async fn empty(&mut self, send: impl AsyncFn() -> Answer) -> Answer {
        loop {
            let answer = send().await;
            if answer.status == 429 {
                assert!(self.taken >= self.holds, "{} of {}", self.taken, self.holds);
                let answer = answer.expect_error(429, "rate_limited");
                assert_eq!(answer.number("x-ratelimit-limit"), self.holds);
                assert_eq!(answer.number("x-ratelimit-remaining"), 0);
                let wait = answer.number("retry-after");
                assert!((1..=60 / self.holds).contains(&wait), "{wait} s for one");
                return answer;
            }
            assert!(answer.status < 300, "{}: {}", answer.status, answer.text);
            self.take();
            let left = answer.number("x-ratelimit-remaining") + self.taken;
            let most = self.holds + self.refilled();
            assert!((self.holds..=most).contains(&left), "{left} of {most}");
        }
    }
}
