//! Who is kept out by an Admin: columns of `users`, which SCIM neither reads nor writes, and of the tombstones; and
//! `kept_blocks`, for those who come back after a deletion. Only an Admin's lifting ends a kept block.

use sqlx::FromRow;

use super::Tx;
use super::sql::{Builder, Sql, sql};
use crate::server::clock::Millis;
use crate::server::error::StoreError;
use crate::server::secret;

/// The reason of a block once the user is erased: the one that was typed may name the person.
const ERASED: &str = "The user was erased, and the block stays.";

/// The latest kept block of these userNames or these `externalId`s. Every new user is looked for, and hardly anybody is
/// blocked: as two selects joined by `UNION` it took three times as long.
macro_rules! kept_block {
    ($organization_id:literal, $user_names:literal, $external_ids:literal) => {
        concat!(
            "(SELECT blocked_at, blocked_by, blocked_reason FROM kept_blocks WHERE organization_id = ",
            $organization_id,
            " AND (user_name_key IN (",
            $user_names,
            ") OR external_id IN (",
            $external_ids,
            ")) ORDER BY blocked_at DESC LIMIT 1)"
        )
    };
}
pub(super) use kept_block;

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

/// Keeps the block of a user who is about to be deleted, if there is one.
pub(super) fn keeping(organization_id: &str, id: &str) -> Sql {
    sql(
        "INSERT INTO kept_blocks (user_id, organization_id, user_name_key, external_id, blocked_at, blocked_by, \
         blocked_reason) SELECT id, organization_id, user_name_key, external_id, blocked_at, blocked_by, blocked_reason \
         FROM users WHERE id = $1 AND organization_id = $2 AND blocked_at IS NOT NULL",
    )
    .bind(id)
    .bind(organization_id)
}

/// Gives a stored user the kept block of this userName or `externalId`, when the change ends: Entra makes the user
/// somebody who was blocked when it deleted them.
pub fn inherit(
    tx: &mut Tx<'_>,
    organization_id: &str,
    id: &str,
    user_name_key: &str,
    external_id: Option<&str>,
) {
    const INHERIT: &str = concat!(
        "UPDATE users SET blocked_at = b.blocked_at, blocked_by = b.blocked_by, blocked_reason = b.blocked_reason FROM ",
        kept_block!("$2", "$3, $4", "$5, $6"),
        " b WHERE users.id = $1 AND users.organization_id = $2 AND users.blocked_at IS NULL"
    );
    tx.foreseen.forget_user(id);
    tx.defer(
        sql(INHERIT)
            .bind(id)
            .bind(organization_id)
            .bind(user_name_key)
            .bind(veiled(organization_id, user_name_key))
            .bind(external_id)
            .bind(external_id.map(|id| veiled(organization_id, id))),
    );
}

/// What stands for a name or `externalId` in the kept block of an erased user: whoever comes back under it is known by
/// it, and nobody reads it.
pub(super) fn veiled(organization_id: &str, name: &str) -> String {
    secret::hash(&format!("{organization_id}\n{name}"))
}

/// Takes out of a kept block what names the user, who is being erased. The block stays.
pub(super) async fn veil(
    tx: &mut Tx<'_>,
    organization_id: &str,
    id: &str,
) -> Result<(), StoreError> {
    let kept: Option<(String, Option<String>)> = tx
        .fetch_optional(
            sql("SELECT user_name_key, external_id FROM kept_blocks WHERE user_id = $1 AND organization_id = $2")
                .bind(id)
                .bind(organization_id),
        )
        .await?;
    let Some((user_name_key, external_id)) = kept else {
        return Ok(());
    };
    tx.execute(
        sql("UPDATE kept_blocks SET user_name_key = $1, external_id = $2, blocked_reason = $3 WHERE user_id = $4")
            .bind(veiled(organization_id, &user_name_key))
            .bind(external_id.map(|id| veiled(organization_id, &id)))
            .bind(ERASED)
            .bind(id),
    )
    .await?;
    Ok(())
}

/// Lifts the block of a user, and those kept ones that a new user of the same name or `externalId` would inherit, with what
/// the tombstones say of them.
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
    let external_id = user.external_id.as_deref();
    tx.execute(
        sql(
            "DELETE FROM kept_blocks WHERE organization_id = $1 AND (user_id = $2 OR user_name_key IN ($3, $4) \
             OR external_id IN ($5, $6))",
        )
        .bind(organization_id)
        .bind(&user.id)
        .bind(&user.user_name_key)
        .bind(veiled(organization_id, &user.user_name_key))
        .bind(external_id)
        .bind(external_id.map(|id| veiled(organization_id, id))),
    )
    .await?;
    Ok(())
}
