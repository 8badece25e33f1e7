-- What the audit pages narrow by, of one organization and of all, each in the order of time.
CREATE INDEX audit_log_by_actor ON audit_log (organization_id, actor_kind, actor_id, occurred_at, id);
CREATE INDEX audit_log_by_action ON audit_log (organization_id, action, occurred_at, id);
CREATE INDEX audit_log_by_target ON audit_log (organization_id, target_kind, occurred_at, id);
CREATE INDEX audit_log_all_by_actor ON audit_log (actor_kind, actor_id, occurred_at, id);
CREATE INDEX audit_log_all_by_action ON audit_log (action, occurred_at, id);
CREATE INDEX audit_log_all_by_target ON audit_log (target_kind, occurred_at, id);
