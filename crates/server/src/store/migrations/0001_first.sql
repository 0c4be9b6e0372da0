-- The schema, one text for SQLite and PostgreSQL. Only TEXT, BIGINT and BYTEA, since these are what both engines and
-- the driver that speaks to either agree on: times are Unix milliseconds, flags 0 or 1, lists JSON or words with commas,
-- ids the text of the wire, `_sealed` ciphertext, `_hash` digests.
--
-- The organization leads every key and unique index, but of the tables by which the organization is found: `api_keys`,
-- `capture_links`, `users` and their sign-ins. SQLite cannot change a primary key later.

CREATE TABLE root_keys (
    root_key_id   TEXT   NOT NULL,
    canary_sealed BYTEA  NOT NULL,
    created_at    BIGINT NOT NULL,
    CONSTRAINT root_keys_pk PRIMARY KEY (root_key_id)
);

CREATE TABLE server_secrets (
    name          TEXT   NOT NULL,
    secret_sealed BYTEA  NOT NULL,
    created_at    BIGINT NOT NULL,
    CONSTRAINT server_secrets_pk PRIMARY KEY (name)
);

CREATE TABLE organizations (
    organization_id          TEXT   NOT NULL,
    name                     TEXT   NOT NULL,
    email_display_name       TEXT,
    support_url              TEXT,
    redirect_hosts           TEXT   NOT NULL,
    allowed_redirect_schemes TEXT   NOT NULL,
    embed_origins            TEXT   NOT NULL,
    accent_colour            TEXT,
    created_at               BIGINT NOT NULL,
    updated_at               BIGINT NOT NULL,
    CONSTRAINT organizations_pk PRIMARY KEY (organization_id)
);

CREATE TABLE workflows (
    organization_id TEXT   NOT NULL,
    workflow_id     TEXT   NOT NULL,
    environment     TEXT   NOT NULL,
    name            TEXT   NOT NULL,
    is_default      BIGINT NOT NULL,
    is_active       BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    CONSTRAINT workflows_pk PRIMARY KEY (organization_id, workflow_id),
    CONSTRAINT workflows_organization_fk FOREIGN KEY (organization_id) REFERENCES organizations (organization_id),
    CONSTRAINT workflows_environment_known CHECK (environment IN ('live', 'sandbox')),
    CONSTRAINT workflows_is_default_flag CHECK (is_default IN (0, 1)),
    CONSTRAINT workflows_is_active_flag CHECK (is_active IN (0, 1))
);
CREATE UNIQUE INDEX workflows_one_default ON workflows (organization_id, environment) WHERE is_default = 1;

CREATE TABLE users (
    user_id         TEXT   NOT NULL,
    organization_id TEXT   NOT NULL,
    email           TEXT   NOT NULL,
    role            TEXT   NOT NULL,
    password_hash   TEXT,
    created_at      BIGINT NOT NULL,
    CONSTRAINT users_pk PRIMARY KEY (user_id),
    CONSTRAINT users_email_once UNIQUE (email),
    CONSTRAINT users_organization_fk FOREIGN KEY (organization_id) REFERENCES organizations (organization_id),
    CONSTRAINT users_role_known CHECK (role IN ('owner', 'admin', 'reviewer', 'viewer'))
);
CREATE INDEX users_by_organization ON users (organization_id, created_at, user_id);

CREATE TABLE sign_in_links (
    link_hash       BYTEA  NOT NULL,
    user_id         TEXT   NOT NULL,
    organization_id TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    used_at         BIGINT,
    CONSTRAINT sign_in_links_pk PRIMARY KEY (link_hash),
    CONSTRAINT sign_in_links_user_fk FOREIGN KEY (user_id) REFERENCES users (user_id)
);
CREATE INDEX sign_in_links_by_user ON sign_in_links (user_id);

CREATE TABLE sign_ins (
    token_hash      BYTEA  NOT NULL,
    user_id         TEXT   NOT NULL,
    organization_id TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    last_seen_at    BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    revoked_at      BIGINT,
    CONSTRAINT sign_ins_pk PRIMARY KEY (token_hash),
    CONSTRAINT sign_ins_user_fk FOREIGN KEY (user_id) REFERENCES users (user_id)
);
CREATE INDEX sign_ins_by_user ON sign_ins (user_id);

-- By the keyed hash of the address that was tried, whether such a user exists or not.
CREATE TABLE sign_in_failures (
    account_hash   BYTEA  NOT NULL,
    failures       BIGINT NOT NULL,
    last_failed_at BIGINT NOT NULL,
    CONSTRAINT sign_in_failures_pk PRIMARY KEY (account_hash)
);

