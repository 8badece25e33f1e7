//! Tests of the whole: real databases, real routes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod reads;
mod support;
