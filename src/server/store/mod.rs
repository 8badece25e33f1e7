//! All SQL and nothing else: one file for each family of tables.
//!
//! Functions take a [`Tx`] (part of a change) or a [`Connection`](sql::Connection) (a read); absence is
//! `Option`. [`Db::write`] is the one way to change anything.

pub mod db;
pub mod dialect;
pub mod migrate;
pub mod organizations;
pub mod sql;

pub use db::{Db, Tx};
pub mod audit;
pub mod provisioning_logs;
pub mod role_catalogue;
pub mod roles;
pub mod tokens;
pub mod user_filter;
pub mod users;
