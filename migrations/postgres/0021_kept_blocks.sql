-- Blocks of users whom Entra has deleted, until an Admin lifts them: whoever comes back under the userName or the externalId
-- is blocked still. They outlast the tombstones. Of an erased user hashes stand for both.
CREATE TABLE kept_blocks (
    user_id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL,
    user_name_key   TEXT COLLATE "C" NOT NULL,
    external_id     TEXT COLLATE "C",
    blocked_at      BIGINT NOT NULL,
    blocked_by      TEXT COLLATE "C",
    blocked_reason  TEXT COLLATE "C"
);
CREATE INDEX kept_blocks_by_user_name ON kept_blocks (organization_id, user_name_key);
CREATE INDEX kept_blocks_by_external_id ON kept_blocks (organization_id, external_id) WHERE external_id IS NOT NULL;

INSERT INTO kept_blocks (user_id, organization_id, user_name_key, external_id, blocked_at, blocked_by, blocked_reason)
    SELECT id, organization_id, user_name_key, external_id, blocked_at, blocked_by, blocked_reason
    FROM deleted_users WHERE blocked_at IS NOT NULL;
