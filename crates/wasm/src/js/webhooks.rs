//! What the webhook functions of the npm package ask of Rust.

use vouchkey_types::json::{self, Json};
use vouchkey_types::object;
use vouchkey_types::webhook::{
    OrderRefusal, Progress, Secret, SessionEvent, SignatureHeaders, SignatureRefusal, apply, verify,
};
use wasm_bindgen::prelude::*;

/// Whether a message is believed: 0, or the place, counted from 1, of the reason among
/// `SIGNATURE_REFUSALS`. A header that is absent is an empty string; one secret stands on a line;
/// times are in seconds.
#[wasm_bindgen(js_name = verifySignature)]
#[expect(
    clippy::too_many_arguments,
    reason = "an object would cost more bytes than it explains"
)]
pub fn verify_signature(
    body: &[u8],
    id: &str,
    timestamp: &str,
    signature: &str,
    own: &str,
    secrets: &str,
    now: f64,
    tolerance: f64,
) -> u32 {
    let header = |text| Some(text).filter(|text: &&str| !text.is_empty());
    let headers = SignatureHeaders {
        id: header(id),
        timestamp: header(timestamp),
        signature: header(signature),
        own: header(own),
    };
    let secrets: Vec<_> = secrets.lines().filter_map(Secret::parse).collect();
    match verify(body, headers, &secrets, whole(now), whole(tolerance)) {
        Ok(()) => 0,
        Err(refusal) => place(SignatureRefusal::ALL, refusal),
    }
}

/// The whole seconds of a time; the ends of the range for what lies beyond.
#[expect(clippy::cast_possible_truncation, reason = "wanted")]
const fn whole(seconds: f64) -> i64 {
    seconds.floor() as i64
}

fn place(reasons: &[SignatureRefusal], reason: SignatureRefusal) -> u32 {
    let at = reasons.iter().position(|other| *other == reason);
    at.and_then(|at| u32::try_from(at + 1).ok())
        .unwrap_or(u32::MAX)
}

/// Applies an event to what was kept of its session, `null` before the first; all as JSON:
/// `{"state", "missed"}` or `{"reason"}`.
#[wasm_bindgen(js_name = applyEventJson)]
pub fn apply_event_json(kept: &str, event: &str) -> String {
    let answer = match applied(kept, event) {
        Ok((state, missed)) => object! { "state": state, "missed": missed },
        Err(reason) => object! { "reason": reason.as_str() },
    };
    Json::from(answer).to_text()
}

fn applied(kept: &str, event: &str) -> Result<(Json, i64), OrderRefusal> {
    let kept = match json::read_answer(kept.as_bytes()) {
        Ok(Json::Null) => None,
        Ok(kept) => Some(Progress::from_json(&kept).ok_or(OrderRefusal::MalformedState)?),
        Err(_) => return Err(OrderRefusal::MalformedState),
    };
    let event = json::read_answer(event.as_bytes())
        .ok()
        .and_then(|event| SessionEvent::from_json(&event))
        .ok_or(OrderRefusal::NotASessionEvent)?;
    let news = apply(kept.as_ref(), &event)?;
    Ok((news.progress.to_json(), news.missed))
}
