-- What is forgotten is found by its age: anybody can have an address written here that nobody has.
-- schema_floor: unchanged
CREATE INDEX sign_in_failures_by_time ON sign_in_failures (last_failed_at);
