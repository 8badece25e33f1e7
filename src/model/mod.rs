//! Types that cross to the browser: data and `serde` only, for both targets.

pub mod account;
pub mod error;
pub mod log;
pub mod organization;
pub mod page;
pub mod token;
pub mod user;
