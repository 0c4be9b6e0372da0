//! The order of a session's events (decision 22).
//!
//! Deliveries are repeated and overtake each other. Every event of a session carries `sequence`
//! (1, 2, 3, … without gaps), so that a receiver who keeps the last one that it applied can tell
//! news from what is stale.

use super::reasons;
use crate::inflection::Inflection;
use crate::json::Json;
use crate::object;

/// Events that may follow the end of a session: they tell of its data, not of its course.
const AFTER_THE_END: [&str; 2] = ["session.redacted", "session.retention-expired"];

/// How far a receiver has followed one session: what it keeps between two events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// `ses_…`.
    pub session_id: String,
    /// The last event that was applied; at least 1.
    pub sequence: i64,
    /// What that event said.
    pub status: String,
    /// Whether that was the end.
    pub terminal: bool,
}

impl Progress {
    /// Reads what [`Progress::to_json`] wrote.
    pub fn from_json(json: &Json) -> Option<Self> {
        Some(Self {
            session_id: json.get("session_id")?.as_str()?.to_owned(),
            sequence: json
                .get("sequence")?
                .as_i64()
                .filter(|sequence| *sequence >= 1)?,
            status: json.get("status")?.as_str()?.to_owned(),
            terminal: json.get("terminal")?.as_bool()?,
        })
    }

    /// As a receiver keeps it.
    pub fn to_json(&self) -> Json {
        object! {
            "session_id": self.session_id.as_str(),
            "sequence": self.sequence,
            "status": self.status.as_str(),
            "terminal": self.terminal,
        }
        .into()
    }
}

/// The members of an event that its order depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionEvent {
    /// `session.created`, ….
    pub event: String,
    /// Where the session stands after it.
    pub progress: Progress,
}

impl SessionEvent {
    /// Reads the body of a webhook, in any of the three casings that an endpoint can ask for.
    /// `None` if it is not about a session.
    pub fn from_json(json: &Json) -> Option<Self> {
        let member = |name: &str| {
            Inflection::ALL
                .into_iter()
                .find_map(|inflection| json.get(&inflection.key(name)))
        };
        Some(Self {
            event: member("event")?.as_str()?.to_owned(),
            progress: Progress {
                session_id: member("session_id")?.as_str()?.to_owned(),
                sequence: member("sequence")?
                    .as_i64()
                    .filter(|sequence| *sequence >= 1)?,
                status: member("status")?.as_str()?.to_owned(),
                terminal: member("terminal")?.as_bool()?,
            },
        })
    }
}

/// An event that was news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// What to keep from now on.
    pub progress: Progress,
    /// How many events before it have not arrived. They will be refused as stale.
    pub missed: i64,
}

reasons! {
    /// Why an event changes nothing.
    OrderRefusal {
        /// It lacks what the events of a session carry.
        NotASessionEvent = "not_a_session_event",
        /// What the receiver kept cannot be read.
        MalformedState = "malformed_state",
        /// It is about another session.
        OtherSession = "other_session",
        /// It is the event that was applied last, once more.
        Duplicate = "duplicate",
        /// A later one was applied already.
        Stale = "stale",
        /// The session had ended.
        AfterEnd = "after_end",
    }
}

