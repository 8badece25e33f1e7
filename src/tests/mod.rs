//! Tests of the whole: real databases, real routes.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod reads;
mod support;
