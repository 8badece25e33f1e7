//! `roles` and `role_values`: the catalogue of an organization.

use super::Tx;
use super::sql::{Arg, Builder};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// A role of the catalogue. The value itself is one of its `role_values`, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub id: String,
    pub organization_id: String,
    pub value: String,
    pub display_name: String,
    pub description: String,
    /// Order of the catalogue, 0 first.
    pub position: i64,
    pub is_default: bool,
    /// Whether a person has looked at it: roles that Entra added have not been.
    pub is_reviewed: bool,
    pub created_at: Millis,
}

/// Adds roles, each with its own value. `value_key` normalizes a value.
///
/// # Errors
/// [`StoreError::Conflict`] when one of the values means a role already.
pub async fn insert(
    tx: &mut Tx<'_>,
    roles: &[Role],
    value_key: fn(&str) -> String,
) -> Result<(), StoreError> {
    if roles.is_empty() {
        return Ok(());
    }
    let mut statement = Builder::new(
        "INSERT INTO roles (id, organization_id, value, display_name, description, position, is_default, \
         is_reviewed, created_at) VALUES ",
    );
    statement.push_rows(roles.iter().map(|role| {
        vec![
            Arg::from(&role.id),
            Arg::from(&role.organization_id),
            Arg::from(&role.value),
            Arg::from(&role.display_name),
            Arg::from(&role.description),
            Arg::from(role.position),
            Arg::from(role.is_default),
            Arg::from(role.is_reviewed),
            Arg::from(role.created_at),
        ]
    }));
    tx.execute(statement.finish()).await?;
    let mut statement = Builder::new(
        "INSERT INTO role_values (organization_id, value_key, value, role_id) VALUES ",
    );
    statement.push_rows(roles.iter().map(|role| {
        vec![
            Arg::from(&role.organization_id),
            Arg::from(value_key(&role.value)),
            Arg::from(&role.value),
            Arg::from(&role.id),
        ]
    }));
    tx.execute(statement.finish()).await?;
    Ok(())
}
