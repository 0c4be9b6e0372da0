//! `cargo xtask bench`: the measurements of `docs/performance.md`.
//!
//! `server` is what requests cost, at several numbers of connections, cores and stored sessions; `browser` the npm package
//! beside its peers; `scale` what many sessions a day take; `keystroke` how soon the dashboard's form says what is wrong.

mod browser;
mod create;
mod keystroke;
mod load;
mod memory;
mod ours;
mod peers;
mod read;
mod report;
mod scale;
mod server;
pub(crate) mod soak;
mod stored;
mod subject;

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use clap::Subcommand;

use crate::command::Outcome;

#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Time requests over loopback, of ours and of servers made of what npm has, each answer after a durable commit.
    Server(server::ServerBench),
    /// Time the npm package beside its peers, under Node and in Chromium, and weigh it.
    Browser,
    /// Say what so many sessions a day take, by measured costs and a simulated peak.
    Scale(scale::Scale),
    /// Time the dashboard's form from a key to the message about it.
    Keystroke,
}

/// How long is measured.
#[derive(Clone, Copy)]
struct Length {
    rounds: usize,
    duration: Duration,
}

/// Fills caches and brings the database to life before anything is counted.
const WARM_UP: Duration = Duration::from_secs(1);

pub(crate) fn run(bench: &Bench) -> Outcome {
    match bench {
        Bench::Server(bench) => server::run(bench),
        Bench::Browser => browser::measure(),
        Bench::Scale(scale) => scale::run(scale),
        Bench::Keystroke => keystroke::measure(),
    }
}

/// Servers are measured on one core, and on two where there are as many.
fn most_cores() -> usize {
    thread::available_parallelism()
        .map_or(1, usize::from)
        .min(2)
}

/// Reads the address from the line that the server prints once it accepts requests.
fn address_in(line: &str) -> Option<SocketAddr> {
    line.trim()
        .strip_prefix("listening on http://")?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_the_servers_line() {
        assert_eq!(
            address_in("listening on http://127.0.0.1:4321\n"),
            Some(SocketAddr::from(([127, 0, 0, 1], 4321)))
        );
        assert_eq!(address_in("something else"), None);
    }
}
