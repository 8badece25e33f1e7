-- Support bundles behind a link that works without signing in. They are kept as they were made, so that a link never
-- shows what came later; revoking deletes the row, and what has expired is purged. Of the link only its hash is here.
CREATE TABLE support_bundles (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL,
    hash            TEXT COLLATE "C" NOT NULL UNIQUE,
    subject         TEXT COLLATE "C" NOT NULL,
    subject_id      TEXT COLLATE "C" NOT NULL,
    title           TEXT COLLATE "C" NOT NULL,
    is_anonymous    BOOLEAN NOT NULL,
    created_at      BIGINT NOT NULL,
    created_by      TEXT COLLATE "C" NOT NULL,
    expires_at      BIGINT NOT NULL,
    opened          BIGINT NOT NULL,
    last_opened_at  BIGINT,
    document        TEXT COLLATE "C" NOT NULL
);
CREATE INDEX support_bundles_by_organization ON support_bundles (organization_id, created_at, id);
CREATE INDEX support_bundles_by_expiry ON support_bundles (expires_at);
