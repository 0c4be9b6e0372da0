//! Mixed traffic for a long time, during which the server's memory must stay as it is.

use std::fs;
use std::process;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::load::{Asked, Connection, Load};
use super::ours::Ours;
use super::server;
use super::subject::Subject;
use crate::command::{During, Failure, Outcome, step};
use crate::tools;

const CONNECTIONS: u64 = 8;
/// Requests a second over all connections: what a busy installation has, and an hour of it fits on a small disk.
const RATE: u64 = 200;
/// How often the memory is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// How often it is told.
const SAY: Duration = Duration::from_mins(1);
const CORES: usize = 2;

/// Until so many sessions are created, it is warm-up: they and what belongs to them take more room in the database than
/// the page caches of the writer and the readers have together, so that those are full by then. An empty cache that
/// fills is no leak, however long it takes.
const FILLING: u64 = 20_000;
/// And at least so long: what a server keeps for some minutes is all there then, too.
const LEAST_WARM_UP: Duration = Duration::from_mins(5);
/// What comes after is looked at in so many parts.
const PARTS: usize = 8;
/// The median of the fullest part may be so many times that of the emptiest.
const FLAT: f64 = 1.05;

/// Runs traffic: until the caches are full, and then for so many minutes, in which the memory is looked at.
///
/// # Errors
/// An unexpected answer; memory that is not flat within 5 % after the warm-up.
pub(crate) fn run(minutes: u64, built: bool) -> Outcome {
    let programs = if built {
        server::built()?
    } else {
        server::build()?
    };
    let folder = tools::target_folder()?.join(format!("xtask/soak-{}", process::id()));
    fs::create_dir_all(&folder).during(folder.display())?;
    let outcome = Ours::make(&programs, &folder, "soak", None)
        .and_then(|ours| soak(&ours, Duration::from_secs(minutes * 60)));
    fs::remove_dir_all(&folder).during(folder.display())?;
    let memory = outcome?;
    let (emptiest, fullest) = extremes(&memory)
        .ok_or_else(|| Failure("that was too short to tell anything".to_owned()))?;
    step(&format!(
        "memory of its own after the warm-up: {emptiest:.1} to {fullest:.1} MB (medians of parts), {:.1} % apart",
        (fullest / emptiest - 1.0) * 100.0
    ));
    if fullest > emptiest * FLAT {
        return Err(Failure(format!(
            "the memory is not flat within 5 %; every {} s, in MB: {memory:.1?}",
            LOOK.as_secs()
        )));
    }
    Ok(())
}

/// What the clients and the one who looks tell each other.
#[derive(Default)]
struct Course {
    created: AtomicU64,
    over: AtomicBool,
}

/// Gives the memory that was seen after the warm-up, in MB.
fn soak(ours: &Ours, duration: Duration) -> Outcome<Vec<f64>> {
    let subject = ours.start(CORES)?;
    let load = ours.load(&subject, Asked::Create);
    step(&format!(
        "mixed traffic, {RATE} requests a second: warm-up, then {} minutes",
        duration.as_secs() / 60
    ));
    let course = Course::default();
    let memory = thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS)
            .map(|number| {
                let (load, course) = (&load, &course);
                scope.spawn(move || {
                    let outcome = traffic(load, number, course);
                    course.over.fetch_or(outcome.is_err(), Ordering::Relaxed);
                    outcome
                })
            })
            .collect();
        let memory = watch(&subject, duration, &course);
        course.over.store(true, Ordering::Relaxed);
        for thread in threads {
            thread
                .join()
                .unwrap_or_else(|_| Err(Failure("a connection panicked".to_owned())))?;
        }
        memory
    });
    subject.stop()?;
    memory
}

