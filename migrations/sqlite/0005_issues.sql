-- Failures and warnings of one cause: one row each, however often they come. Its id is made of the four columns
-- after it, so that a link to it stands for ever.
CREATE TABLE issues (
    id                   TEXT    NOT NULL PRIMARY KEY,
    organization_id      TEXT    NOT NULL,
    action               TEXT    NOT NULL,
    reason               TEXT    NOT NULL,
    attribute            TEXT    NOT NULL,
    value                TEXT,
    state                TEXT    NOT NULL,
    is_open              INTEGER NOT NULL,
    reopened             INTEGER NOT NULL,
    events               INTEGER NOT NULL,
    users_affected       INTEGER NOT NULL,
    first_seen_at        INTEGER NOT NULL,
    last_seen_at         INTEGER NOT NULL,
    opened_at            INTEGER NOT NULL,
    resolved_at          INTEGER,
    resolved_by          TEXT,
    ignored_until        INTEGER,
    ignored_until_events INTEGER,
    assignee_id          TEXT,
    log_id               TEXT
) STRICT;
-- None of them holds what every failure changes: events and last_seen_at of an open issue.
CREATE INDEX issues_open_by_organization ON issues (organization_id, users_affected DESC, first_seen_at, id) WHERE is_open;
CREATE INDEX issues_open ON issues (users_affected DESC, first_seen_at, id) WHERE is_open;
CREATE INDEX issues_closed_by_organization ON issues (organization_id, state, opened_at, id) WHERE NOT is_open;
CREATE INDEX issues_closed ON issues (state, opened_at, id) WHERE NOT is_open;
CREATE INDEX issues_by_resolution ON issues (resolved_at) WHERE resolved_at IS NOT NULL;

-- Whom an issue is about: by id, or by the name or externalId of a create that was refused.
-- is_counted: in the issue's users_affected.
CREATE TABLE issue_users (
    issue_id        TEXT    NOT NULL,
    user_key        TEXT    NOT NULL,
    organization_id TEXT    NOT NULL,
    action          TEXT    NOT NULL,
    user_id         TEXT,
    user_name       TEXT,
    label           TEXT,
    first_seen_at   INTEGER NOT NULL,
    last_seen_at    INTEGER NOT NULL,
    events          INTEGER NOT NULL,
    succeeded_at    INTEGER,
    is_counted      INTEGER NOT NULL,
    PRIMARY KEY (issue_id, user_key)
) STRICT, WITHOUT ROWID;
-- Every success looks here; there is nothing for those who have no trouble.
CREATE INDEX issue_users_failing ON issue_users (organization_id, user_key) WHERE succeeded_at IS NULL;
CREATE INDEX issue_users_succeeded ON issue_users (organization_id, issue_id) WHERE is_counted AND succeeded_at IS NOT NULL;
CREATE INDEX issue_users_counted ON issue_users (issue_id, user_key) WHERE is_counted;

-- Events by day, for the small chart.
CREATE TABLE issue_days (
    issue_id TEXT    NOT NULL,
    day      INTEGER NOT NULL,
    events   INTEGER NOT NULL,
    PRIMARY KEY (issue_id, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX issue_days_by_day ON issue_days (day);

-- What people did about an issue and noted.
CREATE TABLE issue_history (
    id              TEXT    NOT NULL PRIMARY KEY,
    issue_id        TEXT    NOT NULL,
    organization_id TEXT    NOT NULL,
    occurred_at     INTEGER NOT NULL,
    actor_id        TEXT    NOT NULL,
    actor_name      TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    note            TEXT    NOT NULL
) STRICT;
CREATE INDEX issue_history_by_issue ON issue_history (issue_id, occurred_at, id);
