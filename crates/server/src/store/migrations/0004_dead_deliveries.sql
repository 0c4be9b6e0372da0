-- What was given up is counted at each look at the metrics.
-- schema_floor: unchanged
CREATE INDEX outbox_dead ON outbox (kind, created_at) WHERE state = 'dead';
