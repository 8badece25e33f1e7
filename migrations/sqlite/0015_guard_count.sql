-- How many users lost access in the last cycle in which anybody did, while the guard is on, and when the last of them
-- did: counting them anew for each would take as long as there are.
ALTER TABLE organizations ADD COLUMN guard_cycle_id TEXT NOT NULL DEFAULT '';
ALTER TABLE organizations ADD COLUMN guard_counted_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE organizations ADD COLUMN guard_count INTEGER NOT NULL DEFAULT 0;

UPDATE organizations SET guard_cycle_id = COALESCE((SELECT r.cycle_id FROM guard_removals r
    WHERE r.organization_id = organizations.id ORDER BY r.removed_at DESC LIMIT 1), '')
    WHERE removal_limit IS NOT NULL;
UPDATE organizations SET
    guard_count = (SELECT count(*) FROM guard_removals r
        WHERE r.organization_id = organizations.id AND r.cycle_id = organizations.guard_cycle_id),
    guard_counted_at = (SELECT max(r.removed_at) FROM guard_removals r
        WHERE r.organization_id = organizations.id AND r.cycle_id = organizations.guard_cycle_id)
    WHERE guard_cycle_id <> '';
