-- Whom an organization tells about failures, and how; without a row everything is as it is at the start.
-- is_on: Entra's check box. on_since: when it was last checked. events_off: a JSON list of the events that are not told.
-- Quiet hours are minutes of the day in the zone, NULL for none.
CREATE TABLE notification_settings (
    organization_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    is_on           BOOLEAN NOT NULL,
    on_since        BIGINT  NOT NULL,
    events_off      TEXT COLLATE "C" NOT NULL,
    digest_hours    BIGINT  NOT NULL,
    quiet_from      BIGINT,
    quiet_until     BIGINT,
    zone            TEXT COLLATE "C" NOT NULL,
    silence_minutes BIGINT  NOT NULL
);

-- state: 'unverified', 'verified', 'unsubscribed'. uses: goes up with each link that is sent and each that is used, so
-- that a signed link holds the number it is good for, and works once.
CREATE TABLE notification_recipients (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL,
    address         TEXT COLLATE "C" NOT NULL,
    address_key     TEXT COLLATE "C" NOT NULL,
    state           TEXT COLLATE "C" NOT NULL,
    created_at      BIGINT  NOT NULL,
    created_by      TEXT COLLATE "C" NOT NULL,
    link_sent_at    BIGINT  NOT NULL,
    verified_at     BIGINT,
    uses            BIGINT  NOT NULL
);
CREATE UNIQUE INDEX notification_recipients_by_address ON notification_recipients (organization_id, address_key);
CREATE INDEX notification_recipients_verified ON notification_recipients (organization_id) WHERE state = 'verified';

-- What has been decided about an issue or a problem: whether its first mail went out, and whether it is over.
-- cause_id: the issue's or the problem's id. opened_at tells one opening of an issue from the next; 0 for a problem.
-- repeats: what it is when it comes again. mailed_at: the latest mail about it.
CREATE TABLE notification_marks (
    organization_id TEXT COLLATE "C" NOT NULL,
    kind            TEXT COLLATE "C" NOT NULL,
    cause_id        TEXT COLLATE "C" NOT NULL,
    opened_at       BIGINT  NOT NULL,
    repeats         TEXT COLLATE "C" NOT NULL,
    noted_at        BIGINT  NOT NULL,
    first_mail_at   BIGINT,
    mailed_at       BIGINT,
    closed_at       BIGINT,
    PRIMARY KEY (kind, cause_id, opened_at)
);
CREATE INDEX notification_marks_open ON notification_marks (organization_id) WHERE closed_at IS NULL;
CREATE INDEX notification_marks_mailed ON notification_marks (mailed_at) WHERE mailed_at IS NOT NULL;
CREATE INDEX notification_marks_by_end ON notification_marks (closed_at) WHERE closed_at IS NOT NULL;

-- When an organization's last digest was written.
CREATE TABLE notification_digests (
    organization_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    written_at      BIGINT  NOT NULL
);

-- Mails, each written with its cause. The id is the Message-ID's local part; event_key: one mail for one event and
-- address. body: sealed; NULL once nobody may send it again. due_at: when it is tried next, NULL once it is done.
-- state: 'waiting', 'sent', 'filed' (into the data folder), 'failed', 'dropped' (the recipient is gone).
-- attempts: all of them. retries: those since it was last to be sent, which the pause before the next depends on.
CREATE TABLE outbox (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C",
    kind            TEXT COLLATE "C" NOT NULL,
    event_key       TEXT COLLATE "C" NOT NULL,
    address         TEXT COLLATE "C" NOT NULL,
    address_key     TEXT COLLATE "C" NOT NULL,
    subject         TEXT COLLATE "C" NOT NULL,
    body            TEXT COLLATE "C",
    created_at      BIGINT  NOT NULL,
    state           TEXT COLLATE "C" NOT NULL,
    due_at          BIGINT,
    claimed_until   BIGINT,
    attempts        BIGINT  NOT NULL,
    retries         BIGINT  NOT NULL
);
CREATE UNIQUE INDEX outbox_by_event ON outbox (event_key);
CREATE INDEX outbox_due ON outbox (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_by_organization ON outbox (organization_id, created_at, id);
CREATE INDEX outbox_by_address ON outbox (address_key, created_at);
CREATE INDEX outbox_by_age ON outbox (created_at);

-- Each attempt with the server's answer.
CREATE TABLE outbox_attempts (
    outbox_id       TEXT COLLATE "C" NOT NULL,
    number          BIGINT  NOT NULL,
    attempted_at    BIGINT  NOT NULL,
    is_accepted     BOOLEAN NOT NULL,
    answer          TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (outbox_id, number)
);
