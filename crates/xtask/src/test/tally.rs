//! What passed, failed and was skipped, over all runners.

use std::process::{Command, ExitCode};

use crate::command::{Outcome, step, watch};

/// How much of what a suite says of its failures is said again at the end, in lines.
const SAID_AGAIN: usize = 60;

/// The sums, and a remark for each thing that did not pass.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
    remarks: Vec<String>,
    /// What the runners said of tests that failed: who reads the end of a long log need not look for it.
    failures: Vec<String>,
    in_failures: bool,
}

impl Tally {
    /// Counts one check, which is anything that succeeds or says why not.
    pub(crate) fn check(&mut self, name: &str, check: impl FnOnce() -> Outcome) {
        step(name);
        match check() {
            Ok(()) => self.passed += 1,
            Err(failure) => self.fail(&format!("{name}: {failure}")),
        }
    }

    /// Takes what a suite cannot begin without; its absence is one failure.
    pub(crate) fn need<T>(&mut self, name: &str, ready: Outcome<T>) -> Option<T> {
        ready
            .map_err(|failure| self.fail(&format!("{name}: {failure}")))
            .ok()
    }

    /// Counts what could not be run here, with its reason.
    pub(crate) fn skip(&mut self, name: &str, reason: &str) {
        step(&format!("{name}: skipped, {reason}"));
        self.skipped += 1;
        self.remarks.push(format!("skipped: {name} ({reason})"));
    }

    /// Runs a command that prints `test result:` lines, as libtest and wasm-bindgen's runner do, and adds them up.
    pub(crate) fn suite(&mut self, name: &str, command: &mut Command) {
        step(name);
        let mut sums = Tally::default();
        let finished = watch(command, |line| sums.read(line));
        self.conclude(name, &sums, finished);
    }

    /// Takes over a suite's sums, and whether its command succeeded.
    fn conclude(&mut self, name: &str, sums: &Tally, finished: Outcome<bool>) {
        self.passed += sums.passed;
        self.failed += sums.failed;
        self.skipped += sums.skipped;
        if !sums.failures.is_empty() {
            self.failures.push(format!("what failed of {name}:"));
            self.failures
                .extend(sums.failures.iter().take(SAID_AGAIN).cloned());
        }
        match finished {
            Err(failure) => self.fail(&format!("{name}: {failure}")),
            // A build that fails, or a process that dies, prints no result; neither may look like success.
            Ok(false) if sums.failed == 0 => {
                self.fail(&format!("{name}: did not build or did not finish"));
            }
            Ok(false) => self
                .remarks
                .push(format!("failed: {name}: {} failed", sums.failed)),
            Ok(true) if sums.passed == 0 => self.fail(&format!("{name}: ran no test")),
            Ok(true) => {}
        }
        if sums.skipped > 0 {
            self.remarks
                .push(format!("skipped: {name}: {} ignored", sums.skipped));
        }
    }

    /// Prints the remarks and the closing line.
    pub(crate) fn report(&self) -> ExitCode {
        println!();
        for line in self.failures.iter().chain(&self.remarks) {
            println!("{line}");
        }
        println!(
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        );
        if self.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    fn fail(&mut self, remark: &str) {
        eprintln!("error: {remark}");
        self.failed += 1;
        self.remarks.push(format!("failed: {remark}"));
    }

    /// Reads a line of a runner: its result, or what it says of failures, which stands before that under `failures:`.
    fn read(&mut self, line: &str) {
        if line.starts_with("test result: ") {
            self.in_failures = false;
            self.add_result_line(line);
        } else if line == "failures:" {
            self.in_failures = true;
        } else if self.in_failures && !line.is_empty() {
            self.failures.push(format!("    {line}"));
        }
    }

    /// Reads `test result: ok. 12 passed; 0 failed; 1 ignored; …`.
    fn add_result_line(&mut self, line: &str) {
        let Some(sums) = line.trim().strip_prefix("test result: ") else {
            return;
        };
        let sums = sums.split_once(". ").map_or(sums, |(_verdict, sums)| sums);
        for sum in sums.split(';') {
            let mut words = sum.split_whitespace();
            let (Some(Ok(count)), Some(kind)) = (words.next().map(str::parse::<u64>), words.next())
            else {
                continue;
            };
            match kind {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.skipped += count,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Failure;

    fn sums_of(lines: &[&str]) -> Tally {
        let mut sums = Tally::default();
        for line in lines {
            sums.read(line);
        }
        sums
    }

    fn concluded(lines: &[&str], succeeded: bool) -> Tally {
        let mut tally = Tally::default();
        tally.conclude("suite", &sums_of(lines), Ok(succeeded));
        tally
    }

    #[test]
    fn result_lines_of_all_test_programs_are_added_up() {
        let tally = concluded(
            &[
                "running 13 tests",
                "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s",
                "test result: ok. 5 passed; 0 failed; 0 ignored; 2 filtered out",
            ],
            true,
        );
        assert_eq!((tally.passed, tally.failed, tally.skipped), (17, 0, 1));
        assert_eq!(tally.remarks, ["skipped: suite: 1 ignored"]);
    }

    #[test]
    fn failed_tests_count_once_each() {
        let tally = concluded(
            &["test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured"],
            false,
        );
        assert_eq!((tally.passed, tally.failed, tally.skipped), (3, 2, 0));
    }

    #[test]
    fn what_failed_is_said_again_at_the_end() {
        let tally = concluded(
            &[
                "test one ... ok",
                "test two ... FAILED",
                "",
                "failures:",
                "",
                "---- two stdout ----",
                "left is not right",
                "",
                "failures:",
                "    two",
                "",
                "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured",
                "     Running tests/another.rs",
            ],
            false,
        );
        assert_eq!(
            tally.failures,
            [
                "what failed of suite:",
                "    ---- two stdout ----",
                "    left is not right",
                "        two"
            ]
        );
    }

    #[test]
    fn a_suite_that_does_not_build_is_a_failure() {
        let tally = concluded(&[], false);
        assert_eq!((tally.passed, tally.failed), (0, 1));
    }

    #[test]
    fn a_suite_that_runs_no_test_is_a_failure() {
        let tally = concluded(&["test result: ok. 0 passed; 0 failed; 0 ignored"], true);
        assert_eq!((tally.passed, tally.failed), (0, 1));
    }

    #[test]
    fn checks_and_skips_are_counted() {
        let mut tally = Tally::default();
        tally.check("sound", || Ok(()));
        tally.check("broken", || Err(Failure("a reason".to_owned())));
        tally.skip("absent", "not installed");
        assert_eq!((tally.passed, tally.failed, tally.skipped), (1, 1, 1));
        assert_eq!(
            tally.remarks,
            [
                "failed: broken: a reason",
                "skipped: absent (not installed)"
            ]
        );
    }
}
