-- The origins of all live publishable keys are read together, once a second while pages of other origins ask.
CREATE INDEX api_keys_with_origins ON api_keys (expires_at) WHERE kind = 'publishable' AND revoked_at IS NULL;
