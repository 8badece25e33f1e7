-- Who blocked a user, and why. A tombstone keeps the block, so that it outlasts a deletion by Entra.
ALTER TABLE users ADD COLUMN blocked_by TEXT;
ALTER TABLE users ADD COLUMN blocked_reason TEXT;
ALTER TABLE deleted_users ADD COLUMN blocked_at INTEGER;
ALTER TABLE deleted_users ADD COLUMN blocked_by TEXT;
ALTER TABLE deleted_users ADD COLUMN blocked_reason TEXT;
CREATE INDEX deleted_users_blocked ON deleted_users (organization_id, deleted_at, id) WHERE blocked_at IS NOT NULL;

-- The search over all organizations.
CREATE INDEX users_everywhere_by_label ON users (label_key, id);
CREATE INDEX users_everywhere_by_user_name ON users (user_name_key, id);
CREATE INDEX users_everywhere_by_external_id ON users (external_id, id) WHERE external_id IS NOT NULL;
CREATE INDEX deleted_users_everywhere_by_user_name ON deleted_users (user_name_key, id);
CREATE INDEX tokens_everywhere_by_prefix ON tokens (prefix, id);