CREATE TABLE api_keys (
    key_hash        BYTEA  NOT NULL,
    api_key_id      TEXT   NOT NULL,
    organization_id TEXT   NOT NULL,
    environment     TEXT   NOT NULL,
    kind            TEXT   NOT NULL,
    label           TEXT   NOT NULL,
    scopes          TEXT   NOT NULL,
    api_version     TEXT   NOT NULL,
    inflection      TEXT   NOT NULL,
    origins         TEXT   NOT NULL,
    allowed_ips     TEXT   NOT NULL,
    hint            TEXT   NOT NULL,
    created_by      TEXT,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT,
    revoked_at      BIGINT,
    last_used_at    BIGINT,
    CONSTRAINT api_keys_pk PRIMARY KEY (key_hash),
    CONSTRAINT api_keys_id_once UNIQUE (api_key_id),
    CONSTRAINT api_keys_organization_fk FOREIGN KEY (organization_id) REFERENCES organizations (organization_id),
    CONSTRAINT api_keys_environment_known CHECK (environment IN ('live', 'sandbox')),
    CONSTRAINT api_keys_kind_known CHECK (kind IN ('secret', 'publishable')),
    CONSTRAINT api_keys_inflection_known CHECK (inflection IN ('snake', 'camel', 'kebab'))
);
CREATE INDEX api_keys_by_organization ON api_keys (organization_id, created_at, api_key_id);

