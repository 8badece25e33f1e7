-- Times are epoch milliseconds, JSON is text, `_key` columns are normalized twins (NFC, lower case).
-- The same file name stands in migrations/postgres; a test holds the two schemas against each other.

CREATE TABLE organizations (
    id               TEXT    NOT NULL PRIMARY KEY,
    slug             TEXT    NOT NULL UNIQUE,
    name             TEXT    NOT NULL,
    name_key         TEXT    NOT NULL,
    state            TEXT    NOT NULL,
    state_changed_at INTEGER NOT NULL,
    missing_names    TEXT    NOT NULL,
    missing_role     TEXT    NOT NULL,
    unknown_role     TEXT    NOT NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX organizations_by_name ON organizations (name_key, slug);

CREATE TABLE roles (
    id              TEXT    NOT NULL PRIMARY KEY,
    organization_id TEXT    NOT NULL REFERENCES organizations (id),
    value           TEXT    NOT NULL,
    display_name    TEXT    NOT NULL,
    description     TEXT    NOT NULL,
    position        INTEGER NOT NULL,
    is_default      INTEGER NOT NULL,
    is_reviewed     INTEGER NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX roles_by_position ON roles (organization_id, position);

-- Every value that means a role: its own and those mapped to it, one namespace without regard to case.
CREATE TABLE role_values (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    value_key       TEXT NOT NULL,
    value           TEXT NOT NULL,
    role_id         TEXT NOT NULL REFERENCES roles (id),
    PRIMARY KEY (organization_id, value_key)
) STRICT;

CREATE TABLE tokens (
    id                TEXT    NOT NULL PRIMARY KEY,
    organization_id   TEXT    NOT NULL REFERENCES organizations (id),
    name              TEXT    NOT NULL,
    prefix            TEXT    NOT NULL,
    hash              TEXT    NOT NULL UNIQUE,
    created_at        INTEGER NOT NULL,
    created_by        TEXT    NOT NULL,
    expires_at        INTEGER NOT NULL,
    revoked_at        INTEGER,
    revoked_by        TEXT,
    successor_id      TEXT,
    last_used_at      INTEGER,
    last_used_address TEXT,
    last_used_agent   TEXT
) STRICT;
CREATE UNIQUE INDEX tokens_by_prefix ON tokens (organization_id, prefix);

CREATE TABLE users (
    id              TEXT    NOT NULL PRIMARY KEY,
    organization_id TEXT    NOT NULL REFERENCES organizations (id),
    user_name       TEXT    NOT NULL,
    user_name_key   TEXT    NOT NULL,
    external_id     TEXT,
    active          INTEGER NOT NULL,
    given_name      TEXT,
    given_name_key  TEXT,
    family_name     TEXT,
    family_name_key TEXT,
    display_name    TEXT,
    display_name_key TEXT,
    label           TEXT    NOT NULL,
    label_key       TEXT    NOT NULL,
    role_id         TEXT,
    role_value      TEXT,
    role_state      TEXT    NOT NULL,
    blocked_at      INTEGER,
    version         INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    document        TEXT    NOT NULL
) STRICT;
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
    user_id         TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization_id TEXT    NOT NULL,
    attribute       TEXT    NOT NULL,
    element         INTEGER NOT NULL,
    sub             TEXT    NOT NULL,
    value_key       TEXT    NOT NULL,
    match_key       TEXT    NOT NULL,
    PRIMARY KEY (user_id, attribute, element, sub)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_values_by_value ON user_values (organization_id, attribute, sub, match_key);

-- Users that Entra has deleted: gone for SCIM, their history kept for a while.
CREATE TABLE deleted_users (
    id              TEXT    NOT NULL PRIMARY KEY,
    organization_id TEXT    NOT NULL,
    user_name       TEXT    NOT NULL,
    user_name_key   TEXT    NOT NULL,
    external_id     TEXT,
    label           TEXT    NOT NULL,
    version         INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    deleted_at      INTEGER NOT NULL,
    log_id          TEXT    NOT NULL,
    document        TEXT    NOT NULL
) STRICT;
CREATE INDEX deleted_users_by_time ON deleted_users (organization_id, deleted_at, id);
CREATE INDEX deleted_users_by_user_name ON deleted_users (organization_id, user_name_key, id);
CREATE INDEX deleted_users_by_age ON deleted_users (deleted_at);

-- What one request changed on one user: the log's Changes and the user's history alike.
CREATE TABLE user_changes (
    id              TEXT    NOT NULL PRIMARY KEY,
    organization_id TEXT    NOT NULL,
    user_id         TEXT    NOT NULL,
    log_id          TEXT,
    changed_at      INTEGER NOT NULL,
    kind            TEXT    NOT NULL,
    actor_kind      TEXT    NOT NULL,
    actor_id        TEXT    NOT NULL,
    actor_name      TEXT    NOT NULL,
    version         INTEGER NOT NULL,
    changes         TEXT    NOT NULL
) STRICT;
CREATE INDEX user_changes_by_user ON user_changes (organization_id, user_id, changed_at, id);
CREATE INDEX user_changes_by_log ON user_changes (log_id);

-- One SCIM request each. No foreign keys: entries outlive what they name.
CREATE TABLE provisioning_logs (
    id              TEXT    NOT NULL PRIMARY KEY,
    organization_id TEXT    NOT NULL,
    occurred_at     INTEGER NOT NULL,
    cycle_id        TEXT    NOT NULL,
    action          TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    is_lookup       INTEGER NOT NULL,
    method          TEXT    NOT NULL,
    path            TEXT    NOT NULL,
    http_status     INTEGER NOT NULL,
    scim_type       TEXT,
    reason          TEXT,
    attribute       TEXT,
    detail          TEXT,
    user_id         TEXT,
    user_name       TEXT,
    user_name_key   TEXT,
    external_id     TEXT,
    label           TEXT,
    label_key       TEXT,
    token_id        TEXT,
    token_prefix    TEXT,
    address         TEXT    NOT NULL,
    user_agent      TEXT,
    client_version  TEXT,
    duration_us     INTEGER NOT NULL,
    steps           TEXT    NOT NULL,
    remarks         TEXT
) STRICT;
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
    log_id          TEXT    NOT NULL PRIMARY KEY,
    organization_id TEXT    NOT NULL,
    occurred_at     INTEGER NOT NULL,
    query           TEXT,
    request_headers TEXT    NOT NULL,
    request_body    TEXT,
    response_body   TEXT,
    refused_changes TEXT,
    is_cut          INTEGER NOT NULL
) STRICT;

-- Entries by hour, for charts and counters. Requests for an organization that does not exist count under ''.
CREATE TABLE provisioning_log_hours (
    organization_id TEXT    NOT NULL,
    hour            INTEGER NOT NULL,
    action          TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    reason          TEXT    NOT NULL,
    token_id        TEXT    NOT NULL,
    entries         INTEGER NOT NULL,
    unrecorded      INTEGER NOT NULL,
    duration_us     INTEGER NOT NULL,
    PRIMARY KEY (organization_id, hour, action, status, reason, token_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    id              TEXT    NOT NULL PRIMARY KEY,
    email           TEXT    NOT NULL,
    email_key       TEXT    NOT NULL UNIQUE,
    name            TEXT    NOT NULL,
    role            TEXT    NOT NULL,
    organization_id TEXT    REFERENCES organizations (id),
    password_hash   TEXT,
    created_at      INTEGER NOT NULL,
    last_sign_in_at INTEGER,
    deactivated_at  INTEGER
) STRICT;
CREATE INDEX accounts_by_organization ON accounts (organization_id);

-- First start, invitation and reset links: only the hash of what stands in the link.
CREATE TABLE account_links (
    hash       TEXT    NOT NULL PRIMARY KEY,
    purpose    TEXT    NOT NULL,
    account_id TEXT    REFERENCES accounts (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;
CREATE INDEX account_links_by_account ON account_links (account_id);

CREATE TABLE sessions (
    id           TEXT    NOT NULL PRIMARY KEY,
    account_id   TEXT,
    data         TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    address      TEXT    NOT NULL,
    user_agent   TEXT    NOT NULL
) STRICT;
CREATE INDEX sessions_by_account ON sessions (account_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE sign_in_attempts (
    key               TEXT    NOT NULL PRIMARY KEY,
    window_started_at INTEGER NOT NULL,
    attempts          INTEGER NOT NULL
) STRICT;

CREATE TABLE audit_log (
    id              TEXT    NOT NULL PRIMARY KEY,
    organization_id TEXT,
    occurred_at     INTEGER NOT NULL,
    actor_kind      TEXT    NOT NULL,
    actor_id        TEXT    NOT NULL,
    actor_name      TEXT    NOT NULL,
    address         TEXT    NOT NULL,
    action          TEXT    NOT NULL,
    target_kind     TEXT    NOT NULL,
    target_id       TEXT    NOT NULL,
    target_name     TEXT    NOT NULL,
    before          TEXT,
    after           TEXT
) STRICT;
CREATE INDEX audit_log_by_organization ON audit_log (organization_id, occurred_at, id);
CREATE INDEX audit_log_by_time ON audit_log (occurred_at, id);

-- Which replica may run a job, and until when nobody else may.
CREATE TABLE job_leases (
    name        TEXT    NOT NULL PRIMARY KEY,
    held_until  INTEGER NOT NULL
) STRICT;
