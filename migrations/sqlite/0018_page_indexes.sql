-- What the pages of users and of the audit log test is in the index that they walk.
DROP INDEX users_by_role;
CREATE INDEX users_by_role ON users (organization_id, role_id, id, active, role_state);