-- Keys of single things, wrapped by a root key. `data_key_id` is the id of what it seals: a session's. Destroying one
-- makes all that it sealed unreadable at once.
CREATE TABLE data_keys (
    organization_id TEXT   NOT NULL,
    data_key_id     TEXT   NOT NULL,
    root_key_id     TEXT   NOT NULL,
    key_wrapped     BYTEA,
    created_at      BIGINT NOT NULL,
    destroyed_at    BIGINT,
    CONSTRAINT data_keys_pk PRIMARY KEY (organization_id, data_key_id),
    CONSTRAINT data_keys_organization_fk FOREIGN KEY (organization_id) REFERENCES organizations (organization_id),
    CONSTRAINT data_keys_root_key_fk FOREIGN KEY (root_key_id) REFERENCES root_keys (root_key_id),
    CONSTRAINT data_keys_gone_or_there CHECK ((key_wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
CREATE INDEX data_keys_by_root_key ON data_keys (root_key_id);

CREATE TABLE sessions (
    organization_id           TEXT   NOT NULL,
    session_id                TEXT   NOT NULL,
    environment               TEXT   NOT NULL,
    status                    TEXT   NOT NULL,
    external_ref              TEXT,
    country                   TEXT,
    checks                    TEXT,
    workflow_id               TEXT,
    send_email                BIGINT NOT NULL,
    tags                      TEXT   NOT NULL,
    created_by                TEXT   NOT NULL,
    created_at                BIGINT NOT NULL,
    updated_at                BIGINT NOT NULL,
    expires_at                BIGINT NOT NULL,
    row_version               BIGINT NOT NULL,
    last_sequence             BIGINT NOT NULL,
    invitations_sent          BIGINT NOT NULL,
    processing_attempts       BIGINT NOT NULL,
    retention_status          TEXT   NOT NULL,
    metadata_sealed           BYTEA,
    prefill_sealed            BYTEA,
    applicant_email_sealed    BYTEA,
    applicant_name_sealed     BYTEA,
    email_display_name_sealed BYTEA,
    support_url_sealed        BYTEA,
    redirect_url_sealed       BYTEA,
    CONSTRAINT sessions_pk PRIMARY KEY (organization_id, session_id),
    CONSTRAINT sessions_data_key_fk FOREIGN KEY (organization_id, session_id)
        REFERENCES data_keys (organization_id, data_key_id),
    CONSTRAINT sessions_workflow_fk FOREIGN KEY (organization_id, workflow_id)
        REFERENCES workflows (organization_id, workflow_id),
    CONSTRAINT sessions_environment_known CHECK (environment IN ('live', 'sandbox')),
    CONSTRAINT sessions_status_known CHECK (status IN ('pending', 'capturing', 'processing', 'awaiting_external',
        'under_review', 'sandbox_pending', 'completed', 'expired', 'failed')),
    CONSTRAINT sessions_send_email_flag CHECK (send_email IN (0, 1)),
    CONSTRAINT sessions_retention_status_known CHECK (retention_status IN ('active', 'sensitive_redacted', 'redacted'))
);
CREATE INDEX sessions_by_time ON sessions (organization_id, environment, created_at, session_id);
CREATE INDEX sessions_by_status ON sessions (organization_id, environment, status, created_at, session_id);
CREATE INDEX sessions_by_external_ref ON sessions (organization_id, environment, external_ref, created_at, session_id);
-- What the expiry worker looks for.
CREATE INDEX sessions_open ON sessions (expires_at) WHERE status IN ('pending', 'capturing');

CREATE TABLE capture_links (
    link_id         TEXT   NOT NULL,
    organization_id TEXT   NOT NULL,
    session_id      TEXT   NOT NULL,
    kind            TEXT   NOT NULL,
    capture_key_id  BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    revoked_at      BIGINT,
    consumed_at     BIGINT,
    bound_hash      BYTEA,
    CONSTRAINT capture_links_pk PRIMARY KEY (link_id),
    CONSTRAINT capture_links_session_fk FOREIGN KEY (organization_id, session_id)
        REFERENCES sessions (organization_id, session_id),
    CONSTRAINT capture_links_kind_known CHECK (kind IN ('creation', 'one_time')),
    CONSTRAINT capture_links_key_one_byte CHECK (capture_key_id BETWEEN 0 AND 255)
);
CREATE UNIQUE INDEX capture_links_one_live ON capture_links (organization_id, session_id)
    WHERE revoked_at IS NULL AND consumed_at IS NULL;
CREATE INDEX capture_links_by_session ON capture_links (organization_id, session_id, created_at);

-- The timeline. `sequence` numbers the events of the wire, 1, 2, 3, …; notes have none.
CREATE TABLE session_events (
    organization_id TEXT   NOT NULL,
    session_id      TEXT   NOT NULL,
    event_id        TEXT   NOT NULL,
    event           TEXT   NOT NULL,
    actor           TEXT   NOT NULL,
    sequence        BIGINT,
    detail          TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    CONSTRAINT session_events_pk PRIMARY KEY (organization_id, session_id, event_id),
    CONSTRAINT session_events_sequence_once UNIQUE (organization_id, session_id, sequence),
    CONSTRAINT session_events_session_fk FOREIGN KEY (organization_id, session_id)
        REFERENCES sessions (organization_id, session_id)
);

CREATE TABLE outbox (
    organization_id TEXT   NOT NULL,
    outbox_id       TEXT   NOT NULL,
    kind            TEXT   NOT NULL,
    environment     TEXT   NOT NULL,
    session_id      TEXT   NOT NULL,
    state           TEXT   NOT NULL,
    attempts        BIGINT NOT NULL,
    next_at         BIGINT NOT NULL,
    lease_until     BIGINT,
    lease_token     TEXT,
    last_error      TEXT,
    created_at      BIGINT NOT NULL,
    done_at         BIGINT,
    CONSTRAINT outbox_pk PRIMARY KEY (organization_id, outbox_id),
    CONSTRAINT outbox_session_fk FOREIGN KEY (organization_id, session_id)
        REFERENCES sessions (organization_id, session_id),
    CONSTRAINT outbox_kind_known CHECK (kind IN ('invitation')),
    CONSTRAINT outbox_environment_known CHECK (environment IN ('live', 'sandbox')),
    CONSTRAINT outbox_state_known CHECK (state IN ('pending', 'leased', 'sent', 'dead', 'cancelled'))
);
CREATE INDEX outbox_due ON outbox (next_at) WHERE state IN ('pending', 'leased');
CREATE INDEX outbox_by_session ON outbox (organization_id, session_id, created_at);

-- Mail that had no server to go to; `message_sealed` is under the session's data key.
CREATE TABLE mailbox_messages (
    organization_id TEXT   NOT NULL,
    message_id      TEXT   NOT NULL,
    environment     TEXT   NOT NULL,
    session_id      TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    message_sealed  BYTEA  NOT NULL,
    CONSTRAINT mailbox_messages_pk PRIMARY KEY (organization_id, message_id),
    CONSTRAINT mailbox_messages_session_fk FOREIGN KEY (organization_id, session_id)
        REFERENCES sessions (organization_id, session_id),
    CONSTRAINT mailbox_messages_environment_known CHECK (environment IN ('live', 'sandbox'))
);
CREATE INDEX mailbox_messages_by_time ON mailbox_messages (organization_id, environment, created_at, message_id);

-- Written first in the transaction that it protects: its primary key decides between concurrent copies. Hence no
-- reference to the session, which comes after it.
CREATE TABLE idempotency_keys (
    organization_id TEXT   NOT NULL,
    environment     TEXT   NOT NULL,
    namespace       TEXT   NOT NULL,
    key_hash        BYTEA  NOT NULL,
    fingerprint     BYTEA  NOT NULL,
    session_id      TEXT   NOT NULL,
    status          BIGINT NOT NULL,
    response_sealed BYTEA  NOT NULL,
    api_version     TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    CONSTRAINT idempotency_keys_pk PRIMARY KEY (organization_id, environment, namespace, key_hash),
    CONSTRAINT idempotency_keys_organization_fk FOREIGN KEY (organization_id)
        REFERENCES organizations (organization_id),
    CONSTRAINT idempotency_keys_environment_known CHECK (environment IN ('live', 'sandbox'))
);
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);