/// Applies an event to what the receiver has kept of its session, `None` before the first.
///
/// A gap does not hold an event back, since the newest news is the truth; the answer says how many
/// are missing.
///
/// # Errors
///
/// Why the receiver must keep what it has.
pub fn apply(kept: Option<&Progress>, event: &SessionEvent) -> Result<Applied, OrderRefusal> {
    let news = &event.progress;
    let before = kept.map_or(0, |kept| kept.sequence);
    match kept {
        Some(kept) if kept.session_id != news.session_id => Err(OrderRefusal::OtherSession),
        Some(_) if news.sequence == before => Err(OrderRefusal::Duplicate),
        Some(_) if news.sequence < before => Err(OrderRefusal::Stale),
        Some(kept) if kept.terminal && !AFTER_THE_END.contains(&event.event.as_str()) => {
            Err(OrderRefusal::AfterEnd)
        }
        _ => Ok(Applied {
            progress: news.clone(),
            missed: news.sequence - before - 1,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read;
    use proptest::prelude::*;

    fn event(session: &str, sequence: i64, terminal: bool) -> SessionEvent {
        SessionEvent {
            event: "session.started".to_owned(),
            progress: Progress {
                session_id: session.to_owned(),
                sequence,
                status: format!("status {sequence}"),
                terminal,
            },
        }
    }

    /// How an event fares after another that was applied.
    fn after(kept: &SessionEvent, news: &SessionEvent) -> Result<i64, &'static str> {
        apply(Some(&kept.progress), news)
            .map(|applied| {
                assert_eq!(applied.progress, news.progress);
                applied.missed
            })
            .map_err(OrderRefusal::as_str)
    }

    #[test]
    fn events_in_order_are_applied() {
        let first = apply(None, &event("a", 1, false)).unwrap();
        assert_eq!(first.missed, 0);
        assert_eq!(after(&event("a", 1, false), &event("a", 2, false)), Ok(0));
        assert_eq!(after(&event("a", 2, false), &event("a", 3, true)), Ok(0));
    }

    #[test]
    fn what_is_no_news_is_refused() {
        let kept = event("a", 3, false);
        assert_eq!(after(&kept, &event("a", 3, false)), Err("duplicate"));
        assert_eq!(after(&kept, &event("a", 2, false)), Err("stale"));
        assert_eq!(after(&kept, &event("b", 4, false)), Err("other_session"));
    }

    #[test]
    fn a_gap_is_applied_and_counted() {
        assert_eq!(apply(None, &event("a", 4, false)).unwrap().missed, 3);
        assert_eq!(after(&event("a", 4, false), &event("a", 7, false)), Ok(2));
    }

    #[test]
    fn after_the_end_only_news_of_the_data_is_applied() {
        let end = event("a", 3, true);
        assert_eq!(after(&end, &event("a", 4, false)), Err("after_end"));
        assert_eq!(after(&end, &event("a", 4, true)), Err("after_end"));
        assert_eq!(after(&end, &event("a", 2, true)), Err("stale"));
        let redacted = SessionEvent {
            event: "session.redacted".to_owned(),
            ..event("a", 4, true)
        };
        assert_eq!(after(&end, &redacted), Ok(0));
    }

    #[test]
    fn events_are_read_in_every_casing() {
        for name in ["session_id", "sessionId", "session-id"] {
            let text = format!(
                r#"{{"event":"session.created","{name}":"ses_1","sequence":1,"previous_status":null,"status":"pending","terminal":false}}"#
            );
            let event = SessionEvent::from_json(&read(text.as_bytes()).unwrap()).unwrap();
            assert_eq!(event.progress.session_id, "ses_1");
            assert_eq!(
                Progress::from_json(&event.progress.to_json()),
                Some(event.progress)
            );
        }
    }

    #[test]
    fn what_is_not_about_a_session_is_no_event_of_one() {
        let whole = object! { "event": "session.created", "session_id": "ses_1", "sequence": 1_i64, "status": "pending", "terminal": false };
        assert!(SessionEvent::from_json(&whole.clone().into()).is_some());
        for name in ["event", "session_id", "sequence", "status", "terminal"] {
            let mut event = whole.clone();
            event.remove(name);
            assert_eq!(
                SessionEvent::from_json(&event.clone().into()),
                None,
                "{name}"
            );
            event.push(name, Json::Null);
            assert_eq!(SessionEvent::from_json(&event.into()), None, "{name}");
        }
        for sequence in [0_i64, -1] {
            let mut event = whole.clone();
            event.remove("sequence");
            event.push("sequence", sequence);
            assert_eq!(SessionEvent::from_json(&event.into()), None);
        }
    }

    proptest! {
        /// Whatever a network does to the deliveries, a receiver ends with the newest that came,
        /// and applies each at most once.
        #[test]
        fn any_order_of_deliveries_ends_at_the_newest(deliveries in prop::collection::vec(1_i64..9, 1..40)) {
            let mut kept: Option<Progress> = None;
            let mut applied = Vec::new();
            for sequence in &deliveries {
                if let Ok(news) = apply(kept.as_ref(), &event("a", *sequence, *sequence == 8)) {
                    applied.push(*sequence);
                    kept = Some(news.progress);
                }
            }
            prop_assert!(applied.is_sorted_by(|one, next| one < next));
            prop_assert_eq!(kept.map(|kept| kept.sequence), deliveries.into_iter().max());
        }
    }
}
