-- Several root keys, of which one seals and all open. A program that knows one key cannot read what another one seals.
UPDATE schema_floor SET oldest_step = 5;

ALTER TABLE server_secrets ADD COLUMN root_key_id TEXT
    CONSTRAINT server_secrets_root_key_fk REFERENCES root_keys (root_key_id);
-- So far there was one.
UPDATE server_secrets SET root_key_id = (SELECT MIN(root_key_id) FROM root_keys);

-- Keys that were taken out of use, by id: none of them seals again.
CREATE TABLE retired_root_keys (
    root_key_id TEXT   NOT NULL,
    retired_at  BIGINT NOT NULL,
    CONSTRAINT retired_root_keys_pk PRIMARY KEY (root_key_id)
);
