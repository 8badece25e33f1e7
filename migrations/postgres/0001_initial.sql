-- Times are epoch milliseconds, JSON is text, `_key` columns are normalized twins (NFC, lower case).
-- The same file name stands in migrations/sqlite; a test holds the two schemas against each other.

CREATE TABLE organizations (
    id               TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    slug             TEXT COLLATE "C" NOT NULL UNIQUE,
    name             TEXT COLLATE "C" NOT NULL,
    name_key         TEXT COLLATE "C" NOT NULL,
    state            TEXT COLLATE "C" NOT NULL,
    state_changed_at BIGINT NOT NULL,
    missing_names    TEXT COLLATE "C" NOT NULL,
    missing_role     TEXT COLLATE "C" NOT NULL,
    unknown_role     TEXT COLLATE "C" NOT NULL,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL
);
CREATE INDEX organizations_by_name ON organizations (name_key, slug);

CREATE TABLE roles (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    value           TEXT COLLATE "C" NOT NULL,
    display_name    TEXT COLLATE "C" NOT NULL,
    description     TEXT COLLATE "C" NOT NULL,
    position        BIGINT NOT NULL,
    is_default      BOOLEAN NOT NULL,
    is_reviewed     BOOLEAN NOT NULL,
    created_at      BIGINT NOT NULL
);
CREATE INDEX roles_by_position ON roles (organization_id, position);

-- Every value that means a role: its own and those mapped to it, one namespace without regard to case.
CREATE TABLE role_values (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    value_key       TEXT COLLATE "C" NOT NULL,
    value           TEXT COLLATE "C" NOT NULL,
    role_id         TEXT COLLATE "C" NOT NULL REFERENCES roles (id),
    PRIMARY KEY (organization_id, value_key)
);

CREATE TABLE tokens (
    id                TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id   TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    name              TEXT COLLATE "C" NOT NULL,
    prefix            TEXT COLLATE "C" NOT NULL,
    hash              TEXT COLLATE "C" NOT NULL UNIQUE,
    created_at        BIGINT NOT NULL,
    created_by        TEXT COLLATE "C" NOT NULL,
    expires_at        BIGINT NOT NULL,
    revoked_at        BIGINT,
    revoked_by        TEXT COLLATE "C",
    successor_id      TEXT COLLATE "C",
    last_used_at      BIGINT,
    last_used_address TEXT COLLATE "C",
    last_used_agent   TEXT COLLATE "C"
);
CREATE UNIQUE INDEX tokens_by_prefix ON tokens (organization_id, prefix);

CREATE TABLE users (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    user_name       TEXT COLLATE "C" NOT NULL,
    user_name_key   TEXT COLLATE "C" NOT NULL,
    external_id     TEXT COLLATE "C",
    active          BOOLEAN NOT NULL,
    given_name      TEXT COLLATE "C",
    given_name_key  TEXT COLLATE "C",
    family_name     TEXT COLLATE "C",
    family_name_key TEXT COLLATE "C",
    display_name    TEXT COLLATE "C",
    display_name_key TEXT COLLATE "C",
    label           TEXT COLLATE "C" NOT NULL,
    label_key       TEXT COLLATE "C" NOT NULL,
    role_id         TEXT COLLATE "C",
    role_value      TEXT COLLATE "C",
    role_state      TEXT COLLATE "C" NOT NULL,
    blocked_at      BIGINT,
    version         BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    document        TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX users_by_user_name ON users (organization_id, user_name_key);
CREATE INDEX users_by_external_id ON users (organization_id, external_id);
CREATE INDEX users_by_id ON users (organization_id, id);
CREATE INDEX users_by_given_name ON users (organization_id, given_name_key, id);
CREATE INDEX users_by_family_name ON users (organization_id, family_name_key, id);
CREATE INDEX users_by_label ON users (organization_id, label_key, id);
-- Last columns that order nothing are tested and counted without reading rows.
CREATE INDEX users_by_update ON users (organization_id, updated_at, id, active);
CREATE INDEX users_by_role ON users (organization_id, role_id, id);
-- The few that need a look; the many cost these nothing.
CREATE INDEX users_inactive ON users (organization_id, updated_at, id, active) WHERE NOT active;
CREATE INDEX users_blocked ON users (organization_id, updated_at, id, blocked_at) WHERE blocked_at IS NOT NULL;
CREATE INDEX users_by_role_state ON users (organization_id, role_state, id) WHERE role_state <> 'known';

-- Filterable values that have no column of their own. A row with sub = '' and no value marks an element.
-- match_key is value_key while that is short enough for an index, else its hash.
CREATE TABLE user_values (
    user_id         TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization_id TEXT COLLATE "C" NOT NULL,
    attribute       TEXT COLLATE "C" NOT NULL,
    element         BIGINT NOT NULL,
    sub             TEXT COLLATE "C" NOT NULL,
    value_key       TEXT COLLATE "C" NOT NULL,
    match_key       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, attribute, element, sub)
);
CREATE INDEX user_values_by_value ON user_values (organization_id, attribute, sub, match_key);

