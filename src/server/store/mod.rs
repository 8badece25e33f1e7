//! All SQL and nothing else: one file for each family of tables.
//!
//! Functions take a [`Tx`] (part of a change) or a [`Connection`](sql::Connection) (a read); absence is
//! `Option`. [`Db::write`] is the one way to change anything.

pub mod accounts;
pub mod audit;
pub mod db;
pub mod dialect;
pub mod migrate;
pub mod organizations;
pub mod roles;
pub mod sessions;
pub mod sign_in_attempts;
pub mod sql;
pub mod tokens;

pub use db::{Db, Tx};
