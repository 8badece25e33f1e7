-- The accidental-deletion guard: how many users may lose access in one cycle; NULL while it is off.
ALTER TABLE organizations ADD COLUMN removal_limit INTEGER;

-- Whom Entra deactivated or deleted in a cycle, while the guard is on. Only those of the cycle that runs are read.
CREATE TABLE guard_removals (
    organization_id TEXT    NOT NULL,
    cycle_id        TEXT    NOT NULL,
    user_id         TEXT    NOT NULL,
    removed_at      INTEGER NOT NULL,
    PRIMARY KEY (organization_id, cycle_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX guard_removals_by_time ON guard_removals (removed_at);

-- Users whom the guard holds: they keep their access until an Admin allows it and Entra tries again.
-- decision: 'waiting', 'kept', 'allowed' (until allowed_until).
CREATE TABLE guard_holds (
    organization_id TEXT    NOT NULL,
    user_id         TEXT    NOT NULL,
    action          TEXT    NOT NULL,
    first_held_at   INTEGER NOT NULL,
    last_held_at    INTEGER NOT NULL,
    attempts        INTEGER NOT NULL,
    log_id          TEXT    NOT NULL,
    decision        TEXT    NOT NULL,
    allowed_until   INTEGER,
    PRIMARY KEY (organization_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX guard_holds_by_age ON guard_holds (organization_id, first_held_at, user_id);
CREATE INDEX guard_holds_by_decision ON guard_holds (organization_id, decision, first_held_at);
CREATE INDEX guard_holds_by_time ON guard_holds (last_held_at);
