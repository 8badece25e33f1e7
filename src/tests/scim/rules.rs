//! What RFC 7643 and RFC 7644 demand of users, as far as it shows at the endpoint.

mod combined_filters;
mod creating;
mod discovery;
mod endpoints;
mod filter_attributes;
mod filters;
mod lists;
mod patching;
mod projection;
mod sorting;
mod versions;

/// The core schema.
const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The Enterprise User extension.
const ENT: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
