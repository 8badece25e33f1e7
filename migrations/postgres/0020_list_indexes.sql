-- What SCIM's filters test is in the index that they walk; none of these is written more often than before.
DROP INDEX users_by_id;
CREATE INDEX users_by_id ON users (organization_id, id, user_name_key);
DROP INDEX users_by_external_id;
CREATE INDEX users_by_external_id ON users (organization_id, external_id, id);
DROP INDEX users_by_label;
CREATE INDEX users_by_label ON users (organization_id, label_key, id, display_name_key);
DROP INDEX users_by_update;
CREATE INDEX users_by_update ON users (organization_id, updated_at, id, active, version);

-- Unique, as its end is, so that SQLite looks an element up in it rather than in the table, where users are far apart.
DROP INDEX user_values_by_value;
CREATE UNIQUE INDEX user_values_by_value ON user_values (organization_id, attribute, sub, match_key, user_id, element);

-- The users whose latest change was refused, past the refusals that are about nobody.
CREATE INDEX provisioning_logs_failed_users ON provisioning_logs (organization_id, occurred_at, id, user_id)
    WHERE status = 'failure' AND user_id IS NOT NULL;
