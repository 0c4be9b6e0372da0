//! The one reader of time and randomness.

use std::cell::RefCell;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use vouchkey_types::date::Date;
use vouchkey_types::id::{EventId, KeyId, LinkId, OrganizationId, SessionId, UserId, WorkflowId};

/// The time, and random bytes. Clones share a fixed time, and the order of ids.
#[derive(Debug, Clone)]
pub struct Clock {
    source: Source,
    last: Arc<Mutex<Last>>,
}

/// The newest id: its time, and what stands behind that.
#[derive(Debug, Default)]
struct Last {
    unix_ms: i64,
    tail: u128,
}

/// The random bytes of an id.
pub type Tail = [u8; 10];

/// Bits of a tail; the first is left to those that come in the same millisecond.
const TAIL_BITS: u32 = 80;

/// How far apart the tails of one millisecond are, at most: nobody finds the neighbour of an id by counting.
const STEP: u128 = 1 << 32;

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
    /// The id made at this time with this tail.
    fn new(unix_ms: u64, tail: Tail) -> Self;
}

macro_rules! new_ids {
    ($($id:ty),*) => {$(
        impl NewId for $id {
            fn new(unix_ms: u64, tail: Tail) -> Self {
                Self::from_parts(unix_ms, tail)
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
    pub fn system() -> Self {
        Self::of(Source::System)
    }

    /// A clock that stands at this Unix time in milliseconds until it is moved.
    pub fn fixed(unix_ms: i64) -> Self {
        Self::of(Source::Fixed(Arc::new(AtomicI64::new(unix_ms))))
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            last: Arc::default(),
        }
    }

    /// Moves a fixed clock, and nothing else.
    pub fn advance(&self, ms: i64) {
        if let Source::Fixed(now) = &self.source {
            now.fetch_add(ms, Ordering::SeqCst);
        }
    }

    /// Unix time in milliseconds.
    pub fn now_ms(&self) -> i64 {
        match &self.source {
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
        let now = self.now_ms();
        let tail = self.tail(now, self.random());
        I::new(u64::try_from(now).unwrap_or_default(), tail)
    }

    /// What stands behind the time in an id: these random bytes, but within one millisecond a greater value each time, so
    /// that the ids of one process sort as they were made (RFC 9562, 6.2).
    pub fn tail(&self, unix_ms: i64, random: Tail) -> Tail {
        let random = random
            .iter()
            .fold(0, |number, byte| number << 8 | u128::from(*byte));
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let tail = if unix_ms == last.unix_ms {
            last.tail + 1 + random % STEP
        } else {
            random >> 1
        };
        // One that was dated before others, and comes after them, is not the newest.
        if unix_ms >= last.unix_ms {
            *last = Last { unix_ms, tail };
        }
        drop(last);
        let bytes = (tail << (u128::BITS - TAIL_BITS)).to_be_bytes();
        std::array::from_fn(|place| bytes[place])
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
    fn ids_of_one_millisecond_sort_as_they_were_made_on_whatever_thread() {
        let clock = Clock::fixed(1_000);
        let mut last = clock.id::<SessionId>();
        for _ in 0..1_000 {
            let clone = clock.clone();
            let id = if last.to_bytes()[15].is_multiple_of(8) {
                std::thread::spawn(move || clone.id::<SessionId>())
                    .join()
                    .unwrap()
            } else {
                clone.id()
            };
            assert!(last.to_text() < id.to_text());
            last = id;
        }
        clock.advance(1);
        assert!(last.to_text() < clock.id::<SessionId>().to_text());
    }

    #[test]
    fn a_tail_dated_before_others_leaves_their_order_alone() {
        let clock = Clock::fixed(0);
        let newest = clock.tail(2_000, [0xff; 10]);
        clock.tail(1_000, [0; 10]);
        assert!(newest < clock.tail(2_000, [0; 10]));
        assert_eq!(newest[0], 0x7f);
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
