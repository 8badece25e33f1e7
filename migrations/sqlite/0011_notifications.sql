-- Whom an organization tells about failures, and how; without a row everything is as it is at the start.
-- is_on: Entra's check box. on_since: when it was last checked. events_off: a JSON list of the events that are not told.
-- Quiet hours are minutes of the day in the zone, NULL for none.
CREATE TABLE notification_settings (
    organization_id TEXT    NOT NULL PRIMARY KEY,
    is_on           INTEGER NOT NULL,
    on_since        INTEGER NOT NULL,
    events_off      TEXT    NOT NULL,
    digest_hours    INTEGER NOT NULL,
    quiet_from      INTEGER,
    quiet_until     INTEGER,
    zone            TEXT    NOT NULL,
    silence_minutes INTEGER NOT NULL
) STRICT;

-- state: 'unverified', 'verified', 'unsubscribed'. uses: goes up with each link that is sent and each that is used, so
-- that a signed link holds the number it is good for, and works once.
CREATE TABLE notification_recipients (
    id              TEXT    NOT NULL PRIMARY KEY,
    organization_id TEXT    NOT NULL,
    address         TEXT    NOT NULL,
    address_key     TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    created_by      TEXT    NOT NULL,
    link_sent_at    INTEGER NOT NULL,
    verified_at     INTEGER,
    uses            INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX notification_recipients_by_address ON notification_recipients (organization_id, address_key);
CREATE INDEX notification_recipients_verified ON notification_recipients (organization_id) WHERE state = 'verified';

-- What has been decided about an issue or a problem: whether its first mail went out, and whether it is over.
-- cause_id: the issue's or the problem's id. opened_at tells one opening of an issue from the next; 0 for a problem.
-- repeats: what it is when it comes again. mailed_at: the latest mail about it.
CREATE TABLE notification_marks (
    organization_id TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    cause_id        TEXT    NOT NULL,
    opened_at       INTEGER NOT NULL,
    repeats         TEXT    NOT NULL,
    noted_at        INTEGER NOT NULL,
    first_mail_at   INTEGER,
    mailed_at       INTEGER,
    closed_at       INTEGER,
    PRIMARY KEY (kind, cause_id, opened_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX notification_marks_open ON notification_marks (organization_id) WHERE closed_at IS NULL;
CREATE INDEX notification_marks_mailed ON notification_marks (mailed_at) WHERE mailed_at IS NOT NULL;
CREATE INDEX notification_marks_by_end ON notification_marks (closed_at) WHERE closed_at IS NOT NULL;

-- When an organization's last digest was written.
CREATE TABLE notification_digests (
    organization_id TEXT    NOT NULL PRIMARY KEY,
    written_at      INTEGER NOT NULL
) STRICT;

-- Mails, each written with its cause. The id is the Message-ID's local part; event_key: one mail for one event and
-- address. body: sealed; NULL once nobody may send it again. due_at: when it is tried next, NULL once it is done.
-- state: 'waiting', 'sent', 'filed' (into the data folder), 'failed', 'dropped' (the recipient is gone).
-- attempts: all of them. retries: those since it was last to be sent, which the pause before the next depends on.
CREATE TABLE outbox (
    id              TEXT    NOT NULL PRIMARY KEY,
    organization_id TEXT,
    kind            TEXT    NOT NULL,
    event_key       TEXT    NOT NULL,
    address         TEXT    NOT NULL,
    address_key     TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    body            TEXT,
    created_at      INTEGER NOT NULL,
    state           TEXT    NOT NULL,
    due_at          INTEGER,
    claimed_until   INTEGER,
    attempts        INTEGER NOT NULL,
    retries         INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX outbox_by_event ON outbox (event_key);
CREATE INDEX outbox_due ON outbox (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_by_organization ON outbox (organization_id, created_at, id);
CREATE INDEX outbox_by_address ON outbox (address_key, created_at);
CREATE INDEX outbox_by_age ON outbox (created_at);

-- Each attempt with the server's answer.
CREATE TABLE outbox_attempts (
    outbox_id       TEXT    NOT NULL,
    number          INTEGER NOT NULL,
    attempted_at    INTEGER NOT NULL,
    is_accepted     INTEGER NOT NULL,
    answer          TEXT    NOT NULL,
    PRIMARY KEY (outbox_id, number)
) STRICT, WITHOUT ROWID;
