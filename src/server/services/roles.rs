//! The role catalogue of an organization: what it starts with, how it is read, and what its Admins change.

mod change;
mod review;
mod settle;
mod typed;

pub use change::{create, delete, make_default, map_value, move_by, set};
pub use review::review;
pub use settle::resume;
pub use typed::TypedRole;

use crate::model::role::{RoleCatalogue, RoleRow};
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::clock::Millis;
use crate::server::error::{ServiceError, StoreError};
use crate::server::ids;
use crate::server::scim::resource::case_key;
use crate::server::store::sql::Connection;
use crate::server::store::{Tx, keyset, roles};

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

/// The catalogue with how many users have each role.
///
/// # Errors
/// As any read.
pub async fn list(app: &App, allowed: &Allowed) -> Result<RoleCatalogue, ServiceError> {
    let id = &allowed.check_in(Permission::ReadOrganization)?.id;
    let mut connection = app.db.read().await?;
    let shown = i64::try_from(RoleCatalogue::SHOWN).unwrap_or(i64::MAX);
    let default = roles::find_default(&mut connection, id).await?;
    let total = roles::count(&mut connection, id).await?;
    Ok(RoleCatalogue {
        roles: rows(&mut connection, id, None, shown).await?,
        total: u64::try_from(total).unwrap_or_default(),
        default_role: default.map(|(_, name)| name).unwrap_or_default(),
    })
}

/// One role.
///
/// # Errors
/// `NotFound` when the organization has none of this id.
pub async fn get(app: &App, allowed: &Allowed, id: &str) -> Result<RoleRow, ServiceError> {
    let organization = allowed.check_in(Permission::ReadOrganization)?;
    let mut connection = app.db.read().await?;
    rows(&mut connection, &organization.id, Some(id), 1)
        .await?
        .pop()
        .ok_or(NOT_FOUND)
}

const NOT_FOUND: ServiceError = ServiceError::NotFound { what: "role" };

async fn rows(
    connection: &mut Connection<'_>,
    organization_id: &str,
    id: Option<&str>,
    limit: i64,
) -> Result<Vec<RoleRow>, ServiceError> {
    let found = roles::list(connection, organization_id, id, limit).await?;
    let ids: Vec<&str> = found.iter().map(|role| role.id.as_str()).collect();
    let mapped = roles::mapped_values(connection, organization_id, &ids).await?;
    let rows = found.into_iter().map(|role| RoleRow {
        mapped_values: mapped
            .iter()
            .filter(|(id, _)| *id == role.id)
            .map(|(_, value)| value.clone())
            .collect(),
        id: role.id,
        value: role.value,
        display_name: role.display_name,
        description: role.description,
        is_default: role.is_default,
        is_reviewed: role.is_reviewed,
        users: keyset::count(role.users),
    });
    Ok(rows.collect())
}
