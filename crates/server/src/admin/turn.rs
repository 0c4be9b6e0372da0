//! Whose password is hashed next. Hashing takes memory and a core: few are made at a time, and one for each client, so that
//! a crowd from one address keeps nobody else waiting at the door.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::http::ApiError;

/// Hashes at a time, so that a crowd at the door cannot take all memory.
const AT_ONCE: usize = 2;
/// How long one waits for a place.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a request comes from, where that is known.
pub(super) type Client = Option<IpAddr>;

/// The places, and the lines in front of them.
#[derive(Debug)]
pub(super) struct Turns {
    places: Arc<Semaphore>,
    /// One for each client of whom somebody waits or has a place.
    lines: Mutex<HashMap<Client, Weak<Semaphore>>>,
}

/// Those of this process.
static TURNS: LazyLock<Turns> = LazyLock::new(|| Turns::new(AT_ONCE));

/// A place among the hashes that are made at a time.
#[derive(Debug)]
pub(super) struct Turn {
    #[expect(dead_code, reason = "held for its drop")]
    place: OwnedSemaphorePermit,
    #[expect(dead_code, reason = "held for its drop")]
    first_in_line: OwnedSemaphorePermit,
}

impl Turn {
    /// Waits for a place.
    ///
    /// # Errors
    /// 503 if too many wait.
    pub(super) async fn wait(client: Client) -> Result<Self, ApiError> {
        TURNS.wait(client).await
    }
}

impl Turns {
    pub(super) fn new(places: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            lines: Mutex::default(),
        }
    }

    /// How many places are free.
    #[cfg(test)]
    pub(super) fn free(&self) -> usize {
        self.places.available_permits()
    }

    /// Waits for a place behind those of the same client, and then behind the first of each other one.
    ///
    /// # Errors
    /// 503 if too many wait.
    pub(super) async fn wait(&self, client: Client) -> Result<Turn, ApiError> {
        let line = self.line(client);
        let waiting = async {
            let first_in_line = line.acquire_owned().await?;
            let place = Arc::clone(&self.places).acquire_owned().await?;
            Ok::<_, tokio::sync::AcquireError>(Turn {
                place,
                first_in_line,
            })
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or_else(ApiError::unavailable)
    }

    fn line(&self, client: Client) -> Arc<Semaphore> {
        let client = client.map(network);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get(&client).and_then(Weak::upgrade) {
            return line;
        }
        // There are no more than open connections.
        lines.retain(|_, line| line.strong_count() > 0);
        let line = Arc::new(Semaphore::new(1));
        lines.insert(client, Arc::downgrade(&line));
        line
    }
}

/// What one client has: an address of IPv4, a /64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let prefix = address.to_bits() & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from_bits(prefix))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn a_crowd_from_one_address_keeps_no_other_waiting() {
        let turns = Turns::new(2);
        let (crowd, owner) = (Some(address("203.0.113.1")), Some(address("203.0.113.2")));
        let first = turns.wait(crowd).await.unwrap();
        let mut next = pin!(turns.wait(crowd));
        let mut context = Context::from_waker(Waker::noop());
        assert!(next.as_mut().poll(&mut context).is_pending());
        let _at_once = turns.wait(owner).await.unwrap();
        assert!(next.as_mut().poll(&mut context).is_pending());
        drop(first);
        next.await.unwrap();
    }

    #[tokio::test]
    async fn a_network_of_version_6_is_one_client() {
        let turns = Turns::new(2);
        let _first = turns.wait(Some(address("2001:db8::1"))).await.unwrap();
        let mut context = Context::from_waker(Waker::noop());
        let mut neighbour = pin!(turns.wait(Some(address("2001:db8::ffff:2"))));
        assert!(neighbour.as_mut().poll(&mut context).is_pending());
        let _other = turns.wait(Some(address("2001:db8:0:1::1"))).await.unwrap();
    }

    #[tokio::test]
    async fn lines_that_nobody_stands_in_are_forgotten() {
        let turns = Turns::new(2);
        for host in 0..100 {
            let client = Some(IpAddr::from([203, 0, 113, host]));
            drop(turns.wait(client).await.unwrap());
        }
        assert_eq!(turns.lines.lock().unwrap().len(), 1);
        assert_eq!(turns.free(), 2);
    }
}
