//! Ends a connection whose request headers come too slowly.
//!
//! hyper has one timer for a request's headers, and starts it when the connection begins to wait
//! for the request: with it alone, an idle client either may not idle, or may trickle its headers
//! for as long. This wrapper times the headers from their first byte and leaves the idle time to
//! hyper's timer (decision 26). A new connection has been of no use yet: its first byte is waited
//! for only a short time, so that many that say nothing do not hold all places.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// The requests of a connection whose headers are complete.
#[derive(Debug, Clone, Default)]
pub(super) struct Exchanges(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    begun: AtomicUsize,
    ended: AtomicUsize,
}

/// One exchange in progress; while it lives, bytes that come in are not headers.
#[derive(Debug)]
pub(super) struct Exchange(Arc<Counts>);

impl Exchanges {
    /// A request's headers are complete.
    pub(super) fn begin(&self) -> Exchange {
        self.0.begun.fetch_add(1, Ordering::AcqRel);
        Exchange(Arc::clone(&self.0))
    }

    fn begun(&self) -> usize {
        self.0.begun.load(Ordering::Acquire)
    }

    fn in_progress(&self) -> bool {
        self.begun() != self.0.ended.load(Ordering::Acquire)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::AcqRel);
    }
}

/// A connection with a time limit on headers.
#[derive(Debug)]
pub(super) struct FirstBytes<T> {
    inner: T,
    limit: Duration,
    exchanges: Exchanges,
    /// Runs from the first byte of headers until they are complete, and before the first byte of all.
    timer: Option<Timer>,
    is_silent: bool,
}

#[derive(Debug)]
struct Timer {
    /// Exchanges that had begun when the first byte came: one more, and the headers are complete.
    begun: usize,
    sleep: Pin<Box<Sleep>>,
}

impl Timer {
    fn of(limit: Duration, begun: usize) -> Self {
        Self {
            begun,
            sleep: Box::pin(tokio::time::sleep(limit)),
        }
    }
}

impl<T> FirstBytes<T> {
    /// Watches a new connection, which begins to speak within `first`.
    pub(super) fn new(inner: T, first: Duration, limit: Duration, exchanges: Exchanges) -> Self {
        Self {
            inner,
            limit,
            timer: Some(Timer::of(first, exchanges.begun())),
            exchanges,
            is_silent: true,
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for FirstBytes<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let begun = this.exchanges.begun();
        this.timer.take_if(|timer| timer.begun != begun);
        if let Some(timer) = &mut this.timer
            && timer.sleep.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            if std::mem::take(&mut this.is_silent) {
                this.timer = None;
            }
            if this.timer.is_none() && !this.exchanges.in_progress() {
                this.timer = Some(Timer::of(this.limit, begun));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for FirstBytes<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}
