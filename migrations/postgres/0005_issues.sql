-- Failures and warnings of one cause: one row each, however often they come. Its id is made of the four columns
-- after it, so that a link to it stands for ever.
CREATE TABLE issues (
    id                   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id      TEXT COLLATE "C" NOT NULL,
    action               TEXT COLLATE "C" NOT NULL,
    reason               TEXT COLLATE "C" NOT NULL,
    attribute            TEXT COLLATE "C" NOT NULL,
    value                TEXT COLLATE "C",
    state                TEXT COLLATE "C" NOT NULL,
    is_open              BOOLEAN NOT NULL,
    reopened             BIGINT NOT NULL,
    events               BIGINT NOT NULL,
    users_affected       BIGINT NOT NULL,
    first_seen_at        BIGINT NOT NULL,
    last_seen_at         BIGINT NOT NULL,
    opened_at            BIGINT NOT NULL,
    resolved_at          BIGINT,
    resolved_by          TEXT COLLATE "C",
    ignored_until        BIGINT,
    ignored_until_events BIGINT,
    assignee_id          TEXT COLLATE "C",
    log_id               TEXT COLLATE "C"
);
-- None of them holds what every failure changes: events and last_seen_at of an open issue.
CREATE INDEX issues_open_by_organization ON issues (organization_id, users_affected DESC, first_seen_at, id) WHERE is_open;
CREATE INDEX issues_open ON issues (users_affected DESC, first_seen_at, id) WHERE is_open;
CREATE INDEX issues_closed_by_organization ON issues (organization_id, state, opened_at, id) WHERE NOT is_open;
CREATE INDEX issues_closed ON issues (state, opened_at, id) WHERE NOT is_open;
CREATE INDEX issues_by_resolution ON issues (resolved_at) WHERE resolved_at IS NOT NULL;

-- Whom an issue is about: by id, or by the name or externalId of a create that was refused.
-- is_counted: in the issue's users_affected.
CREATE TABLE issue_users (
    issue_id        TEXT COLLATE "C" NOT NULL,
    user_key        TEXT COLLATE "C" NOT NULL,
    organization_id TEXT COLLATE "C" NOT NULL,
    action          TEXT COLLATE "C" NOT NULL,
    user_id         TEXT COLLATE "C",
    user_name       TEXT COLLATE "C",
    label           TEXT COLLATE "C",
    first_seen_at   BIGINT NOT NULL,
    last_seen_at    BIGINT NOT NULL,
    events          BIGINT NOT NULL,
    succeeded_at    BIGINT,
    is_counted      BOOLEAN NOT NULL,
    PRIMARY KEY (issue_id, user_key)
);
-- Every success looks here; there is nothing for those who have no trouble.
CREATE INDEX issue_users_failing ON issue_users (organization_id, user_key) WHERE succeeded_at IS NULL;
CREATE INDEX issue_users_succeeded ON issue_users (organization_id, issue_id) WHERE is_counted AND succeeded_at IS NOT NULL;
CREATE INDEX issue_users_counted ON issue_users (issue_id, user_key) WHERE is_counted;

-- Events by day, for the small chart.
CREATE TABLE issue_days (
    issue_id TEXT COLLATE "C" NOT NULL,
    day      BIGINT NOT NULL,
    events   BIGINT NOT NULL,
    PRIMARY KEY (issue_id, day)
);
CREATE INDEX issue_days_by_day ON issue_days (day);

-- What people did about an issue and noted.
CREATE TABLE issue_history (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    issue_id        TEXT COLLATE "C" NOT NULL,
    organization_id TEXT COLLATE "C" NOT NULL,
    occurred_at     BIGINT NOT NULL,
    actor_id        TEXT COLLATE "C" NOT NULL,
    actor_name      TEXT COLLATE "C" NOT NULL,
    kind            TEXT COLLATE "C" NOT NULL,
    note            TEXT COLLATE "C" NOT NULL
);
CREATE INDEX issue_history_by_issue ON issue_history (issue_id, occurred_at, id);
