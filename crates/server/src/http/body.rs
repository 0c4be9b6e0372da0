//! Reads the body of a request, on its connection, within bounds (decisions 4 and 26).

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::time::Instant;
use vouchkey_types::limits::MAX_BODY_BYTES;
use vouchkey_types::problem::ErrorCode;

use super::error::ApiError;

/// How long a body may take to arrive.
pub const DEADLINE: Duration = Duration::from_secs(15);

/// How much longer the sender of a body that came too late is listened to, so that it sees why.
const GRACE: Duration = Duration::from_secs(1);

/// How much of a refused body is read and dropped, in bytes, so that its sender sees the answer.
const MAX_LEFTOVER_BYTES: u64 = 16 * 1024 * 1024;

/// How large a body may be.
#[derive(Debug, Clone, Copy)]
pub struct Bound {
    /// In bytes.
    pub bytes: usize,
    /// In words.
    pub words: &'static str,
}

/// The bound of the API's own bodies.
pub const OF_THE_API: Bound = Bound {
    bytes: MAX_BODY_BYTES,
    words: "4 MiB",
};

/// Checks that a body is declared as JSON in UTF-8. One without a declaration is read as JSON.
///
/// # Errors
///
/// 415 `unsupported_media_type`.
pub fn check_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let is_plain = headers
        .get(header::CONTENT_ENCODING)
        .is_none_or(|value| value == "identity");
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_none_or(|value| value.to_str().is_ok_and(is_json));
    if is_plain && is_json {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::UnsupportedMediaType,
        "Send the body as application/json in UTF-8, uncompressed.",
    ))
}

fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let is_json = kind == "application/json"
        || kind
            .strip_prefix("application/")
            .is_some_and(|kind| kind.len() > 5 && kind.ends_with("+json"));
    is_json
        && parts.all(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            !name.trim().eq_ignore_ascii_case("charset")
                || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
}

/// Reads the whole body.
///
/// # Errors
///
/// 413 as soon as it is known to be over its bound, 408 when it is not there within `deadline`, 400
/// when it breaks off.
pub async fn read(body: Body, bound: Bound, deadline: Duration) -> Result<Bytes, ApiError> {
    if body.size_hint().lower() > bound.bytes as u64 {
        return Err(too_large(bound));
    }
    tokio::time::timeout(deadline, collect(body, bound))
        .await
        .unwrap_or_else(|_| {
            Err(ApiError::new(
                ErrorCode::RequestTimeout,
                "The body did not arrive in time.",
            ))
        })
}

async fn collect(mut body: Body, bound: Bound) -> Result<Bytes, ApiError> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|_| ApiError::new(ErrorCode::InvalidJson, "The body broke off."))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if whole.len() + data.len() > bound.bytes {
            return Err(too_large(bound));
        }
        if whole.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

fn too_large(bound: Bound) -> ApiError {
    let detail = format!("The body is over {}.", bound.words);
    ApiError::new(ErrorCode::PayloadTooLarge, detail)
}

/// A request's body that is read to its end even when its handler is not interested.
///
/// A client that is still sending when its connection is closed loses the answer that waits for
/// it. So what a handler leaves is read and dropped, up to 16 MiB and until a body that came in time
/// would be there.
#[derive(Debug)]
pub struct Drained {
    body: Option<Body>,
    until: Instant,
}

impl Drained {
    /// Watches over a body.
    pub fn watch(body: Body) -> Body {
        Self::watch_until(body, Instant::now() + DEADLINE + GRACE)
    }

    fn watch_until(body: Body, until: Instant) -> Body {
        if body.is_end_stream() {
            return body;
        }
        Body::new(Self {
            body: Some(body),
            until,
        })
    }
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
        let polled = Pin::new(body).poll_frame(context);
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
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), hyper::body::Body::size_hint)
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) else {
            return;
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(drain(body, self.until));
        }
    }
}

async fn drain(mut body: Body, until: Instant) {
    let mut dropped = 0;
    while let Ok(Some(Ok(frame))) = tokio::time::timeout_at(until, body.frame()).await {
        dropped += frame.data_ref().map_or(0, |data| data.len() as u64);
        if dropped > MAX_LEFTOVER_BYTES {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn json_is_known_by_its_type() {
        for good in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/vnd.api+json",
            r#"application/json;charset="utf-8""#,
            "application/json; v=1",
        ] {
            assert!(is_json(good), "{good}");
        }
        for bad in [
            "",
            "text/json",
            "text/plain",
            "application/json; charset=latin1",
            "application/+json",
            "multipart/form-data",
            "application/jsonx",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
    }

    #[test]
    fn a_compressed_body_is_refused() {
        let mut headers = HeaderMap::new();
        assert!(check_type(&headers).is_ok());
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert_eq!(
            check_type(&headers).unwrap_err().code(),
            ErrorCode::UnsupportedMediaType
        );
    }

    #[tokio::test]
    async fn a_body_of_four_mebibytes_is_read_and_one_byte_more_is_not() {
        let full = vec![b' '; MAX_BODY_BYTES];
        assert_eq!(
            read(Body::from(full.clone()), OF_THE_API, DEADLINE)
                .await
                .unwrap()
                .len(),
            MAX_BODY_BYTES
        );
        let over = [full, vec![b' ']].concat();
        let error = read(Body::from(over), OF_THE_API, DEADLINE)
            .await
            .unwrap_err();
        assert_eq!(error.code(), ErrorCode::PayloadTooLarge);
    }

    #[tokio::test]
    async fn a_body_that_never_ends_times_out() {
        let error = read(
            Body::new(Endless { _held: None }),
            OF_THE_API,
            Duration::from_millis(1),
        )
        .await
        .unwrap_err();
        assert_eq!(error.code(), ErrorCode::RequestTimeout);
    }

    #[tokio::test]
    async fn who_was_too_slow_once_is_not_waited_for_again() {
        let (held, let_go) = tokio::sync::oneshot::channel::<()>();
        let late = Body::new(Endless { _held: Some(held) });
        drop(Drained::watch_until(late, Instant::now()));
        let let_go = tokio::time::timeout(DEADLINE, let_go).await;
        assert!(
            let_go.is_ok_and(|end| end.is_err()),
            "dropped with the body"
        );
    }

    /// A body whose sender stays silent, and what goes with it.
    struct Endless {
        _held: Option<tokio::sync::oneshot::Sender<()>>,
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
