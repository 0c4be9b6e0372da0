//! What becomes of a body that is not read, or not to its end.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::DEADLINE;

/// How much longer the sender of a body that came too late is listened to, so that it sees why.
const GRACE: Duration = Duration::from_secs(1);

/// How much of a refused body is read and dropped, in bytes, so that its sender sees the answer.
const MAX_LEFTOVER_BYTES: u64 = 16 * 1024 * 1024;

/// A request's body that is read to its end even when its handler is not interested.
///
/// A client that is still sending when its connection is closed loses the answer that waits for
/// it. So what a handler leaves is read and dropped, up to 16 MiB and until a body that came in time
/// would be there. If the client waits to be asked for the body, that begins after the answer: to read before it is to ask.
#[derive(Debug)]
pub struct Drained {
    body: Option<Body>,
    /// How much of it is still to come at least, in bytes: the declared length, which wrappers of a body lose.
    to_come: u64,
    until: Instant,
    /// Until the body is asked for, of a client that waits for it: ends when the client is answered.
    unasked: Option<oneshot::Receiver<Infallible>>,
}

/// Who sends a body.
#[derive(Debug, Default)]
pub struct Sender {
    /// Open as long as it waits to be asked for the body.
    waits: Option<oneshot::Sender<Infallible>>,
    sends_too_much: bool,
}

impl Sender {
    /// Makes an answer tell whether the connection ends with it: because nobody knows whether the body that was not asked
    /// for will come, or because it is not read to its end.
    pub fn tell(self, mut response: Response) -> Response {
        let waits = self.waits.filter(|waits| !waits.is_closed());
        if waits.is_some() || self.sends_too_much {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        let Some(waits) = waits else {
            return response;
        };
        response.map(|body| {
            Body::new(body.map_frame(move |frame| {
                let _until_written = &waits;
                frame
            }))
        })
    }
}

impl Drained {
    /// Watches over a body of which nothing was said before.
    pub fn watch(body: Body) -> Body {
        Self::announced(body, &HeaderMap::new()).0
    }

    /// Watches over the body of a request with these headers, and who sends it.
    pub fn announced(body: Body, headers: &HeaderMap) -> (Body, Sender) {
        Self::until(body, headers, Instant::now() + DEADLINE + GRACE)
    }

    fn until(body: Body, headers: &HeaderMap, until: Instant) -> (Body, Sender) {
        if body.is_end_stream() {
            return (body, Sender::default());
        }
        let (waits, unasked) = expects_to_be_asked(headers).then(oneshot::channel).unzip();
        let to_come = declared_length(headers);
        let body = Body::new(Self {
            body: Some(body),
            to_come,
            until,
            unasked,
        });
        let sends_too_much = to_come > MAX_LEFTOVER_BYTES;
        (
            body,
            Sender {
                waits,
                sends_too_much,
            },
        )
    }
}

fn expects_to_be_asked(headers: &HeaderMap) -> bool {
    headers
        .get(header::EXPECT)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// The declared length of a body, or 0.
fn declared_length(headers: &HeaderMap) -> u64 {
    headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .unwrap_or_default()
}

impl hyper::body::Body for Drained {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        this.unasked = None;
        let polled = Pin::new(body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            let length = frame.data_ref().map_or(0, |data| data.len() as u64);
            this.to_come = this.to_come.saturating_sub(length);
        }
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            this.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body
            .as_ref()
            .is_none_or(hyper::body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let Some(body) = &self.body else {
            return SizeHint::with_exact(0);
        };
        let mut hint = body.size_hint();
        if hint.lower() < self.to_come && hint.upper().is_none() {
            hint.set_lower(self.to_come);
        }
        hint
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) else {
            return;
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(drain(body, self.until, self.unasked.take()));
        }
    }
}

async fn drain(mut body: Body, mut until: Instant, unasked: Option<oneshot::Receiver<Infallible>>) {
    if let Some(unasked) = unasked {
        // Its end is what is waited for.
        let _ = tokio::time::timeout_at(until, unasked).await;
        // Who sends it unasked does so now.
        until = until.min(Instant::now() + GRACE);
    }
    let mut dropped = 0;
    while let Ok(Some(Ok(frame))) = tokio::time::timeout_at(until, body.frame()).await {
        dropped += frame.data_ref().map_or(0, |data| data.len() as u64);
        if dropped > MAX_LEFTOVER_BYTES {
            return;
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[tokio::test]
    async fn who_was_too_slow_once_is_not_waited_for_again() {
        let (held, let_go) = tokio::sync::oneshot::channel::<()>();
        let late = Body::new(Endless { held: Some(held) });
        drop(Drained::until(late, &HeaderMap::new(), Instant::now()));
        let let_go = tokio::time::timeout(DEADLINE, let_go).await;
        assert!(
            let_go.is_ok_and(|end| end.is_err()),
            "dropped with the body"
        );
    }

    #[tokio::test]
    async fn who_waits_to_be_asked_is_not_asked_before_the_answer_is_written() {
        let headers = HeaderMap::from_iter([
            (header::EXPECT, HeaderValue::from_static("100-Continue")),
            (header::CONTENT_LENGTH, HeaderValue::from_static("5")),
        ]);
        let (held, mut let_go) = oneshot::channel::<()>();
        let until = Instant::now() + 2 * DEADLINE;
        let silent = Body::new(Endless { held: Some(held) });
        let (body, sender) = Drained::until(silent, &headers, until);
        assert_eq!(body.size_hint().lower(), 5);
        drop(body);
        let answer = sender.tell(Response::new(Body::from("no")));
        assert_eq!(answer.headers()[header::CONNECTION], "close");
        tokio::task::yield_now().await;
        assert!(let_go.try_recv().is_err(), "not polled, and not dropped");
        drop(answer);
        let let_go = tokio::time::timeout(DEADLINE, let_go).await;
        assert!(let_go.is_ok_and(|end| end.is_err()), "not waited for long");
    }

    #[tokio::test]
    async fn the_connection_goes_on_after_a_body_that_was_read() {
        let headers = HeaderMap::from_iter([
            (header::EXPECT, HeaderValue::from_static("100-continue")),
            (header::CONTENT_LENGTH, HeaderValue::from_static("2")),
        ]);
        let (body, sender) = Drained::announced(Body::from("{}"), &headers);
        assert_eq!(body.collect().await.unwrap().to_bytes(), "{}");
        let answer = sender.tell(Response::default());
        assert!(!answer.headers().contains_key(header::CONNECTION));
    }

    #[tokio::test]
    async fn the_connection_ends_with_a_body_that_is_too_large_to_be_dropped() {
        let length = HeaderValue::from(MAX_LEFTOVER_BYTES + 1);
        let headers = HeaderMap::from_iter([(header::CONTENT_LENGTH, length)]);
        let (_body, sender) = Drained::announced(Body::new(Endless::default()), &headers);
        let answer = sender.tell(Response::default());
        assert_eq!(answer.headers()[header::CONNECTION], "close");
    }

    /// A body whose sender stays silent, and what goes with it.
    #[derive(Default)]
    pub(in super::super) struct Endless {
        #[expect(dead_code, reason = "held for its drop")]
        held: Option<oneshot::Sender<()>>,
    }

    impl hyper::body::Body for Endless {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Pending
        }
    }
}
