//! Lines of the log on their way to standard error: those that tell of requests wait a moment for others, since each
//! write to a file costs more than the line.
//!
//! What warns goes out at once, with all that came before it. [`flush`] is for the end of the program; who kills it
//! takes the lines of the last milliseconds with it.

use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line waits for others.
const WAIT: Duration = Duration::from_millis(2);

/// Bytes that wait, at most; who would add more writes them first.
const MOST: usize = 64 * 1024;

/// All lines of the program.
static LINES: Lines<ToStderr> = Lines::new(ToStderr);

/// Lets lines wait from here on.
pub(super) fn gather() {
    let thread = thread::Builder::new().name("log".to_owned());
    // Without a thread that writes them, lines go on being written one by one.
    if thread.spawn(|| LINES.write_those_that_wait()).is_ok() {
        LINES.waiting().are_gathered = true;
    }
}

/// Writes the lines that wait. Later ones do not.
pub fn end() {
    LINES.waiting().are_gathered = false;
    LINES.flush();
}

/// The lines of a program, on their way to where they go.
#[derive(Debug)]
struct Lines<W> {
    waiting: Mutex<Waiting>,
    there_are_some: Condvar,
    /// Whoever has it takes what waits and writes it, so that lines go out in the order in which they came.
    out: Mutex<W>,
}

#[derive(Debug)]
struct Waiting {
    bytes: Vec<u8>,
    are_gathered: bool,
}

/// Standard error, as it is at each write.
#[derive(Debug)]
struct ToStderr;

impl Write for ToStderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::stderr().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl<W: Write> Lines<W> {
    const fn new(out: W) -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                bytes: Vec::new(),
                are_gathered: false,
            }),
            there_are_some: Condvar::new(),
            out: Mutex::new(out),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, line: &[u8], is_urgent: bool) {
        let mut waiting = self.waiting();
        let is_first = waiting.bytes.is_empty();
        waiting.bytes.extend_from_slice(line);
        let is_due = is_urgent || !waiting.are_gathered || waiting.bytes.len() >= MOST;
        drop(waiting);
        if is_due {
            self.flush();
        } else if is_first {
            self.there_are_some.notify_one();
        }
    }

    fn flush(&self) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = std::mem::take(&mut self.waiting().bytes);
        // There is nobody to be told that the log cannot be written.
        let _ = out.write_all(&bytes);
        let mut waiting = self.waiting();
        if waiting.bytes.is_empty() {
            // The room is used again.
            waiting.bytes = bytes;
            waiting.bytes.clear();
        }
    }

    fn write_those_that_wait(&self) -> ! {
        loop {
            let some = self
                .there_are_some
                .wait_while(self.waiting(), |waiting| waiting.bytes.is_empty());
            drop(some);
            thread::sleep(WAIT);
            self.flush();
        }
    }
}

/// Where the log writes its lines.
#[derive(Debug)]
pub(super) struct Log;

/// What takes a line.
#[derive(Debug)]
pub(super) struct Line {
    is_urgent: bool,
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { is_urgent: true }
    }

    fn make_writer_for(&'a self, about: &Metadata<'_>) -> Line {
        Line {
            is_urgent: *about.level() <= Level::WARN,
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.add(bytes, self.is_urgent);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};

    use super::*;

    /// Tells of each write.
    struct Told(mpsc::Sender<Vec<u8>>);

    impl Write for Told {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(are_gathered: bool) -> (Lines<Told>, mpsc::Receiver<Vec<u8>>) {
        let (told, writes) = mpsc::channel();
        let lines = Lines::new(Told(told));
        lines.waiting().are_gathered = are_gathered;
        (lines, writes)
    }

    fn all(writes: &mpsc::Receiver<Vec<u8>>) -> Vec<Vec<u8>> {
        writes.try_iter().collect()
    }

    #[test]
    fn each_line_is_written_by_itself_unless_they_are_gathered() {
        let (lines, writes) = lines(false);
        lines.add(b"one\n", false);
        lines.add(b"two\n", false);
        assert_eq!(all(&writes), [b"one\n", b"two\n"]);
    }

    #[test]
    fn a_warning_goes_out_at_once_with_all_before_it() {
        let (lines, writes) = lines(true);
        lines.add(b"one\n", false);
        lines.add(b"two\n", false);
        assert!(all(&writes).is_empty());
        lines.add(b"warning\n", true);
        assert_eq!(all(&writes), [b"one\ntwo\nwarning\n"]);
        lines.flush();
        assert!(all(&writes).is_empty());
    }

    #[test]
    fn what_waits_is_bounded() {
        let (lines, writes) = lines(true);
        let line = [b'x'; 1_000];
        for _ in 0..1_000 {
            lines.add(&line, false);
            assert!(lines.waiting().bytes.len() < MOST);
        }
        lines.flush();
        assert_eq!(all(&writes).concat().len(), 1_000_000);
    }

    #[test]
    fn lines_that_wait_are_written_by_and_by_in_their_order() {
        let (lines, writes) = lines(true);
        let lines = Arc::new(lines);
        let gathered = Arc::clone(&lines);
        thread::spawn(move || gathered.write_those_that_wait());
        let mut expected = Vec::new();
        for number in 0..1_000 {
            let line = format!("{number}\n");
            lines.add(line.as_bytes(), number % 100 == 7);
            expected.extend_from_slice(line.as_bytes());
        }
        let mut written = Vec::new();
        while written.len() < expected.len() {
            written.extend(writes.recv().unwrap());
        }
        assert_eq!(written, expected);
    }
}
