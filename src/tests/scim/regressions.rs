//! Where other servers broke on Entra ID: each failure is a test, named after its row in the list of regressions.

mod accounts;
mod matching;
mod patch;
mod servers;
mod transport;

/// The Enterprise User extension.
const ENT: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The core schema.
const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
