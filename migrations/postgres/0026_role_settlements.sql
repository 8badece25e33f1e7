-- Changes of role catalogues that stored users have not all followed yet: the keys of the values that mean another role, as
-- JSON, and who changed that. Until `held_until` somebody is at it; later, whoever comes first takes it up.
CREATE TABLE role_settlements (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL,
    value_keys      TEXT COLLATE "C" NOT NULL,
    actor_kind      TEXT COLLATE "C" NOT NULL,
    actor_id        TEXT COLLATE "C" NOT NULL,
    actor_name      TEXT COLLATE "C" NOT NULL,
    held_until      BIGINT NOT NULL
);
