//! SCIM 2.0 as a pure protocol: schemas, resources, filters, PATCH, lists, discovery and errors.
//!
//! Nothing here reads a clock, a socket or a database, so every rule can be tested by itself and
//! the same code answers a live request and a dry run. The rules are RFC 7643 (schema) and
//! RFC 7644 (protocol), bent where Microsoft Entra ID needs it; each bend says so where it is made.
//!
//! No input makes these functions panic, and every recursion has a bound.

pub mod body;
pub mod discovery;
pub mod error;
pub mod filter;
pub mod list;
pub mod patch;
pub mod path;
pub mod projection;
pub mod reason;
pub mod resource;
pub mod schema;
pub mod target;
pub mod time;
