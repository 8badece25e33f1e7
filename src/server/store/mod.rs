//! All SQL and nothing else: one file for each family of tables.
//!
//! Functions take a [`Tx`] (part of a change) or a [`Connection`](sql::Connection) (a read); absence is
//! `Option`. [`Db::write`] is the one way to change anything.

pub mod accounts;
mod appended;
pub mod audit;
pub mod audit_search;
pub mod carried;
pub mod cycles;
pub mod db;
pub mod dialect;
mod enums;
pub mod figures;
pub mod foresight;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
pub mod fresh;
mod group;
pub mod guard;
pub mod health;
pub mod issue_changes;
pub mod issue_entries;
pub mod issue_records;
pub mod issue_text;
pub mod issues;
mod job;
pub mod keyset;
pub mod leases;
mod left;
pub mod log_details;
pub mod log_export;
pub mod log_hints;
pub mod log_search;
pub mod migrate;
pub mod notifications;
pub mod organizations;
pub mod outbox;
mod pooled;
pub mod problems;
pub mod provisioning_logs;
mod readers;
pub mod recipients;
pub mod request_lookup;
pub mod retention;
pub mod role_catalogue;
pub mod role_holders;
pub mod role_settlements;
pub mod roles;
pub mod search;
pub mod sessions;
pub mod sign_in_attempts;
pub mod sql;
pub mod support_bundles;
pub mod take_overs;
pub mod tokens;
pub mod user_blocks;
pub mod user_counts;
pub mod user_directory;
pub mod user_erasure;
pub mod user_failures;
pub mod user_filter;
pub mod user_lists;
pub mod user_records;
pub mod users;
mod writer;

pub use db::{Db, Tx};
