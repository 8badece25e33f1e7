-- How many users each organization has, so that no page of a list counts them all. It stands in parts, so that changes
-- at the same time seldom wait for each other.
CREATE TABLE user_counts (
    organization_id TEXT COLLATE "C" NOT NULL,
    part            BIGINT NOT NULL,
    users           BIGINT NOT NULL,
    PRIMARY KEY (organization_id, part)
);

INSERT INTO user_counts (organization_id, part, users)
    SELECT organization_id, 0, count(*) FROM users GROUP BY organization_id;
