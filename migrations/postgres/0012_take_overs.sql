-- What an Admin has decided about a user whose userName Entra wants for somebody else.
-- decision: 'allowed' (once, until expires_at), 'kept'.
CREATE TABLE take_overs (
    organization_id TEXT COLLATE "C" NOT NULL,
    user_id         TEXT COLLATE "C" NOT NULL,
    user_name_key   TEXT COLLATE "C" NOT NULL,
    decision        TEXT COLLATE "C" NOT NULL,
    decided_by      TEXT COLLATE "C" NOT NULL,
    decided_at      BIGINT NOT NULL,
    expires_at      BIGINT,
    used_at         BIGINT,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX take_overs_by_time ON take_overs (decided_at);

-- What each user of an issue was refused for, where the cure needs it: a role value, or a userName.
ALTER TABLE issue_users ADD COLUMN value TEXT COLLATE "C";

-- Whether requests were carried out with a remark, rather than refused: such issues come after the others.
ALTER TABLE issues ADD COLUMN is_remark BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE issues SET is_remark = TRUE WHERE reason IN ('attribute_ignored', 'attribute_repeated', 'password_discarded',
    'primary_repeated', 'default_role_used', 'unknown_role_replaced', 'role_unreviewed', 'names_missing', 'bearer_doubled');
DROP INDEX issues_open_by_organization;
DROP INDEX issues_open;
CREATE INDEX issues_open_by_organization ON issues (organization_id, is_remark, users_affected DESC, first_seen_at, id) WHERE is_open;
CREATE INDEX issues_open ON issues (is_remark, users_affected DESC, first_seen_at, id) WHERE is_open;
