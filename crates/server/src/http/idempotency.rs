//! Idempotency keys: the client's word for "this is the same request" (decision 7).
//!
//! The unique index of the stored records is what decides between concurrent copies. The map of
//! running requests here only lets a copy in the same process wait for the first one, instead of
//! failing after its work is done.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::watch;
use tokio::time::Instant;
use vouchkey_types::limits::MAX_IDEMPOTENCY_KEY_CHARS;
use vouchkey_types::problem::ErrorCode;

use super::caller::Caller;
use super::endpoint::Call;
use super::error::ApiError;
use crate::store::idempotency::IdempotencyScope;
use crate::vault::ServerSecrets;

/// The header that carries the key.
pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// The header that marks a replay.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// How long a copy waits for the request before it.
pub const WAIT: Duration = Duration::from_secs(2);

/// The client's key. It may hold an e-mail address, so only its keyed hash is kept or logged.
#[derive(Clone)]
pub struct ClientKey(HeaderValue);

impl ClientKey {
    /// The key that the request carries, taken literally.
    ///
    /// # Errors
    /// 400 `idempotency_key_invalid` unless it is one header of 1 to 255 visible ASCII characters.
    pub fn sent(headers: &HeaderMap) -> Result<Option<Self>, ApiError> {
        let mut sent = headers.get_all(HEADER).iter();
        let Some(key) = sent.next() else {
            return Ok(None);
        };
        let is_key = (1..=MAX_IDEMPOTENCY_KEY_CHARS).contains(&key.len())
            && key.as_bytes().iter().all(u8::is_ascii_graphic);
        if !is_key || sent.next().is_some() {
            return Err(ApiError::new(
                ErrorCode::IdempotencyKeyInvalid,
                "Idempotency-Key must be sent once, as 1 to 255 visible ASCII characters without spaces.",
            ));
        }
        Ok(Some(Self(key.clone())))
    }

    /// What is kept of the key: a keyed hash, in which its organization, environment and namespace
    /// count, so that nobody meets the key of another.
    fn hash(&self, caller: &Caller, secrets: &ServerSecrets) -> [u8; 32] {
        let organization = caller.organization.to_string();
        let namespace = caller.idempotency_namespace();
        let mut parts = vec![
            b"key".as_slice(),
            organization.as_bytes(),
            caller.environment.as_str().as_bytes(),
            self.0.as_bytes(),
        ];
        if !namespace.is_empty() {
            parts.push(namespace.as_bytes());
        }
        secrets.idempotency_hash(&parts)
    }
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientKey([redacted])")
    }
}

/// What identifies a keyed request, and its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marker {
    /// The keyed hash of the client's key.
    pub key: [u8; 32],
    /// The keyed hash of method, path, explicit version and parameters.
    pub fingerprint: [u8; 32],
}

impl Marker {
    /// The marker of a call whose parameters have this text; `None` without an idempotency key.
    pub fn of<P>(call: &Call<P>, parameters: &str) -> Option<Self> {
        let client_key = call.client_key.as_ref()?;
        let secrets = &call.state.secrets;
        let version = call.sent_version.map_or("", |version| version.as_str());
        let parts = [
            call.method.as_str(),
            call.path.as_str(),
            version,
            parameters,
        ];
        let parts = parts.map(str::as_bytes);
        Some(Self {
            key: client_key.hash(&call.caller, secrets),
            fingerprint: secrets.idempotency_hash(&[
                b"fingerprint",
                parts[0],
                parts[1],
                parts[2],
                parts[3],
            ]),
        })
    }

    /// Where the key is valid: in one organization, environment and namespace.
    pub fn scope(&self, caller: &Caller) -> IdempotencyScope {
        IdempotencyScope {
            organization: caller.organization,
            environment: caller.environment,
            namespace: caller.idempotency_namespace(),
            key_hash: self.key,
        }
    }

    /// Holds a stored record's fingerprint against this one.
    ///
    /// # Errors
    /// 422 `idempotency_mismatch` for other parameters.
    pub fn check(&self, stored: &[u8; 32]) -> Result<(), ApiError> {
        if *stored == self.fingerprint {
            Ok(())
        } else {
            Err(mismatch())
        }
    }
}

