//! Use cases: each takes the proof that the actor may do it, and owns its transaction.

pub mod changes;
pub mod log_search;
pub mod moments;
pub mod user_directory;

use super::actor::{Allowed, OrganizationRef, Permission};
use super::error::ServiceError;

/// The organization that `allowed` holds for, if it is the proof that this use case asks for.
fn organization(
    allowed: &Allowed,
    permission: Permission,
) -> Result<&OrganizationRef, ServiceError> {
    if allowed.permission() != permission {
        return Err(ServiceError::Forbidden);
    }
    allowed.organization().ok_or(ServiceError::Forbidden)
}
