//! Use cases: each owns its transaction and asks for proof of permission.

pub mod account_links;
pub mod accounts;
pub mod audit;
pub mod moments;
pub mod names;
pub mod organizations;
pub mod passwords;
pub mod roles;
pub mod sign_in;
pub mod tokens;