/// 422: the key was used for a request with other parameters.
pub fn mismatch() -> ApiError {
    ApiError::new(
        ErrorCode::IdempotencyMismatch,
        "Idempotency key has already been used with different parameters. Use a new key for another request, or send the \
         first request's parameters.",
    )
}

/// 409: the first request with the key is still running, in this process or in another server's.
pub fn in_progress() -> ApiError {
    ApiError::new(
        ErrorCode::IdempotencyInProgress,
        "The first request with this idempotency key is still running. Wait, and send the same request with the same key \
         again.",
    )
    .retry_after(1)
}

/// The keyed requests that are running in this process.
#[derive(Debug)]
pub struct Running {
    wait: Duration,
    keys: Arc<Mutex<HashMap<[u8; 32], watch::Receiver<()>>>>,
}

/// A key's turn; the next copy has it when this is dropped.
#[derive(Debug)]
pub struct Turn {
    key: [u8; 32],
    keys: Arc<Mutex<HashMap<[u8; 32], watch::Receiver<()>>>>,
    _until: watch::Sender<()>,
}

impl Running {
    /// Nothing runs. A copy will wait so long for the request before it.
    pub fn new(wait: Duration) -> Self {
        Self {
            wait,
            keys: Arc::default(),
        }
    }

    /// Waits until no other request with this key runs.
    ///
    /// # Errors
    /// 409 `idempotency_in_progress` if that takes too long.
    pub async fn turn(&self, key: [u8; 32]) -> Result<Turn, ApiError> {
        let deadline = Instant::now() + self.wait;
        loop {
            let mut before = match self.begin(key) {
                Ok(turn) => return Ok(turn),
                Err(before) => before,
            };
            // It never changes: it ends, when its sender is dropped.
            if tokio::time::timeout_at(deadline, before.changed())
                .await
                .is_err()
            {
                return Err(in_progress());
            }
        }
    }

    fn begin(&self, key: [u8; 32]) -> Result<Turn, watch::Receiver<()>> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = keys.get(&key) {
            return Err(before.clone());
        }
        let (until, ended) = watch::channel(());
        keys.insert(key, ended);
        Ok(Turn {
            key,
            keys: Arc::clone(&self.keys),
            _until: until,
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(values: &[&str]) -> Result<bool, ErrorCode> {
        let headers = values
            .iter()
            .map(|value| (HEADER, HeaderValue::from_bytes(value.as_bytes()).unwrap()));
        ClientKey::sent(&headers.collect())
            .map(|key| key.is_some())
            .map_err(|error| error.code())
    }

    #[test]
    fn a_key_is_one_header_of_visible_ascii() {
        assert_eq!(sent(&[]), Ok(false));
        assert_eq!(sent(&["a"]), Ok(true));
        assert_eq!(sent(&["\"quoted\"~!"]), Ok(true));
        assert_eq!(sent(&[&"k".repeat(255)]), Ok(true));
        for wrong in [
            &[""][..],
            &["a b"],
            &["é"],
            &["a", "a"],
            &[&"k".repeat(256)],
        ] {
            assert_eq!(
                sent(wrong),
                Err(ErrorCode::IdempotencyKeyInvalid),
                "{wrong:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_copy_waits_for_the_request_before_it() {
        let running = Arc::new(Running::new(Duration::from_mins(1)));
        let first = running.turn([1; 32]).await.unwrap();
        assert!(
            running.turn([2; 32]).await.is_ok(),
            "another key does not wait"
        );
        let copy = tokio::spawn({
            let running = Arc::clone(&running);
            async move { running.turn([1; 32]).await.map(drop) }
        });
        tokio::task::yield_now().await;
        assert!(!copy.is_finished());
        drop(first);
        copy.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_copy_that_waits_too_long_is_told_so() {
        let running = Running::new(Duration::from_millis(1));
        let _first = running.turn([1; 32]).await.unwrap();
        let error = running.turn([1; 32]).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::IdempotencyInProgress);
    }
}
