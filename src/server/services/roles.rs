//! The role catalogue that an organization starts with.

use crate::server::clock::Millis;
use crate::server::error::StoreError;
use crate::server::ids;
use crate::server::scim::resource::case_key;
use crate::server::store::{Tx, roles};

/// Value, display name, description; from most to least privilege. The last one is the default.
const CATALOGUE: [(&str, &str, &str); 3] = [
    (
        "super_admin",
        "Super admin",
        "Runs everything in Rhombus, billing and security included.",
    ),
    (
        "admin",
        "Admin",
        "Manages people, projects and settings in Rhombus.",
    ),
    (
        "viewer",
        "Viewer",
        "Reads what others share and changes nothing.",
    ),
];

/// Gives a new organization its catalogue: `super_admin`, `admin`, `viewer` (default).
///
/// # Errors
/// As any write.
pub async fn seed(tx: &mut Tx<'_>, organization_id: &str, now: Millis) -> Result<(), StoreError> {
    let last = CATALOGUE.len() - 1;
    let catalogue: Vec<roles::Role> = CATALOGUE
        .iter()
        .zip(0_i64..)
        .enumerate()
        .map(
            |(index, ((value, display_name, description), position))| roles::Role {
                id: ids::new_id(now),
                organization_id: organization_id.to_owned(),
                value: (*value).to_owned(),
                display_name: (*display_name).to_owned(),
                description: (*description).to_owned(),
                position,
                is_default: index == last,
                is_reviewed: true,
                created_at: now,
            },
        )
        .collect();
    roles::insert(tx, &catalogue, case_key).await
}
