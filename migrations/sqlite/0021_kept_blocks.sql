-- Blocks of users whom Entra has deleted, until an Admin lifts them: whoever comes back under the userName or the externalId
-- is blocked still. They outlast the tombstones. Of an erased user hashes stand for both.
CREATE TABLE kept_blocks (
    user_id         TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL,
    user_name_key   TEXT NOT NULL,
    external_id     TEXT,
    blocked_at      INTEGER NOT NULL,
    blocked_by      TEXT,
    blocked_reason  TEXT
) STRICT;
CREATE INDEX kept_blocks_by_user_name ON kept_blocks (organization_id, user_name_key);
CREATE INDEX kept_blocks_by_external_id ON kept_blocks (organization_id, external_id) WHERE external_id IS NOT NULL;

INSERT INTO kept_blocks (user_id, organization_id, user_name_key, external_id, blocked_at, blocked_by, blocked_reason)
    SELECT id, organization_id, user_name_key, external_id, blocked_at, blocked_by, blocked_reason
    FROM deleted_users WHERE blocked_at IS NOT NULL;
