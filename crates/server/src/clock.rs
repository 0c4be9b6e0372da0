//! The one reader of time and randomness.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use vouchkey_types::date::Date;
use vouchkey_types::id::{EventId, KeyId, LinkId, OrganizationId, SessionId, UserId, WorkflowId};

/// The time, and random bytes. Clones of a fixed clock share its time.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Fixed(Arc<AtomicI64>),
}

/// Bytes of a name.
const NAME: usize = 16;

/// Names that are drawn at once.
const NAMES: usize = 64;

thread_local! {
    static AHEAD: RefCell<Vec<[u8; NAME]>> = const { RefCell::new(Vec::new()) };
}

/// An id that can be made new.
pub trait NewId {
    /// The id made at this time from these random bytes.
    fn new(unix_ms: u64, random: [u8; 10]) -> Self;
}

macro_rules! new_ids {
    ($($id:ty),*) => {$(
        impl NewId for $id {
            fn new(unix_ms: u64, random: [u8; 10]) -> Self {
                Self::from_parts(unix_ms, random)
            }
        }
    )*};
}
new_ids!(
    EventId,
    KeyId,
    LinkId,
    OrganizationId,
    SessionId,
    UserId,
    WorkflowId
);

impl Clock {
    /// The machine's clock.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at this Unix time in milliseconds until it is moved.
    pub fn fixed(unix_ms: i64) -> Self {
        Self(Source::Fixed(Arc::new(AtomicI64::new(unix_ms))))
    }

    /// Moves a fixed clock, and nothing else.
    pub fn advance(&self, ms: i64) {
        if let Source::Fixed(now) = &self.0 {
            now.fetch_add(ms, Ordering::SeqCst);
        }
    }

    /// Unix time in milliseconds.
    pub fn now_ms(&self) -> i64 {
        match &self.0 {
            Source::System => system_ms(),
            Source::Fixed(now) => now.load(Ordering::SeqCst),
        }
    }

    /// Today's date in UTC.
    pub fn today(&self) -> Date {
        Date::from_unix_ms(self.now_ms())
    }

    /// Bytes that nobody can guess.
    ///
    /// # Panics
    /// If the operating system has none to give.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        #[expect(
            clippy::expect_used,
            reason = "without the system's randomness no secret can be made; there is no way to go on"
        )]
        getrandom::fill(&mut bytes).expect("the operating system has no random bytes");
        bytes
    }

    /// As many bits for a name that nobody else has. Each thread draws them ahead for several names, since a question to
    /// the system costs more than the rest of a name. They stand in memory for a while: for names, not for secrets.
    pub fn name(&self) -> [u8; NAME] {
        AHEAD.with_borrow_mut(|ahead| {
            if ahead.is_empty() {
                let drawn = self.random::<{ NAME * NAMES }>();
                let (names, _) = drawn.as_chunks();
                ahead.extend_from_slice(names);
            }
            ahead.pop().unwrap_or_else(|| self.random())
        })
    }

    /// A new id.
    pub fn id<I: NewId>(&self) -> I {
        I::new(
            u64::try_from(self.now_ms()).unwrap_or_default(),
            self.random(),
        )
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn system_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| {
            i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_moves_only_when_told_and_with_its_clones() {
        let clock = Clock::fixed(1_769_947_200_000);
        let clone = clock.clone();
        clock.advance(86_400_000);
        assert_eq!(clone.now_ms(), 1_770_033_600_000);
        assert_eq!(clone.today().to_string(), "2026-02-02");
    }

    #[test]
    fn ids_carry_the_time_and_differ() {
        let clock = Clock::fixed(1_000);
        let (one, two) = (clock.id::<SessionId>(), clock.id::<SessionId>());
        assert_ne!(one, two);
        assert!(one.to_string() < Clock::fixed(2_000).id::<SessionId>().to_string());
    }

    #[test]
    fn every_name_is_another_on_every_thread() {
        let draw = || {
            let clock = Clock::fixed(0);
            (0..10 * NAMES).map(|_| clock.name()).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(draw)).collect();
        let names = threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap());
        let all: std::collections::HashSet<_> = names.collect();
        assert_eq!(all.len(), 4 * 10 * NAMES);
        assert!(!all.contains(&[0; NAME]));
    }

    #[test]
    fn the_system_clock_is_past_this_text() {
        assert!(Clock::system().now_ms() > 1_760_000_000_000);
    }
}
