-- What the pages of users and of the audit log test is in the index that they walk.
DROP INDEX users_by_role;
CREATE INDEX users_by_role ON users (organization_id, role_id, id, active, role_state);

DROP INDEX audit_log_by_actor;
CREATE INDEX audit_log_by_actor ON audit_log (organization_id, actor_kind, actor_id, occurred_at, id, action, target_kind);
DROP INDEX audit_log_all_by_actor;
CREATE INDEX audit_log_all_by_actor ON audit_log (actor_kind, actor_id, occurred_at, id, action, target_kind);
