-- What signing in leaves behind is deleted by its age, a batch at a time.
CREATE INDEX sign_in_attempts_by_start ON sign_in_attempts (window_started_at);
CREATE INDEX sessions_by_last_seen ON sessions (last_seen_at);
