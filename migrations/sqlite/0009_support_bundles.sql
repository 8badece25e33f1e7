-- Support bundles behind a link that works without signing in. They are kept as they were made, so that a link never
-- shows what came later; revoking deletes the row, and what has expired is purged. Of the link only its hash is here.
CREATE TABLE support_bundles (
    id              TEXT    NOT NULL PRIMARY KEY,
    organization_id TEXT    NOT NULL,
    hash            TEXT    NOT NULL UNIQUE,
    subject         TEXT    NOT NULL,
    subject_id      TEXT    NOT NULL,
    title           TEXT    NOT NULL,
    is_anonymous    INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    created_by      TEXT    NOT NULL,
    expires_at      INTEGER NOT NULL,
    opened          INTEGER NOT NULL,
    last_opened_at  INTEGER,
    document        TEXT    NOT NULL
) STRICT;
CREATE INDEX support_bundles_by_organization ON support_bundles (organization_id, created_at, id);
CREATE INDEX support_bundles_by_expiry ON support_bundles (expires_at);
