//! The threads that serve connections.
//!
//! Each has a runtime of its own, and a connection stays on the one that it was given to. A runtime of many threads wakes
//! one of them for everything that may be ready, which for requests as short as these costs more than the work itself.

use std::io;
use std::num::NonZero;
use std::sync::mpsc;
use std::thread;

use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// Threads among which connections are divided. Dropped, those that were started for it end with all that they still do.
#[derive(Debug)]
pub struct Lanes {
    /// The calling one's own lane is the last: it has the workers and the writer to run besides.
    lanes: Vec<Lane>,
    _end: DropGuard,
}

#[derive(Debug)]
struct Lane {
    runtime: Handle,
    open: TaskTracker,
}

impl Lanes {
    /// Those of the calling runtime alone.
    pub fn here() -> Self {
        Self {
            lanes: vec![Lane::new(Handle::current())],
            _end: CancellationToken::new().drop_guard(),
        }
    }

    /// One for each core that this process may use, the calling runtime among them.
    ///
    /// # Errors
    /// The system gives no more threads or file descriptors.
    pub fn for_all_cores() -> io::Result<Self> {
        let count = thread::available_parallelism().map_or(1, NonZero::get);
        Self::start(count, thread::Builder::new)
    }

    fn start(count: usize, thread: impl Fn() -> thread::Builder) -> io::Result<Self> {
        let end = CancellationToken::new();
        let guard = end.clone().drop_guard();
        let mut lanes = Vec::with_capacity(count);
        for number in 1..count {
            // The thread first: a runtime must not end on a thread that runs another one, as this does.
            let (give, given) = mpsc::channel::<Runtime>();
            let ended = end.clone().cancelled_owned();
            thread()
                .name(format!("connections-{number}"))
                .spawn(move || {
                    let Ok(runtime) = given.recv() else { return };
                    runtime.block_on(ended);
                    // Work that blocks is not waited for: whoever stops has given it up.
                    runtime.shutdown_background();
                })?;
            let runtime = Builder::new_current_thread().enable_all().build()?;
            lanes.push(Lane::new(runtime.handle().clone()));
            if let Err(mpsc::SendError(runtime)) = give.send(runtime) {
                runtime.shutdown_background();
                return Err(io::ErrorKind::BrokenPipe.into());
            }
        }
        lanes.push(Lane::new(Handle::current()));
        Ok(Self { lanes, _end: guard })
    }

    /// Serves a connection on the lane that has the fewest.
    ///
    /// # Errors
    /// The system does not let the connection change its thread; it is closed.
    pub(super) fn spawn<F>(
        &self,
        stream: TcpStream,
        serve: impl FnOnce(TcpStream) -> F + Send + 'static,
    ) -> io::Result<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Some(lane) = self.lanes.iter().min_by_key(|lane| lane.open.len()) else {
            return Ok(());
        };
        let stream = stream.into_std()?;
        lane.open.spawn_on(
            async move {
                match TcpStream::from_std(stream) {
                    Ok(stream) => serve(stream).await,
                    Err(error) => tracing::warn!(%error, "a connection could not be taken over"),
                }
            },
            &lane.runtime,
        );
        Ok(())
    }

    /// Waits until all connections have ended.
    pub(super) async fn wait(&self) {
        for lane in &self.lanes {
            lane.open.close();
            lane.open.wait().await;
        }
    }
}

impl Lane {
    fn new(runtime: Handle) -> Self {
        Self {
            runtime,
            open: TaskTracker::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::sync::mpsc::channel;

    use super::*;

    /// Answers with the name of the thread, and waits for the other side to close.
    async fn name(mut stream: TcpStream) {
        let name = thread::current().name().unwrap_or("none").to_owned();
        stream.write_all(name.as_bytes()).await.unwrap();
        let _ = stream.read(&mut [0]).await;
    }

    async fn connect(listener: &TcpListener, lanes: &Lanes) -> (TcpStream, String) {
        let mut client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        lanes.spawn(stream, name).unwrap();
        let mut bytes = [0; 128];
        let read = client.read(&mut bytes).await.unwrap();
        (client, String::from_utf8_lossy(&bytes[..read]).into_owned())
    }

    #[tokio::test]
    async fn connections_are_divided_and_go_where_the_fewest_are() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let lanes = Lanes::start(3, thread::Builder::new).unwrap();
        let own = thread::current().name().unwrap_or("none").to_owned();
        let mut clients = Vec::new();
        for expected in ["connections-1", "connections-2", &own, "connections-1"] {
            let (client, name) = connect(&listener, &lanes).await;
            assert_eq!(name, expected);
            clients.push(client);
        }
        // The second lane has none any more.
        drop(clients.remove(1));
        while !lanes.lanes[1].open.is_empty() {
            tokio::task::yield_now().await;
        }
        let (client, name) = connect(&listener, &lanes).await;
        assert_eq!(name, "connections-2");
        drop((clients, client));
        lanes.wait().await;
    }

    #[tokio::test]
    async fn dropped_lanes_end_with_what_they_still_do() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let lanes = Lanes::start(2, thread::Builder::new).unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let (begun, mut begins) = channel(1);
        lanes
            .spawn(stream, async move |stream| {
                begun.send(()).await.unwrap();
                std::future::pending::<()>().await;
                drop(stream);
            })
            .unwrap();
        begins.recv().await.unwrap();
        drop(lanes);
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_thread_that_the_system_refuses_is_an_error() {
        let too_large = || thread::Builder::new().stack_size(1 << 60);
        assert!(Lanes::start(2, too_large).is_err());
    }
}
