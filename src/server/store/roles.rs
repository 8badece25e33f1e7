//! `roles` and `role_values`: the catalogue of an organization.

use sqlx::FromRow;

use super::Tx;
use super::keyset::{COUNT_LIMIT, push_list};
use super::sql::{Arg, Builder, Connection, sql};
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

/// A role as the settings page lists it.
#[derive(Debug, Clone, FromRow)]
pub struct ListedRole {
    pub id: String,
    pub value: String,
    pub display_name: String,
    pub description: String,
    pub is_default: bool,
    pub is_reviewed: bool,
    /// Users who have it, up to [`COUNT_LIMIT`] and one.
    pub users: i64,
}

/// The first `limit` roles of an organization in the catalogue's order, or the one with this id.
pub async fn list(
    connection: &mut Connection<'_>,
    organization_id: &str,
    id: Option<&str>,
    limit: i64,
) -> Result<Vec<ListedRole>, StoreError> {
    let mut statement = Builder::new(
        "SELECT r.id, r.value, r.display_name, r.description, r.is_default, r.is_reviewed, \
         (SELECT count(*) FROM (SELECT 1 FROM users u WHERE u.organization_id = r.organization_id \
         AND u.role_id = r.id LIMIT ",
    );
    statement.bind(COUNT_LIMIT + 1);
    statement.push(") counted) AS users FROM roles r WHERE r.organization_id = ");
    statement.bind(organization_id);
    if let Some(id) = id {
        statement.push(" AND r.id = ").bind(id);
    }
    statement
        .push(" ORDER BY r.position, r.id LIMIT ")
        .bind(limit);
    connection.fetch_all(statement.finish_repeated()).await
}

/// How many roles the catalogue has.
pub async fn count(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<i64, StoreError> {
    connection
        .fetch_count(
            sql("SELECT count(*) FROM roles WHERE organization_id = $1").bind(organization_id),
        )
        .await
}

/// Value and display name of the default role.
pub async fn find_default(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<Option<(String, String)>, StoreError> {
    connection
        .fetch_optional(
            sql("SELECT value, display_name FROM roles WHERE organization_id = $1 AND is_default")
                .bind(organization_id),
        )
        .await
}

/// Values that are mapped to these roles, each as (role, value); the roles' own values are not among them.
pub async fn mapped_values(
    connection: &mut Connection<'_>,
    organization_id: &str,
    roles: &[&str],
) -> Result<Vec<(String, String)>, StoreError> {
    if roles.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Builder::new(
        "SELECT v.role_id, v.value FROM role_values v JOIN roles r ON r.id = v.role_id \
         WHERE v.value <> r.value AND v.organization_id = ",
    );
    statement.bind(organization_id);
    push_list(&mut statement, " AND v.role_id IN (", roles.iter().copied());
    statement.push(" ORDER BY v.value_key");
    connection.fetch_all(statement.finish()).await
}

/// A role that is about to be changed.
#[derive(Debug, Clone, FromRow)]
pub struct LockedRole {
    pub value: String,
    pub display_name: String,
    pub description: String,
    pub is_default: bool,
    pub is_reviewed: bool,
}

/// The role of an id, locked for a change: no user gets it until the transaction ends.
pub async fn find_for_update(
    tx: &mut Tx<'_>,
    organization_id: &str,
    id: &str,
) -> Result<Option<LockedRole>, StoreError> {
    let mut statement = Builder::new(
        "SELECT value, display_name, description, is_default, is_reviewed FROM roles WHERE organization_id = ",
    );
    statement.bind(organization_id).push(" AND id = ").bind(id);
    statement.push(tx.for_update());
    tx.fetch_optional(statement.finish_repeated()).await
}

/// The first of these values that means a role already, other than `except`: its key, and the role's display name.
pub async fn find_holder(
    connection: &mut Connection<'_>,
    organization_id: &str,
    value_keys: &[&str],
    except: &str,
) -> Result<Option<(String, String)>, StoreError> {
    if value_keys.is_empty() {
        return Ok(None);
    }
    let mut statement = Builder::new(
        "SELECT v.value_key, r.display_name FROM role_values v JOIN roles r ON r.id = v.role_id \
         WHERE v.organization_id = ",
    );
    statement.bind(organization_id);
    statement.push(" AND v.role_id <> ").bind(except);
    push_list(
        &mut statement,
        " AND v.value_key IN (",
        value_keys.iter().copied(),
    );
    statement.push(" ORDER BY v.value_key LIMIT 1");
    connection.fetch_optional(statement.finish()).await
}

/// Sets what people read of a role.
pub async fn update(
    tx: &mut Tx<'_>,
    id: &str,
    display_name: &str,
    description: &str,
) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE roles SET display_name = $1, description = $2 WHERE id = $3")
            .bind(display_name)
            .bind(description)
            .bind(id),
    )
    .await?;
    Ok(())
}

/// Replaces the values that are mapped to a role, each given with its key; `own_key` is that of the role's own value.
///
/// # Errors
/// [`StoreError::Conflict`] when one of them means a role already.
pub async fn set_mapped_values(
    tx: &mut Tx<'_>,
    organization_id: &str,
    id: &str,
    own_key: &str,
    mapped: &[(String, String)],
) -> Result<(), StoreError> {
    tx.execute(
        sql("DELETE FROM role_values WHERE organization_id = $1 AND role_id = $2 AND value_key <> $3")
            .bind(organization_id)
            .bind(id)
            .bind(own_key),
    )
    .await?;
    if mapped.is_empty() {
        return Ok(());
    }
    let mut statement = Builder::new(
        "INSERT INTO role_values (organization_id, value_key, value, role_id) VALUES ",
    );
    statement.push_rows(mapped.iter().map(|(value_key, value)| {
        vec![
            Arg::from(organization_id),
            Arg::from(value_key),
            Arg::from(value),
            Arg::from(id),
        ]
    }));
    tx.execute(statement.finish()).await?;
    Ok(())
}

/// Ids and places of all roles, in the catalogue's order.
pub async fn order(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<Vec<(String, i64)>, StoreError> {
    connection
        .fetch_all(
            sql("SELECT id, position FROM roles WHERE organization_id = $1 ORDER BY position, id")
                .bind(organization_id),
        )
        .await
}

/// Moves a role to a place.
pub async fn set_position(tx: &mut Tx<'_>, id: &str, position: i64) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE roles SET position = $1 WHERE id = $2")
            .bind(position)
            .bind(id),
    )
    .await?;
    Ok(())
}

/// Makes this role the one default.
pub async fn set_default(
    tx: &mut Tx<'_>,
    organization_id: &str,
    id: &str,
) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE roles SET is_default = (id = $1) WHERE organization_id = $2 AND (is_default OR id = $1)")
            .bind(id)
            .bind(organization_id),
    )
    .await?;
    Ok(())
}

/// Notes that somebody has looked at a role that Entra added.
pub async fn set_reviewed(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE roles SET is_reviewed = $1 WHERE id = $2")
            .bind(true)
            .bind(id),
    )
    .await?;
    Ok(())
}

/// Removes a role that nobody has, with the values that mean it.
pub async fn delete(tx: &mut Tx<'_>, organization_id: &str, id: &str) -> Result<(), StoreError> {
    tx.execute(
        sql("DELETE FROM role_values WHERE organization_id = $1 AND role_id = $2")
            .bind(organization_id)
            .bind(id),
    )
    .await?;
    tx.execute(
        sql("DELETE FROM roles WHERE organization_id = $1 AND id = $2")
            .bind(organization_id)
            .bind(id),
    )
    .await?;
    Ok(())
}