-- Users that Entra has deleted: gone for SCIM, their history kept for a while.
CREATE TABLE deleted_users (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL,
    user_name       TEXT COLLATE "C" NOT NULL,
    user_name_key   TEXT COLLATE "C" NOT NULL,
    external_id     TEXT COLLATE "C",
    label           TEXT COLLATE "C" NOT NULL,
    version         BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    deleted_at      BIGINT NOT NULL,
    log_id          TEXT COLLATE "C" NOT NULL,
    document        TEXT COLLATE "C" NOT NULL
);
CREATE INDEX deleted_users_by_time ON deleted_users (organization_id, deleted_at, id);
CREATE INDEX deleted_users_by_user_name ON deleted_users (organization_id, user_name_key, id);
CREATE INDEX deleted_users_by_age ON deleted_users (deleted_at);

-- What one request changed on one user: the log's Changes and the user's history alike.
CREATE TABLE user_changes (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL,
    user_id         TEXT COLLATE "C" NOT NULL,
    log_id          TEXT COLLATE "C",
    changed_at      BIGINT NOT NULL,
    kind            TEXT COLLATE "C" NOT NULL,
    actor_kind      TEXT COLLATE "C" NOT NULL,
    actor_id        TEXT COLLATE "C" NOT NULL,
    actor_name      TEXT COLLATE "C" NOT NULL,
    version         BIGINT NOT NULL,
    changes         TEXT COLLATE "C" NOT NULL
);
CREATE INDEX user_changes_by_user ON user_changes (organization_id, user_id, changed_at, id);
CREATE INDEX user_changes_by_log ON user_changes (log_id);

-- One SCIM request each. No foreign keys: entries outlive what they name.
CREATE TABLE provisioning_logs (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL,
    occurred_at     BIGINT NOT NULL,
    cycle_id        TEXT COLLATE "C" NOT NULL,
    action          TEXT COLLATE "C" NOT NULL,
    status          TEXT COLLATE "C" NOT NULL,
    is_lookup       BOOLEAN NOT NULL,
    method          TEXT COLLATE "C" NOT NULL,
    path            TEXT COLLATE "C" NOT NULL,
    http_status     BIGINT NOT NULL,
    scim_type       TEXT COLLATE "C",
    reason          TEXT COLLATE "C",
    attribute       TEXT COLLATE "C",
    detail          TEXT COLLATE "C",
    user_id         TEXT COLLATE "C",
    user_name       TEXT COLLATE "C",
    user_name_key   TEXT COLLATE "C",
    external_id     TEXT COLLATE "C",
    label           TEXT COLLATE "C",
    label_key       TEXT COLLATE "C",
    token_id        TEXT COLLATE "C",
    token_prefix    TEXT COLLATE "C",
    address         TEXT COLLATE "C" NOT NULL,
    user_agent      TEXT COLLATE "C",
    client_version  TEXT COLLATE "C",
    duration_us     BIGINT NOT NULL,
    steps           TEXT COLLATE "C" NOT NULL,
    remarks         TEXT COLLATE "C"
);
-- Lookups are most of the entries, and Entra waits for them: only this index and the key hold them.
CREATE INDEX provisioning_logs_by_time ON provisioning_logs (organization_id, occurred_at, id, action, status, is_lookup, user_id);
-- What pages show unless asked for more: changes, and whatever failed.
CREATE INDEX provisioning_logs_shown ON provisioning_logs (organization_id, occurred_at, id, action, status, is_lookup, token_prefix) WHERE NOT is_lookup OR status = 'failure';
CREATE INDEX provisioning_logs_by_status ON provisioning_logs (organization_id, status, occurred_at, id, is_lookup, user_id) WHERE status <> 'success';
CREATE INDEX provisioning_logs_by_reason ON provisioning_logs (organization_id, reason, occurred_at, id) WHERE reason IS NOT NULL;
CREATE INDEX provisioning_logs_by_user ON provisioning_logs (organization_id, user_id, occurred_at, id, status, is_lookup) WHERE user_id IS NOT NULL AND (NOT is_lookup OR status = 'failure');
CREATE INDEX provisioning_logs_by_user_name ON provisioning_logs (organization_id, user_name_key, occurred_at, id, status, is_lookup) WHERE user_name_key IS NOT NULL AND (NOT is_lookup OR status = 'failure');
CREATE INDEX provisioning_logs_by_cycle ON provisioning_logs (organization_id, cycle_id, occurred_at, id, status, is_lookup) WHERE NOT is_lookup OR status = 'failure';
-- Refused creates: found by what Entra sent, since there is no user to find them by.
CREATE INDEX provisioning_logs_nobody_by_label ON provisioning_logs (organization_id, label_key, id) WHERE user_id IS NULL AND label_key IS NOT NULL;
CREATE INDEX provisioning_logs_nobody_by_external_id ON provisioning_logs (organization_id, external_id, id) WHERE user_id IS NULL AND external_id IS NOT NULL;

