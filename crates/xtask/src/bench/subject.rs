//! The server that is measured, in a process of its own.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use super::address_in;
use crate::command::{During, Failure, Outcome, call, output};

pub(super) struct Subject {
    child: Child,
    address: SocketAddr,
    ticks_per_second: u64,
}

impl Subject {
    /// Starts the server on a free port, its limits off and its log in a file, as a service manager would keep it.
    pub(super) fn start(program: &Path, data: &Path, log: &Path) -> Outcome<Self> {
        let ticks = output(call("getconf").arg("CLK_TCK"))?;
        let ticks_per_second = ticks
            .trim()
            .parse()
            .map_err(|_| Failure(format!("CLK_TCK is {ticks:?}")))?;
        let mut child = call(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .envs([
                ("VOUCHKEY_RATE_LIMIT_REQUESTS", "0"),
                ("VOUCHKEY_RATE_LIMIT_CREATES", "0"),
            ])
            .stdout(Stdio::piped())
            .stderr(File::create(log).during(log.display())?)
            .spawn()
            .during(program.display())?;
        let address = child.stdout.take().and_then(|stdout| {
            BufReader::new(stdout)
                .lines()
                .map_while(Result::ok)
                .find_map(|line| address_in(&line))
        });
        let Some(address) = address else {
            // It may still run, having said something else.
            let _ = child.kill();
            let log = fs::read_to_string(log).unwrap_or_default();
            return Err(Failure(format!("the server did not start: {}", log.trim())));
        };
        Ok(Self {
            child,
            address,
            ticks_per_second,
        })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The processor time that the server has used so far, its own and the kernel's for it.
    pub(super) fn cpu_time(&self) -> Outcome<Duration> {
        let file = format!("/proc/{}/stat", self.child.id());
        let stat = fs::read_to_string(&file).during(&file)?;
        let ticks = ticks_in(&stat).ok_or_else(|| Failure(format!("{file}: not understood")))?;
        Ok(Duration::from_secs(ticks) / u32::try_from(self.ticks_per_second).unwrap_or(100))
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

/// Fields 14 and 15 of proc(5)'s `stat`, user and system time; the name in field 2 may hold spaces and brackets.
fn ticks_in(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map(str::parse::<u64>);
    Some(times.next()?.ok()? + times.next()?.ok()?)
}

#[cfg(test)]
mod tests {
    use super::ticks_in;

    #[test]
    fn processor_time_is_found_behind_any_program_name() {
        let stat =
            "42 (a (b) c) S 1 42 42 0 -1 4194304 100 0 0 0 250 150 0 0 20 0 4 0 1000 10000 500";
        assert_eq!(ticks_in(stat), Some(400));
    }
}
