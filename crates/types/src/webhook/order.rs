//! The order of a session's events (decision 22).
//!
//! Deliveries are repeated and overtake each other. Every event of a session carries `sequence`
//! (1, 2, 3, … without gaps), so that a receiver who keeps the last one that it applied can tell
//! news from what is stale.

use super::reasons;

/// Events that may follow the end of a session: they tell of its data, not of its course.
const AFTER_THE_END: [&str; 2] = ["session.redacted", "session.retention-expired"];

/// Where a session stands after one of its events: what a receiver keeps of it, and what the next
/// one says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position<'a> {
    /// `ses_…`.
    pub session_id: &'a str,
    /// The number of the event; at least 1.
    pub sequence: i64,
    /// Whether the session has come to its end.
    pub terminal: bool,
}

reasons! {
    /// Why an event changes nothing.
    OrderRefusal {
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

/// Whether an event of this name is news to who has kept `kept`, `None` before the first; if so,
/// `news` is to be kept from now on.
///
/// A gap does not hold an event back, since the newest news is the truth. The answer says how many
/// events before it have not arrived; when they do, they will be refused as stale.
///
/// # Errors
///
/// Why the receiver must keep what it has.
pub fn apply(
    kept: Option<Position<'_>>,
    event: &str,
    news: Position<'_>,
) -> Result<i64, OrderRefusal> {
    let before = kept.map_or(0, |kept| kept.sequence);
    match kept {
        Some(kept) if kept.session_id != news.session_id => Err(OrderRefusal::OtherSession),
        Some(_) if news.sequence == before => Err(OrderRefusal::Duplicate),
        Some(_) if news.sequence < before => Err(OrderRefusal::Stale),
        Some(kept) if kept.terminal && !AFTER_THE_END.contains(&event) => {
            Err(OrderRefusal::AfterEnd)
        }
        _ => Ok(news.sequence - before - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EVENT: &str = "session.started";

    fn at(session_id: &str, sequence: i64, terminal: bool) -> Position<'_> {
        Position {
            session_id,
            sequence,
            terminal,
        }
    }

    /// How an event fares after another that was applied.
    fn after(kept: Position<'_>, news: Position<'_>) -> Result<i64, &'static str> {
        apply(Some(kept), EVENT, news).map_err(OrderRefusal::as_str)
    }

    #[test]
    fn events_in_order_are_applied() {
        assert_eq!(apply(None, EVENT, at("a", 1, false)), Ok(0));
        assert_eq!(after(at("a", 1, false), at("a", 2, false)), Ok(0));
        assert_eq!(after(at("a", 2, false), at("a", 3, true)), Ok(0));
    }

    #[test]
    fn what_is_no_news_is_refused() {
        let kept = at("a", 3, false);
        assert_eq!(after(kept, at("a", 3, false)), Err("duplicate"));
        assert_eq!(after(kept, at("a", 2, false)), Err("stale"));
        assert_eq!(after(kept, at("b", 4, false)), Err("other_session"));
    }

    #[test]
    fn a_gap_is_applied_and_counted() {
        assert_eq!(apply(None, EVENT, at("a", 4, false)), Ok(3));
        assert_eq!(after(at("a", 4, false), at("a", 7, false)), Ok(2));
    }

    #[test]
    fn after_the_end_only_news_of_the_data_is_applied() {
        let end = at("a", 3, true);
        assert_eq!(after(end, at("a", 4, false)), Err("after_end"));
        assert_eq!(after(end, at("a", 4, true)), Err("after_end"));
        assert_eq!(after(end, at("a", 2, true)), Err("stale"));
        for event in AFTER_THE_END {
            assert_eq!(apply(Some(end), event, at("a", 4, true)), Ok(0));
        }
    }

    proptest! {
        /// Whatever a network does to the deliveries, a receiver ends with the newest that came,
        /// and applies each at most once.
        #[test]
        fn any_order_of_deliveries_ends_at_the_newest(deliveries in prop::collection::vec(1_i64..9, 1..40)) {
            let mut kept = None;
            let mut applied = Vec::new();
            for sequence in &deliveries {
                let news = at("a", *sequence, *sequence == 8);
                if apply(kept, EVENT, news).is_ok() {
                    applied.push(*sequence);
                    kept = Some(news);
                }
            }
            prop_assert!(applied.is_sorted_by(|one, next| one < next));
            prop_assert_eq!(kept.map(|kept| kept.sequence), deliveries.into_iter().max());
        }
    }
}
