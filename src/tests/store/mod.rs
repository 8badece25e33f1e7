//! What the two databases must have in common.

mod changes;
mod connections;
mod lists;
mod schema;
