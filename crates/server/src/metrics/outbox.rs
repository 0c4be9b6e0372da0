//! Attempts at delivery. What waits is counted by [`page`](super::page), in the database.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::store::outbox::Ended;

/// What is measured of deliveries.
#[derive(Debug, Clone, Default)]
pub struct OutboxMetrics {
    attempts: Family<AttemptLabels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptLabels {
    kind: &'static str,
    outcome: &'static str,
    reason: &'static str,
}

impl OutboxMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "outbox_attempts",
            "Attempts at delivery, by how they ended and why",
            self.attempts.clone(),
        );
    }

    /// Counts an attempt to deliver an invitation.
    pub fn invitation(&self, ended: Ended) {
        let (outcome, reason) = ended.words();
        self.attempts
            .get_or_create(&AttemptLabels {
                kind: "invitation",
                outcome,
                reason,
            })
            .inc();
    }
}
