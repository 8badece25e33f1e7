-- Changes of role catalogues that stored users have not all followed yet: the keys of the values that mean another role, as
-- JSON, and who changed that. Until `held_until` somebody is at it; later, whoever comes first takes it up.
CREATE TABLE role_settlements (
    id              TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL,
    value_keys      TEXT NOT NULL,
    actor_kind      TEXT NOT NULL,
    actor_id        TEXT NOT NULL,
    actor_name      TEXT NOT NULL,
    held_until      INTEGER NOT NULL
) STRICT;
