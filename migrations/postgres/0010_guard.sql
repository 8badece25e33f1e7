-- The accidental-deletion guard: how many users may lose access in one cycle; NULL while it is off.
ALTER TABLE organizations ADD COLUMN removal_limit BIGINT;

-- Whom Entra deactivated or deleted in a cycle, while the guard is on. Only those of the cycle that runs are read.
CREATE TABLE guard_removals (
    organization_id TEXT COLLATE "C" NOT NULL,
    cycle_id        TEXT COLLATE "C" NOT NULL,
    user_id         TEXT COLLATE "C" NOT NULL,
    removed_at      BIGINT  NOT NULL,
    PRIMARY KEY (organization_id, cycle_id, user_id)
);
CREATE INDEX guard_removals_by_time ON guard_removals (removed_at);

-- Users whom the guard holds: they keep their access until an Admin allows it and Entra tries again.
-- decision: 'waiting', 'kept', 'allowed' (until allowed_until).
CREATE TABLE guard_holds (
    organization_id TEXT COLLATE "C" NOT NULL,
    user_id         TEXT COLLATE "C" NOT NULL,
    action          TEXT COLLATE "C" NOT NULL,
    first_held_at   BIGINT  NOT NULL,
    last_held_at    BIGINT  NOT NULL,
    attempts        BIGINT  NOT NULL,
    log_id          TEXT COLLATE "C" NOT NULL,
    decision        TEXT COLLATE "C" NOT NULL,
    allowed_until   BIGINT,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX guard_holds_by_age ON guard_holds (organization_id, first_held_at, user_id);
CREATE INDEX guard_holds_by_decision ON guard_holds (organization_id, decision, first_held_at);
CREATE INDEX guard_holds_by_time ON guard_holds (last_held_at);