CREATE TABLE provisioning_log_payloads (
    log_id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL,
    occurred_at     BIGINT NOT NULL,
    query           TEXT COLLATE "C",
    request_headers TEXT COLLATE "C" NOT NULL,
    request_body    TEXT COLLATE "C",
    response_body   TEXT COLLATE "C",
    refused_changes TEXT COLLATE "C",
    is_cut          BOOLEAN NOT NULL
);

-- Entries by hour, for charts and counters. Requests for an organization that does not exist count under ''.
CREATE TABLE provisioning_log_hours (
    organization_id TEXT COLLATE "C" NOT NULL,
    hour            BIGINT NOT NULL,
    action          TEXT COLLATE "C" NOT NULL,
    status          TEXT COLLATE "C" NOT NULL,
    reason          TEXT COLLATE "C" NOT NULL,
    token_id        TEXT COLLATE "C" NOT NULL,
    entries         BIGINT NOT NULL,
    unrecorded      BIGINT NOT NULL,
    duration_us     BIGINT NOT NULL,
    PRIMARY KEY (organization_id, hour, action, status, reason, token_id)
);

CREATE TABLE accounts (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    email           TEXT COLLATE "C" NOT NULL,
    email_key       TEXT COLLATE "C" NOT NULL UNIQUE,
    name            TEXT COLLATE "C" NOT NULL,
    role            TEXT COLLATE "C" NOT NULL,
    organization_id TEXT COLLATE "C" REFERENCES organizations (id),
    password_hash   TEXT COLLATE "C",
    created_at      BIGINT NOT NULL,
    last_sign_in_at BIGINT,
    deactivated_at  BIGINT
);
CREATE INDEX accounts_by_organization ON accounts (organization_id);

-- First start, invitation and reset links: only the hash of what stands in the link.
CREATE TABLE account_links (
    hash       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    purpose    TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" REFERENCES accounts (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX account_links_by_account ON account_links (account_id);

CREATE TABLE sessions (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id   TEXT COLLATE "C",
    data         TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    address      TEXT COLLATE "C" NOT NULL,
    user_agent   TEXT COLLATE "C" NOT NULL
);
CREATE INDEX sessions_by_account ON sessions (account_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE sign_in_attempts (
    key               TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    window_started_at BIGINT NOT NULL,
    attempts          BIGINT NOT NULL
);

CREATE TABLE audit_log (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C",
    occurred_at     BIGINT NOT NULL,
    actor_kind      TEXT COLLATE "C" NOT NULL,
    actor_id        TEXT COLLATE "C" NOT NULL,
    actor_name      TEXT COLLATE "C" NOT NULL,
    address         TEXT COLLATE "C" NOT NULL,
    action          TEXT COLLATE "C" NOT NULL,
    target_kind     TEXT COLLATE "C" NOT NULL,
    target_id       TEXT COLLATE "C" NOT NULL,
    target_name     TEXT COLLATE "C" NOT NULL,
    before          TEXT COLLATE "C",
    after           TEXT COLLATE "C"
);
CREATE INDEX audit_log_by_organization ON audit_log (organization_id, occurred_at, id);
CREATE INDEX audit_log_by_time ON audit_log (occurred_at, id);

-- Which replica may run a job, and until when nobody else may.
CREATE TABLE job_leases (
    name        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    held_until  BIGINT NOT NULL
);
