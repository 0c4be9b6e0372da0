//! A peak, event by event: requests arrive at random, wait for a core, then for the commit that they share.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// What is simulated. Times are in microseconds.
pub(super) struct Peak {
    /// Creations a second, over all servers.
    pub(super) creates_per_second: f64,
    /// Reads for each creation.
    pub(super) reads: f64,
    pub(super) servers: usize,
    /// Cores of each server.
    pub(super) cores: usize,
    /// CPU time of a creation and of a read on a server.
    pub(super) create: u64,
    pub(super) read: u64,
    /// What a commit takes, and what each session in it adds.
    pub(super) commit: u64,
    pub(super) row: u64,
    /// How long requests arrive.
    pub(super) duration: u64,
}

/// Creations that share a commit at most, and that may wait for one: as the server has it.
pub(super) const BATCH: usize = 64;
const QUEUE: usize = 1_024;

/// What came of it.
pub(super) struct Seen {
    pub(super) commits_per_second: f64,
    pub(super) sessions_a_commit: f64,
    /// The longest queue for a commit at any server.
    pub(super) longest_queue: usize,
    /// Microseconds from arrival to the end of the commit: the median and the 99th percentile.
    pub(super) median: u64,
    pub(super) p99: u64,
    /// Creations refused since the queue was full.
    pub(super) refused: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Create,
    Read,
    /// A core of this server has done a creation that arrived then, or a read.
    Worked(usize, Option<u64>),
    /// A server's commit is on disk.
    Committed(usize),
}

#[derive(Default)]
struct Server {
    busy: usize,
    /// What waits for a core: the arrival of a creation, or a read.
    for_core: VecDeque<Option<u64>>,
    for_commit: VecDeque<u64>,
    committing: Vec<u64>,
}

struct Run<'a> {
    peak: &'a Peak,
    random: Random,
    now: u64,
    events: BinaryHeap<Reverse<(u64, Event)>>,
    servers: Vec<Server>,
    latencies: Vec<u64>,
    commits: usize,
    longest_queue: usize,
    refused: usize,
}

/// Simulates it. The same seed gives the same.
pub(super) fn simulate(peak: &Peak, seed: u64) -> Seen {
    let mut run = Run {
        peak,
        random: Random(seed),
        now: 0,
        events: BinaryHeap::new(),
        servers: (0..peak.servers).map(|_| Server::default()).collect(),
        latencies: Vec::new(),
        commits: 0,
        longest_queue: 0,
        refused: 0,
    };
    run.next(Event::Create, peak.creates_per_second);
    run.next(Event::Read, peak.creates_per_second * peak.reads);
    while let Some(Reverse((at, event))) = run.events.pop() {
        run.now = at;
        run.step(event);
    }
    run.seen()
}

