-- In which cycle a user lost access last, while the guard is on. It stands with the user: a row of its own for each was
-- most of what counting cost.
ALTER TABLE users ADD COLUMN guard_cycle_id TEXT NOT NULL DEFAULT '';

UPDATE users SET guard_cycle_id = (SELECT o.guard_cycle_id FROM organizations o WHERE o.id = users.organization_id)
    WHERE id IN (SELECT r.user_id FROM guard_removals r
        JOIN organizations o ON o.id = r.organization_id AND o.guard_cycle_id = r.cycle_id);

DROP TABLE guard_removals;
