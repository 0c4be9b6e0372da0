//! What the webhook functions of the npm package ask of Rust.

use vouchkey_types::webhook::{
    OrderRefusal, Position, Secret, SignatureHeaders, SignatureRefusal, apply, verify,
};
use wasm_bindgen::prelude::*;

use crate::js::client::text;
use crate::js::room;

/// Whether a message is believed: 0, or the place, counted from 1, of the reason among
/// `SIGNATURE_REFUSALS`. A header that is absent has no bytes; one secret stands on a line; times
/// are in seconds.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "they are the parts of the inbox")]
pub fn verify_signature(
    id: usize,
    timestamp: usize,
    signature: usize,
    own: usize,
    secrets: usize,
    body: usize,
    now: f64,
    tolerance: f64,
) -> u32 {
    let lengths = [id, timestamp, signature, own, secrets, body];
    let inbox = room::take();
    let [id, timestamp, signature, own, secrets, body] = inbox.parts(lengths);
    let headers = SignatureHeaders {
        id: header(id),
        timestamp: header(timestamp),
        signature: header(signature),
        own: header(own),
    };
    let secrets: Vec<_> = text(secrets)
        .split('\n')
        .filter_map(Secret::parse)
        .collect();
    let verdict = verify(body, headers, &secrets, whole(now), whole(tolerance));
    inbox.put_back();
    match verdict {
        Ok(()) => 0,
        Err(refusal) => place(SignatureRefusal::ALL, &refusal),
    }
}

fn header(part: &[u8]) -> Option<&str> {
    Some(text(part)).filter(|text| !text.is_empty())
}

/// A whole number below this one; the ends of the range for what lies beyond.
#[expect(clippy::cast_possible_truncation, reason = "wanted")]
fn whole(number: f64) -> i64 {
    number.floor() as i64
}

fn place<T: PartialEq>(reasons: &[T], reason: &T) -> u32 {
    let at = reasons.iter().position(|other| other == reason);
    at.and_then(|at| u32::try_from(at + 1).ok())
        .unwrap_or(u32::MAX)
}

/// Whether an event is news: the number of those before it that have not arrived, or, below zero,
/// the place of the reason among `ORDER_REFUSALS`, counted from 1. Before the first event the number
/// of the one that was kept is 0.
#[wasm_bindgen]
pub fn event_order(
    kept_session: usize,
    event: usize,
    session: usize,
    kept_sequence: f64,
    kept_terminal: bool,
    sequence: f64,
) -> f64 {
    let inbox = room::take();
    let [kept_session, event, session] = inbox.parts([kept_session, event, session]).map(text);
    let kept = Position {
        session_id: kept_session,
        sequence: whole(kept_sequence),
        terminal: kept_terminal,
    };
    let news = Position {
        session_id: session,
        sequence: whole(sequence),
        terminal: false,
    };
    let order = apply(Some(kept).filter(|kept| kept.sequence > 0), event, news);
    inbox.put_back();
    match order {
        #[expect(clippy::cast_precision_loss, reason = "both were safe integers")]
        Ok(missed) => missed as f64,
        Err(refusal) => -f64::from(place(OrderRefusal::ALL, &refusal)),
    }
}
