//! Who is kept out by an Admin: columns of `users`, which SCIM neither reads nor writes, and of the tombstones.

use sqlx::FromRow;

use super::Tx;
use super::sql::Builder;
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// A user as far as a block is concerned.
#[derive(Debug, Clone, FromRow)]
pub struct Blockable {
    pub id: String,
    pub user_name_key: String,
    pub external_id: Option<String>,
    pub version: i64,
    pub blocked_at: Option<Millis>,
    pub blocked_reason: Option<String>,
    pub is_deleted: bool,
}

/// The user with this id, or its tombstone; nobody else changes it until this transaction ends.
pub async fn find_for_update(
    tx: &mut Tx<'_>,
    organization_id: &str,
    id: &str,
) -> Result<Option<Blockable>, StoreError> {
    for select in [
        "SELECT id, user_name_key, external_id, version, blocked_at, blocked_reason, FALSE AS is_deleted \
         FROM users WHERE id = ",
        "SELECT id, user_name_key, external_id, version, blocked_at, blocked_reason, TRUE AS is_deleted \
         FROM deleted_users WHERE id = ",
    ] {
        let mut statement = Builder::new(select);
        statement.bind(id).push(" AND organization_id = ");
        statement.bind(organization_id).push(tx.for_update());
        let found = tx.fetch_optional(statement.finish_repeated()).await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Blocks a user.
pub async fn block(
    tx: &mut Tx<'_>,
    organization_id: &str,
    id: &str,
    now: Millis,
    by: &str,
    reason: &str,
) -> Result<(), StoreError> {
    let mut statement = Builder::new("UPDATE users SET blocked_at = ");
    statement.bind(now).push(", blocked_by = ").bind(by);
    statement.push(", blocked_reason = ").bind(reason);
    statement.push(" WHERE id = ").bind(id);
    statement
        .push(" AND organization_id = ")
        .bind(organization_id);
    tx.execute(statement.finish_repeated()).await?;
    Ok(())
}

/// Lifts the block of a user, and of the tombstones from which a new user of the same name or `externalId` would
/// inherit it.
pub async fn lift(
    tx: &mut Tx<'_>,
    organization_id: &str,
    user: &Blockable,
) -> Result<(), StoreError> {
    const LIFTED: &str =
        " SET blocked_at = NULL, blocked_by = NULL, blocked_reason = NULL WHERE organization_id = ";
    let mut statement = Builder::new("UPDATE users");
    statement.push(LIFTED).bind(organization_id);
    statement.push(" AND id = ").bind(&user.id);
    tx.execute(statement.finish_repeated()).await?;
    let mut statement = Builder::new("UPDATE deleted_users");
    statement.push(LIFTED).bind(organization_id);
    statement.push(" AND blocked_at IS NOT NULL AND (id = ");
    statement.bind(&user.id).push(" OR user_name_key = ");
    statement.bind(&user.user_name_key);
    statement.push(" OR external_id = ");
    statement.bind(user.external_id.as_deref()).push(")");
    tx.execute(statement.finish_repeated()).await?;
    Ok(())
}
