//! What the two databases must have in common.

mod changes;
mod connections;
mod lists;
mod log_batches;
mod schema;
