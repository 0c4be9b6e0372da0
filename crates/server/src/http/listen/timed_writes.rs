//! Ends a connection whose other side takes nothing of what it is sent.
//!
//! hyper has no time limit on writing, and the kernel keeps such a connection alive as long as the other side's does: a
//! client that never reads would hold its place for good.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// A connection with a time limit on each step of a write.
#[derive(Debug)]
pub(super) struct TimedWrites<T> {
    inner: T,
    limit: Duration,
    /// Runs while something waits to be taken, from the last time that something was.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<T> TimedWrites<T> {
    /// Watches a connection.
    pub(super) fn new(inner: T, limit: Duration) -> Self {
        Self {
            inner,
            limit,
            timer: None,
        }
    }

    /// The outcome of a step, unless it waits for too long.
    fn timed<R>(
        &mut self,
        context: &mut Context<'_>,
        step: Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        if step.is_ready() {
            self.timer = None;
            return step;
        }
        let limit = self.limit;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        timer
            .as_mut()
            .poll(context)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for TimedWrites<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for TimedWrites<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let step = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.timed(context, step)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let step = Pin::new(&mut self.inner).poll_flush(context);
        self.timed(context, step)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let step = Pin::new(&mut self.inner).poll_shutdown(context);
        self.timed(context, step)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let step = Pin::new(&mut self.inner).poll_write_vectored(context, bytes);
        self.timed(context, step)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn a_connection_of_which_nothing_is_taken_ends() {
        let (inner, _silent) = duplex(16);
        let mut stream = TimedWrites::new(inner, Duration::from_millis(1));
        let error = stream.write_all(&[0; 17]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn the_time_begins_anew_when_something_was_taken() {
        let (inner, mut slow) = duplex(16);
        let mut stream = TimedWrites::new(inner, Duration::from_hours(1));
        let mut context = Context::from_waker(Waker::noop());
        let mut write = |stream: &mut TimedWrites<_>| {
            Pin::new(stream)
                .poll_write(&mut context, &[0; 16])
                .is_ready()
        };
        for _ in 0..3 {
            assert!(write(&mut stream));
            assert!(stream.timer.is_none());
            assert!(!write(&mut stream));
            assert!(stream.timer.is_some());
            slow.read_exact(&mut [0; 16]).await.unwrap();
        }
    }
}
