-- How many users Entra is to provision, as an Admin says; NULL for nobody has said.
-- health_order: how much an organization needs help, 0 most, as the health job last found; 6 is "being set up".
ALTER TABLE organizations ADD COLUMN expected_users BIGINT;
ALTER TABLE organizations ADD COLUMN health_order BIGINT NOT NULL DEFAULT 6;
CREATE INDEX organizations_by_health ON organizations (health_order, name_key, slug);

-- Runs of requests without a gap above five minutes, counted from the log by the health job.
-- calls: requests with a token of the organization, whatever was answered. users: distinct ones that were asked about.
CREATE TABLE cycles (
    organization_id TEXT COLLATE "C" NOT NULL,
    id              TEXT COLLATE "C" NOT NULL,
    started_at      BIGINT NOT NULL,
    last_at         BIGINT NOT NULL,
    requests        BIGINT NOT NULL,
    calls           BIGINT NOT NULL,
    changes         BIGINT NOT NULL,
    failures        BIGINT NOT NULL,
    users           BIGINT NOT NULL,
    is_initial      BOOLEAN NOT NULL,
    counted_at      BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX cycles_by_start ON cycles (organization_id, started_at, counted_at, requests);
CREATE INDEX cycles_of_entra ON cycles (organization_id, started_at) WHERE calls > 0;
CREATE INDEX cycles_initial ON cycles (organization_id) WHERE is_initial;
CREATE INDEX cycles_failing ON cycles (last_at) WHERE failures >= 2500;
CREATE INDEX cycles_by_age ON cycles (last_at);

-- What is wrong with an organization's connection, from when until when: kept by the health job, read by whoever
-- tells people. Of one kind and subject at most one is open; ended_at is set once and the row is not touched again.
--   refused          Entra's calls are refused for their token
--   quarantine_risk  one of Entra's limits is near, or passed
--   quarantined      Entra calls once a day, which it does in quarantine
--   silent           Entra has not called for longer than it may
--   paused, off      provisioning is not on
--   token_expiring   subject "{token id}:{days}", days one of 30, 14, 7, 1: one problem for each threshold that is
--                    passed; all of a token's end together, when it is replaced or has expired
--   token_expired    subject: the token's id; no other is valid
-- Of all other kinds the subject is ''. detail is a phrase for people, without times: those are in began_at.
CREATE TABLE problems (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL,
    kind            TEXT COLLATE "C" NOT NULL,
    subject         TEXT COLLATE "C" NOT NULL,
    began_at        BIGINT NOT NULL,
    ended_at        BIGINT,
    detail          TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX problems_open ON problems (organization_id, kind, subject) WHERE ended_at IS NULL;
CREATE INDEX problems_by_organization ON problems (organization_id, began_at, id);
CREATE INDEX problems_by_end ON problems (ended_at) WHERE ended_at IS NOT NULL;