/// Waits until the warm-up is over and looks at the memory from then on, for so long, or until a client has failed.
fn watch(subject: &Subject, duration: Duration, course: &Course) -> Outcome<Vec<f64>> {
    let start = Instant::now();
    let mut warm = None;
    let mut memory = Vec::new();
    let mut said = start;
    while !course.over.load(Ordering::Relaxed) {
        thread::sleep(LOOK);
        let created = course.created.load(Ordering::Relaxed);
        let megabytes = subject.own_megabytes()?;
        if said.elapsed() >= SAY {
            said += SAY;
            let resident = subject.megabytes()?;
            step(&format!(
                "{megabytes:.1} MB of its own, {resident:.1} MB resident, {created} sessions created"
            ));
        }
        let now = Instant::now();
        let Some(warm) = warm else {
            if created >= FILLING && now - start >= LEAST_WARM_UP {
                step(&format!(
                    "warm after {} s and {created} sessions: {megabytes:.1} MB",
                    (now - start).as_secs()
                ));
                warm = Some(now);
            }
            continue;
        };
        memory.push(megabytes);
        if now - warm >= duration {
            break;
        }
    }
    Ok(memory)
}

/// What one client asks for, over and over: of ten requests three creations, one of them sent again, three reads, a page
/// of the list, one that is not found and one that is refused.
fn traffic(load: &Load, client: u64, course: &Course) -> Outcome {
    let mut connection = Connection::open(load.address)?;
    let between = Duration::from_secs(1) * u32::try_from(CONNECTIONS).unwrap_or(1)
        / u32::try_from(RATE).unwrap_or(1);
    let mut next = Instant::now();
    let mut last = (String::new(), String::new());
    for number in 0_u64.. {
        if course.over.load(Ordering::Relaxed) {
            break;
        }
        match number % 10 {
            0 | 3 | 6 => {
                let request = load.creation(client << 40 | number);
                let id = id_in(&connection.exchange(&request, 201)?)?;
                course.created.fetch_add(1, Ordering::Relaxed);
                last = (request, id);
            }
            1 => {
                let id = id_in(&connection.exchange(&last.0, 201)?)?;
                if id != last.1 {
                    return Err(Failure(
                        "a request sent again made another session".to_owned(),
                    ));
                }
            }
            2 | 4 | 7 => {
                let body = connection.exchange(&load.get(&format!("/{}", last.1)), 200)?;
                if id_in(&body)? != last.1 {
                    return Err(Failure("another session was answered".to_owned()));
                }
            }
            5 => {
                connection.exchange(&load.get("?limit=20"), 200)?;
            }
            8 => {
                connection.exchange(&load.get("/ses_00000000000000000000000000"), 404)?;
            }
            _ => {
                connection.exchange(&load.get("?limit=none"), 422)?;
            }
        }
        next += between;
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    Ok(())
}

fn id_in(body: &[u8]) -> Outcome<String> {
    let text = String::from_utf8_lossy(body);
    text.split_once("\"id\":\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(id, _)| id.to_owned())
        .ok_or_else(|| Failure(format!("there is no id in {text}")))
}

/// The lowest and the highest median of the parts.
fn extremes(memory: &[f64]) -> Option<(f64, f64)> {
    let size = memory.len() / PARTS;
    if size == 0 {
        return None;
    }
    let medians = memory.chunks_exact(size).map(|part| {
        let mut part = part.to_vec();
        part.sort_by(f64::total_cmp);
        part[part.len() / 2]
    });
    Some(medians.fold((f64::INFINITY, 0.0), |(low, high), median| {
        (low.min(median), high.max(median))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leak_shows_and_a_spike_does_not() {
        let mut memory = vec![100.0; 200];
        memory[100] = 900.0;
        assert_eq!(extremes(&memory), Some((100.0, 100.0)));
        for (number, megabytes) in (0..).zip(&mut memory) {
            *megabytes = 100.0 + 0.1 * f64::from(number);
        }
        let (low, high) = extremes(&memory).unwrap();
        assert!(high > low * FLAT, "{low} to {high}");
        assert_eq!(extremes(&[1.0, 1.0]), None);
    }
}
