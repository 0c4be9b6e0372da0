//! Whether a message comes from who holds the secret, and is fresh.

use super::base64;
use super::reasons;
use super::secret::{Secret, Signature};

/// How far the time of signing may lie from now, either way, in seconds.
pub const DEFAULT_TOLERANCE_SECONDS: i64 = 300;

/// A signature has 256 bits.
const SIGNATURE_BYTES: usize = 32;
/// Unix seconds have 10 digits until the year 2286; what is longer than this is no time.
const MAX_TIME_DIGITS: usize = 12;

/// The headers of a message that have to do with its signature, as they were received.
#[derive(Debug, Clone, Copy, Default)]
pub struct SignatureHeaders<'a> {
    /// `webhook-id`.
    pub id: Option<&'a str>,
    /// `webhook-timestamp`.
    pub timestamp: Option<&'a str>,
    /// `webhook-signature`.
    pub signature: Option<&'a str>,
    /// `X-Verifa-Signature`.
    pub own: Option<&'a str>,
}

reasons! {
    /// Why a message is not believed.
    SignatureRefusal {
        /// There is no signature, or a header that belongs to it is absent.
        MissingSignature = "missing_signature",
        /// A header of the signature cannot be read.
        MalformedSignature = "malformed_signature",
        /// No secret was given, or none that this form of signature can use.
        InvalidSecret = "invalid_secret",
        /// No signature was made with any of the secrets over this body: another secret, or the
        /// body was changed, if only by reading and writing its JSON.
        SignatureMismatch = "signature_mismatch",
        /// Rightly signed, but too long ago: perhaps a replay.
        TimestampTooOld = "timestamp_too_old",
        /// Rightly signed, but in the future: one of the two clocks is wrong.
        TimestampTooNew = "timestamp_too_new",
    }
}

/// Whether a body was signed with one of the secrets, within the tolerance of now; all times in
/// seconds.
///
/// A message may carry both forms of signature: one that holds is enough. Comparisons take the
/// same time whatever they find.
///
/// # Errors
///
/// Why it is not believed.
pub fn verify(
    body: &[u8],
    headers: SignatureHeaders<'_>,
    secrets: &[Secret],
    now: i64,
    tolerance: i64,
) -> Result<(), SignatureRefusal> {
    let mut refusal = SignatureRefusal::MissingSignature;
    for claim in [standard(headers), own(headers)].into_iter().flatten() {
        match claim.and_then(|claim| claim.check(body, secrets, now, tolerance)) {
            Ok(()) => return Ok(()),
            Err(why) => refusal = why,
        }
    }
    Err(refusal)
}

/// What one form of signature says.
struct Claim<'a> {
    id: Option<&'a str>,
    /// As it was sent, for that is what was signed.
    timestamp: &'a str,
    signatures: Vec<Signature>,
}

type Read<'a> = Option<Result<Claim<'a>, SignatureRefusal>>;

/// `webhook-signature` and its companions: signatures with their version, separated by spaces;
/// versions that are not known are for others.
fn standard(headers: SignatureHeaders<'_>) -> Read<'_> {
    let mut signatures = Vec::new();
    for signature in headers.signature?.split(' ') {
        // Two headers of this name are joined with a comma.
        let signature = signature.strip_suffix(',').unwrap_or(signature);
        let bytes = signature.strip_prefix("v1,").and_then(base64::decode);
        signatures.extend(bytes.and_then(|bytes| signed(&bytes)));
    }
    let claim = match (headers.id, headers.timestamp) {
        (Some(id), Some(timestamp)) if !id.is_empty() => Ok(Claim {
            id: Some(id),
            timestamp,
            signatures,
        }),
        _ => Err(SignatureRefusal::MissingSignature),
    };
    Some(claim)
}

/// `X-Verifa-Signature`: `t=<second>,v1=<hex>`, and further `v1` while a secret is being replaced.
fn own(headers: SignatureHeaders<'_>) -> Read<'_> {
    let mut claim = Claim {
        id: None,
        timestamp: "",
        signatures: Vec::new(),
    };
    for pair in headers.own?.split(',') {
        let pair = pair.trim_ascii();
        if let Some(timestamp) = pair.strip_prefix("t=") {
            if !claim.timestamp.is_empty() && claim.timestamp != timestamp {
                return Some(Err(SignatureRefusal::MalformedSignature));
            }
            claim.timestamp = timestamp;
        } else if let Some(hex) = pair.strip_prefix("v1=") {
            claim
                .signatures
                .extend(unhex(hex).and_then(|bytes| signed(&bytes)));
        }
    }
    Some(Ok(claim))
}

impl Claim<'_> {
    fn check(
        &self,
        body: &[u8],
        secrets: &[Secret],
        now: i64,
        tolerance: i64,
    ) -> Result<(), SignatureRefusal> {
        let second = second(self.timestamp)
            .filter(|_| !self.signatures.is_empty())
            .ok_or(SignatureRefusal::MalformedSignature)?;
        let (mut has_key, mut is_signed) = (false, false);
        for mac in secrets.iter().filter_map(|secret| self.mac(secret, body)) {
            has_key = true;
            for signature in &self.signatures {
                is_signed |= mac == *signature;
            }
        }
        if !has_key {
            Err(SignatureRefusal::InvalidSecret)
        } else if !is_signed {
            Err(SignatureRefusal::SignatureMismatch)
        } else if now.saturating_sub(second) > tolerance {
            Err(SignatureRefusal::TimestampTooOld)
        } else if second.saturating_sub(now) > tolerance {
            Err(SignatureRefusal::TimestampTooNew)
        } else {
            Ok(())
        }
    }

    fn mac(&self, secret: &Secret, body: &[u8]) -> Option<Signature> {
        match self.id {
            Some(id) => secret.standard(id, self.timestamp, body),
            None => Some(secret.own(self.timestamp, body)),
        }
    }
}

/// Digits alone, without sign, space or fraction.
fn second(text: &str) -> Option<i64> {
    if text.is_empty() || text.len() > MAX_TIME_DIGITS {
        return None;
    }
    text.bytes().try_fold(0, |second, byte| {
        byte.is_ascii_digit()
            .then(|| second * 10 + i64::from(byte - b'0'))
    })
}

/// What is shorter or longer is no signature.
fn signed(bytes: &[u8]) -> Option<Signature> {
    <[u8; SIGNATURE_BYTES]>::try_from(bytes)
        .ok()
        .map(|bytes| Signature::new(bytes.into()))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for pair in text.as_bytes().chunks(2) {
        let [high, low] = *pair else { return None };
        let digit = |byte| char::from(byte).to_digit(16);
        bytes.push(u8::try_from(digit(high)? << 4 | digit(low)?).ok()?);
    }
    Some(bytes)
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
