//! The SCIM endpoint, called as Entra calls it.

mod bad_input;
mod concurrency;
mod dry_run;
mod filter_values;
mod history;
mod isolation;
mod issues;
mod lifecycle;
mod log;
mod mapped_roles;
mod policies;
mod reason_table;
mod regressions;
mod rules;
mod snapshots;
mod take_over;
mod tokens;
