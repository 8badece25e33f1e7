//! Types that cross to the browser: data and `serde` only, for both targets.

pub mod account;
pub mod audit;
pub mod cycle;
pub mod error;
pub mod form;
pub mod frame;
pub mod guard;
pub mod health;
pub mod issue;
pub mod issue_fix;
pub mod log;
pub mod log_query;
pub mod mapping;
pub mod organization;
pub mod overview;
pub mod page;
pub mod query;
pub mod role;
pub mod search;
pub mod settings;
pub mod support_bundle;
pub mod take_over;
pub mod token;
pub mod user;
pub mod user_query;
pub mod zone;