impl Run<'_> {
    fn step(&mut self, event: Event) {
        match event {
            Event::Create => {
                self.arrive(Some(self.now));
                self.next(event, self.peak.creates_per_second);
            }
            Event::Read => {
                self.arrive(None);
                self.next(event, self.peak.creates_per_second * self.peak.reads);
            }
            Event::Worked(server, work) => self.worked(server, work),
            Event::Committed(server) => {
                let done = std::mem::take(&mut self.servers[server].committing);
                self.latencies
                    .extend(done.iter().map(|arrived| self.now - arrived));
                self.commit(server);
            }
        }
    }

    /// Plans the next arrival of a kind, by a Poisson process.
    fn next(&mut self, event: Event, per_second: f64) {
        let wait = -self.random.unit().ln() * 1e6 / per_second;
        if wait.is_finite() && self.now + micros(wait) < self.peak.duration {
            self.plan(micros(wait), event);
        }
    }

    fn plan(&mut self, wait: u64, event: Event) {
        self.events.push(Reverse((self.now + wait, event)));
    }

    fn arrive(&mut self, work: Option<u64>) {
        let server = self.random.below(self.servers.len());
        self.servers[server].for_core.push_back(work);
        self.work(server);
    }

    fn work(&mut self, server: usize) {
        while self.servers[server].busy < self.peak.cores {
            let Some(work) = self.servers[server].for_core.pop_front() else {
                return;
            };
            self.servers[server].busy += 1;
            let time = match work {
                Some(_) => self.peak.create,
                None => self.peak.read,
            };
            self.plan(time, Event::Worked(server, work));
        }
    }

    fn worked(&mut self, server: usize, work: Option<u64>) {
        self.servers[server].busy -= 1;
        if let Some(arrived) = work {
            let queue = &mut self.servers[server].for_commit;
            if queue.len() < QUEUE {
                queue.push_back(arrived);
                self.longest_queue = self.longest_queue.max(queue.len());
                self.commit(server);
            } else {
                self.refused += 1;
            }
        }
        self.work(server);
    }

    /// Begins a commit of all that waits, if none is under way.
    fn commit(&mut self, server: usize) {
        let own = &mut self.servers[server];
        if !own.committing.is_empty() || own.for_commit.is_empty() {
            return;
        }
        let count = own.for_commit.len().min(BATCH);
        own.committing = own.for_commit.drain(..count).collect();
        self.commits += 1;
        // A disk is seldom faster than usual and now and then much slower.
        let commit = self.peak.commit as f64 * (0.5 - 0.5 * self.random.unit().ln());
        let rows = self.peak.row * u64::try_from(count).unwrap_or(u64::MAX);
        self.plan(micros(commit) + rows, Event::Committed(server));
    }

    fn seen(mut self) -> Seen {
        self.latencies.sort_unstable();
        let at = |share: usize| {
            let place = self.latencies.len() * share / 100;
            self.latencies.get(place).copied().unwrap_or_default()
        };
        let seconds = self.peak.duration as f64 / 1e6;
        Seen {
            commits_per_second: self.commits as f64 / seconds,
            sessions_a_commit: self.latencies.len() as f64 / self.commits.max(1) as f64,
            longest_queue: self.longest_queue,
            median: at(50),
            p99: at(99),
            refused: self.refused,
        }
    }
}

fn micros(time: f64) -> u64 {
    time.round() as u64
}

/// `SplitMix64`, so that a seed means the same with every version of every library.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Above 0 and at most 1.
    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peak(creates_per_second: f64) -> Peak {
        Peak {
            creates_per_second,
            reads: 2.0,
            servers: 1,
            cores: 2,
            create: 200,
            read: 50,
            commit: 2_000,
            row: 50,
            duration: 10_000_000,
        }
    }

    #[test]
    fn a_seed_gives_the_same_and_another_one_something_else() {
        let latencies = |seed| {
            let seen = simulate(&peak(500.0), seed);
            (seen.median, seen.p99, seen.longest_queue)
        };
        assert_eq!(latencies(1), latencies(1));
        assert_ne!(latencies(1), latencies(2));
    }

    #[test]
    fn alone_a_creation_waits_for_its_core_and_its_commit() {
        let seen = simulate(&peak(1.0), 1);
        assert!(seen.sessions_a_commit < 1.01);
        assert!((1_250..4_000).contains(&seen.median), "{}", seen.median);
        assert_eq!(seen.refused, 0);
    }

    #[test]
    fn the_more_there_are_the_more_share_a_commit_until_some_are_refused() {
        let [few, many, too_many] = [100.0, 4_000.0, 40_000.0].map(|rate| {
            let peak = Peak {
                // Cores enough, so that the commits are what is short.
                cores: 64,
                ..peak(rate)
            };
            simulate(&peak, 1)
        });
        assert!(few.sessions_a_commit < 2.0);
        assert!(many.sessions_a_commit > 5.0 && many.refused == 0);
        assert!(too_many.sessions_a_commit > 63.0 && too_many.refused > 0);
        assert_eq!(too_many.longest_queue, QUEUE);
    }
}
