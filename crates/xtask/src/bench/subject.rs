//! A server that is measured, in processes of its own.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::address_in;
use super::load::{Load, Until};
use super::report::{Figures, number};
use crate::command::{During, Failure, Outcome, call, output};

pub(super) struct Subject {
    child: Child,
    address: SocketAddr,
    started: Instant,
    ticks_per_second: u64,
}

/// How often a server that works on after its last answer is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// What a server at rest uses at most between two looks, its database included: 4 % of a core.
const REST: Duration = Duration::from_millis(20);
/// So many looks show that it rests, and does not wait for a slow disk.
const CALM: u32 = 3;
/// A server that has not come to rest by then has work that grows faster than it is done.
const LONGEST: Duration = Duration::from_mins(5);

impl Subject {
    /// Starts a server on the first so many cores, its log in a file, as a service manager would keep it.
    pub(super) fn start(server: &Command, cores: usize, log: &Path) -> Outcome<Self> {
        let ticks = output(call("getconf").arg("CLK_TCK"))?;
        let ticks_per_second = ticks
            .trim()
            .parse()
            .map_err(|_| Failure(format!("CLK_TCK is {ticks:?}")))?;
        let mut command = on_cores(server, cores);
        let started = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(log).during(log.display())?)
            .spawn()
            .during("taskset (of util-linux)")?;
        let address = child.stdout.take().and_then(|stdout| {
            BufReader::new(stdout)
                .lines()
                .map_while(Result::ok)
                .find_map(|line| address_in(&line))
        });
        let Some(address) = address else {
            // It may still run, having said something else.
            let _ = child.kill();
            let _ = child.wait();
            let log = fs::read_to_string(log).unwrap_or_default();
            return Err(Failure(format!("the server did not start: {}", log.trim())));
        };
        Ok(Self {
            child,
            address,
            started,
            ticks_per_second,
        })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The time since the process was started.
    pub(super) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Loads it for some time, and adds what that showed: of the server, and of the processes of the database that works
    /// for it.
    pub(super) fn measure(
        &self,
        load: &Load,
        connections: usize,
        duration: Duration,
        postmaster: Option<u32>,
        figures: &mut Figures,
    ) -> Outcome {
        let before = self.cpu_times_at_rest(postmaster)?;
        let measured = load.run(connections, Until::Time(duration))?;
        let after = self.cpu_times_at_rest(postmaster)?;
        let cpu = after.0.saturating_sub(before.0);
        let database = after
            .1
            .zip(before.1)
            .map(|(after, before)| after.saturating_sub(before));
        figures.add(&measured, cpu, database);
        Ok(())
    }

    /// The processor time that a process and those that it started have used so far, their own and the kernel's for them.
    fn cpu_time(&self, process: u32) -> Outcome<Duration> {
        let mut ticks = 0;
        for process in with_children(process) {
            let file = format!("/proc/{process}/stat");
            // One that has ended since.
            let Ok(stat) = fs::read_to_string(&file) else {
                continue;
            };
            ticks += ticks_in(&stat).ok_or_else(|| Failure(format!("{file}: not understood")))?;
        }
        let per_second = u32::try_from(self.ticks_per_second).unwrap_or(100);
        Ok(Duration::from_secs(ticks) / per_second)
    }

    /// Waits until the server has done all that the requests left to do, and gives the processor time that it and its
    /// database have used by then: e-mails go out after the answer, and count.
    fn cpu_times_at_rest(&self, postmaster: Option<u32>) -> Outcome<(Duration, Option<Duration>)> {
        let end = Instant::now() + LONGEST;
        let times = || {
            let database = postmaster
                .map(|process| self.cpu_time(process))
                .transpose()?;
            Ok((self.cpu_time(self.child.id())?, database))
        };
        let sum = |times: (Duration, Option<Duration>)| times.0 + times.1.unwrap_or_default();
        let mut before = times()?;
        let mut calm = 0;
        while Instant::now() < end {
            thread::sleep(LOOK);
            let now = times()?;
            if sum(now).saturating_sub(sum(before)) > REST {
                calm = 0;
            } else {
                calm += 1;
            }
            if calm == CALM {
                return Ok(now);
            }
            before = now;
        }
        Err(Failure(format!(
            "the server still works {} s after the last request",
            LONGEST.as_secs()
        )))
    }

    /// Resident memory in MB of 2^20 bytes; what processes share is counted once, in parts.
    pub(super) fn megabytes(&self) -> Outcome<f64> {
        let processes = with_children(self.child.id());
        let field = if processes.len() == 1 { "Rss:" } else { "Pss:" };
        memory_of(&processes, &[field])
    }

    /// What the processes have taken for themselves, in MB of 2^20 bytes. Pages of files are not in it, such as those of
    /// the program: the system takes them away and brings them back as it needs its memory for others.
    pub(super) fn own_megabytes(&self) -> Outcome<f64> {
        memory_of(&with_children(self.child.id()), &["Anonymous:", "Swap:"])
    }

    pub(super) fn stop(mut self) -> Outcome {
        self.child.kill().during("stopping the server")?;
        self.child.wait().during("stopping the server").map(drop)
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        // After `stop` there is nothing left to end; after a failure nobody else does it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The sum of these lines of proc(5)'s `smaps_rollup`.
fn memory_of(processes: &[u32], fields: &[&str]) -> Outcome<f64> {
    let mut kilobytes = 0;
    for process in processes {
        let file = format!("/proc/{process}/smaps_rollup");
        let text = fs::read_to_string(&file).during(&file)?;
        for field in fields {
            kilobytes += kilobytes_in(&text, field)
                .ok_or_else(|| Failure(format!("{file}: not understood")))?;
        }
    }
    Ok(number(kilobytes) / 1_024.0)
}

/// A process, and those that it started.
fn with_children(process: u32) -> Vec<u32> {
    let children =
        fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let children = children
        .split_whitespace()
        .filter_map(|child| child.parse().ok());
    std::iter::once(process).chain(children).collect()
}

/// `taskset` takes the server's place when it has set the cores, so that its process is the server's.
fn on_cores(server: &Command, cores: usize) -> Command {
    let mut command = call("taskset");
    command
        .args(["--cpu-list", &format!("0-{}", cores - 1)])
        .arg(server.get_program())
        .args(server.get_args());
    let set: Vec<(OsString, OsString)> = server
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .collect();
    command.envs(set);
    command
}

/// Fields 14 and 15 of proc(5)'s `stat`, user and system time; the name in field 2 may hold spaces and brackets.
fn ticks_in(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map(str::parse::<u64>);
    Some(times.next()?.ok()? + times.next()?.ok()?)
}

fn kilobytes_in(smaps: &str, field: &str) -> Option<u64> {
    let line = smaps.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_program_name() {
        let stat =
            "42 (a (b) c) S 1 42 42 0 -1 4194304 100 0 0 0 250 150 0 0 20 0 4 0 1000 10000 500";
        assert_eq!(ticks_in(stat), Some(400));
    }

    #[test]
    fn memory_is_read_from_its_line() {
        let smaps =
            "00400000-7fff [rollup]\nRss:                1234 kB\nPss:                 567 kB\n";
        assert_eq!(kilobytes_in(smaps, "Rss:"), Some(1234));
        assert_eq!(kilobytes_in(smaps, "Pss:"), Some(567));
        assert_eq!(kilobytes_in(smaps, "Uss:"), None);
    }
}
