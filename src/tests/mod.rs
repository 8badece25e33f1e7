//! Tests through the real router, on real databases.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod accounts;
mod architecture;
mod dashboard;
mod mail;
mod process;
mod reads;
mod scim;
mod store;
mod support;
