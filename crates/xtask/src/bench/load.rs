//! The load: one thread a connection, each sending its next request when the last is answered.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::command::{During, Failure, Outcome};

#[derive(Clone)]
pub(super) struct Load {
    pub(super) address: SocketAddr,
    pub(super) key: String,
    pub(super) asked: Asked,
}

/// What is asked for.
#[derive(Clone)]
pub(super) enum Asked {
    /// New sessions.
    Create,
    /// Sessions, by these ids in no order.
    Read(Vec<String>),
    /// The newest page of the list.
    List,
}

/// What ends a load.
#[derive(Clone, Copy)]
pub(super) enum Until {
    /// So much time.
    Time(Duration),
    /// So many requests, over all connections.
    Count(u64),
}

/// What all connections together saw.
pub(super) struct Measured {
    pub(super) elapsed: Duration,
    /// The time from sending to the whole answer, of every request, shortest first.
    pub(super) latencies: Vec<Duration>,
}

/// Numbers the requests, so that no two are alike.
static NEXT: AtomicU64 = AtomicU64::new(1);

impl Load {
    pub(super) fn run(&self, connections: usize, until: Until) -> Outcome<Measured> {
        let start = Instant::now();
        let sent = AtomicU64::new(0);
        let goes_on = || match until {
            Until::Time(duration) => start.elapsed() < duration,
            Until::Count(count) => sent.fetch_add(1, Ordering::Relaxed) < count,
        };
        let outcomes: Vec<Outcome<Vec<Duration>>> = thread::scope(|scope| {
            let threads: Vec<_> = (0..connections)
                .map(|_| scope.spawn(|| self.connection(goes_on)))
                .collect();
            threads
                .into_iter()
                .map(|thread| {
                    thread
                        .join()
                        .unwrap_or_else(|_| Err(Failure("a connection panicked".to_owned())))
                })
                .collect()
        });
        let elapsed = start.elapsed();
        let mut latencies = outcomes.into_iter().collect::<Outcome<Vec<_>>>()?.concat();
        latencies.sort_unstable();
        Ok(Measured { elapsed, latencies })
    }

    /// Sends one request and gives back the body of its answer, so that the time to the first answer can be told.
    pub(super) fn once(&self) -> Outcome<Vec<u8>> {
        self.exchange(&mut Connection::open(self.address)?)
    }

    /// Sends the next request, and gives back the body of its answer.
    fn exchange(&self, connection: &mut Connection) -> Outcome<Vec<u8>> {
        let (request, expected) = self.request(NEXT.fetch_add(1, Ordering::Relaxed));
        connection.exchange(&request, expected)
    }

    fn connection(&self, goes_on: impl Fn() -> bool) -> Outcome<Vec<Duration>> {
        let mut connection = Connection::open(self.address)?;
        let mut latencies = Vec::new();
        while goes_on() {
            let sent = Instant::now();
            self.exchange(&mut connection)?;
            latencies.push(sent.elapsed());
        }
        Ok(latencies)
    }

    /// The text of a request, and the status of its answer.
    fn request(&self, number: u64) -> (String, u16) {
        match &self.asked {
            Asked::Create => (self.creation(number), 201),
            Asked::Read(ids) => {
                // Steps of a prime over the ids meet all of them, in an order that no cache guesses.
                let place = number.wrapping_mul(7_919) % (ids.len().max(1) as u64);
                let id = usize::try_from(place).ok().and_then(|place| ids.get(place));
                let path = format!("/{}", id.map_or("", String::as_str));
                (self.get(&path), 200)
            }
            Asked::List => (self.get("?limit=20"), 200),
        }
    }

    pub(super) fn get(&self, rest: &str) -> String {
        format!(
            "GET /api/v1/sessions{rest} HTTP/1.1\r\nHost: {}\r\nX-API-Key: {}\r\n\r\n",
            self.address, self.key
        )
    }

    /// A request as a backend sends it, 1 KB with its head: somebody to write to, and something to seal.
    pub(super) fn creation(&self, number: u64) -> String {
        let body = format!(
            r#"{{"external_ref":"order-{number}","country":"US","send_email":true,"applicant_email":"ada.lovelace+{number}@example.com","applicant_name":"Ada Lovelace","fields":{{"name_first":"Ada","name_last":"Lovelace","birthdate":"1990-12-10"}},"metadata":{{"order_id":"{number}","plan":"business","region":"eu-west","cart":"{CART}","campaign":"{CAMPAIGN}"}},"redirect_url":"https://shop.example/verified/return?order={number}","expires_in_minutes":60}}"#
        );
        format!(
            "POST /api/v1/sessions HTTP/1.1\r\nHost: {}\r\nX-API-Key: {}\r\nIdempotency-Key: order-{number}-of-run-{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            self.key,
            std::process::id(),
            body.len()
        )
    }
}

/// Metadata of the length that shops send.
const CART: &str = "2 x walnut desk 160 x 80 cm, 1 x office chair with arm rests, 4 x monitor stand, 1 x cable tray, delivery to the third floor, in the afternoon, by two people, old furniture taken along, call half an hour before at the number of the order";
const CAMPAIGN: &str = "newsletter of the second week, banner at the foot, returning customer of four years, voucher for ten per cent applied";

/// One connection, kept alive.
pub(super) struct Connection {
    stream: TcpStream,
    answers: BufReader<TcpStream>,
}

impl Connection {
    pub(super) fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).during("connecting")?;
        stream.set_nodelay(true).during("TCP_NODELAY")?;
        stream
            .set_read_timeout(Some(Duration::from_mins(1)))
            .during("a time limit")?;
        let answers = BufReader::new(stream.try_clone().during("connecting")?);
        Ok(Self { stream, answers })
    }

    /// Sends a request, and gives back the body of its answer, which must have this status.
    pub(super) fn exchange(&mut self, request: &str, expected: u16) -> Outcome<Vec<u8>> {
        self.stream
            .write_all(request.as_bytes())
            .during("sending")?;
        let (status, body) = answer(&mut self.answers)?;
        if status == expected {
            return Ok(body);
        }
        Err(Failure(format!(
            "answered {status}: {}",
            String::from_utf8_lossy(&body)
        )))
    }
}
/// Reads one answer with a `Content-Length`, the only kind that the API gives.
fn answer(stream: &mut impl BufRead) -> Outcome<(u16, Vec<u8>)> {
    let (mut status, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).during("an answer")? == 0 {
            return Err(Failure("the server closed the connection".to_owned()));
        }
        let line = line.trim_end();
        if status.is_none() {
            status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        } else if line.is_empty() {
            break;
        } else if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value
                .trim()
                .parse()
                .map_err(|_| Failure(format!("the length is {value:?}")))?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).during("an answer")?;
    Ok((status.unwrap_or(0), body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_of_the_size_that_is_stated() {
        let load = Load {
            address: SocketAddr::from(([127, 0, 0, 1], 8080)),
            key: "k".repeat(40),
            asked: Asked::Create,
        };
        let bytes = load.creation(123_456).len();
        assert!((950..=1100).contains(&bytes), "{bytes} bytes");
    }

    #[test]
    fn answers_on_one_connection_are_told_apart() {
        let mut bytes = "HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 429 Too Many\r\nContent-Length: 0\r\n\r\n".as_bytes();
        assert_eq!(answer(&mut bytes).unwrap(), (201, b"{}".to_vec()));
        assert_eq!(answer(&mut bytes).unwrap(), (429, Vec::new()));
        assert!(answer(&mut bytes).is_err());
    }
}
