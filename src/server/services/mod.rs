//! Use cases. They own their transactions and ask for proof of permission where a person acts.

pub mod provisioning;
pub mod recording;
