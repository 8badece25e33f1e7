-- Allowances that are over are looked for once a minute.
CREATE INDEX guard_holds_by_allowance ON guard_holds (allowed_until) WHERE allowed_until IS NOT NULL;
