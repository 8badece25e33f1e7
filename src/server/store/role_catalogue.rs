//! The role values that an organization knows, as SCIM requests need them.

use std::sync::Arc;

use sqlx::FromRow;

use super::dialect::Dialect;
use super::sql::{Connection, sql};
use super::{Tx, organizations};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// One value and the role that it means. The catalogue's own values and mapped ones alike.
#[derive(Debug, Clone, FromRow)]
pub struct RoleValue {
    pub value_key: String,
    pub value: String,
    pub role_id: String,
    /// The role's own value.
    pub role_value: String,
    pub display_name: String,
    /// Highest privilege first; the lowest role has the largest number.
    pub position: i64,
    pub is_default: bool,
    pub is_reviewed: bool,
}

/// The columns of a [`RoleValue`], and all values of an organization, highest role first.
macro_rules! values {
    () => {
        "v.value_key, v.value, r.id AS role_id, r.value AS role_value, r.display_name, \
         r.position, r.is_default, r.is_reviewed \
         FROM role_values v JOIN roles r ON r.id = v.role_id WHERE v.organization_id = $1 \
         ORDER BY r.position, v.value_key"
    };
}
pub(super) use values;

const VALUES: &str = concat!("SELECT ", values!());

/// All values of an organization, highest role first.
pub async fn list(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<Vec<RoleValue>, StoreError> {
    connection
        .fetch_all(sql(VALUES).bind(organization_id))
        .await
}

/// As [`list`], for a transaction that gives one of the roles to a user: until it ends, none of them can be deleted or
/// reviewed, as a foreign key would have it.
pub async fn list_to_assign(
    tx: &mut Tx<'_>,
    organization_id: &str,
) -> Result<Arc<[RoleValue]>, StoreError> {
    if let Some(roles) = tx.foreseen.roles(organization_id) {
        return Ok(roles);
    }
    let values = match tx.dialect() {
        Dialect::Sqlite => VALUES,
        Dialect::Postgres => concat!("SELECT ", values!(), " FOR KEY SHARE OF r"),
    };
    Ok(tx
        .fetch_all(sql(values).bind(organization_id))
        .await?
        .into())
}

/// Waits for the transactions that assign roles already: each holds those that it has read, see [`list_to_assign`]. The
/// catalogue stays locked.
pub async fn await_assignments(tx: &mut Tx<'_>, organization_id: &str) -> Result<(), StoreError> {
    organizations::lock(tx, organization_id).await?;
    // SQLite has one writer. They hold all roles: the one that is always there will do.
    if tx.dialect() == Dialect::Postgres {
        tx.execute(
            sql("SELECT id FROM roles WHERE organization_id = $1 AND is_default FOR UPDATE")
                .bind(organization_id),
        )
        .await?;
    }
    Ok(())
}

/// Adds a value that Entra sent as an unreviewed role at the catalogue's end. Does nothing if it is there.
pub async fn add_unreviewed(
    tx: &mut Tx<'_>,
    organization_id: &str,
    role_id: &str,
    value: &str,
    value_key: &str,
    now: Millis,
) -> Result<(), StoreError> {
    tx.foreseen.forget_roles(organization_id);
    tx.execute(
        sql(
            "INSERT INTO roles (id, organization_id, value, display_name, description, position, is_default, \
             is_reviewed, created_at) SELECT $1, $2, $3, $3, '', \
             COALESCE((SELECT max(position) + 1 FROM roles WHERE organization_id = $2), 0), $4, $5, $6",
        )
        .bind(role_id)
        .bind(organization_id)
        .bind(value)
        .bind(false)
        .bind(false)
        .bind(now),
    )
    .await?;
    tx.execute(
        sql(
            "INSERT INTO role_values (organization_id, value_key, value, role_id) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (organization_id, value_key) DO NOTHING",
        )
        .bind(organization_id)
        .bind(value_key)
        .bind(value)
        .bind(role_id),
    )
    .await?;
    Ok(())
}
