//! `role_settlements`: what changes of role catalogues gave another meaning, until the users who have it have followed.

use sqlx::FromRow;

use super::Tx;
use super::sql::{Connection, sql};
use crate::server::clock::{MINUTE, Millis};
use crate::server::error::StoreError;

/// How long whoever is at it is left alone after each step, which takes far less.
const HELD: Millis = 3 * MINUTE;
/// More are taken up by the next look.
const LOOK: i64 = 100;

/// A change that users follow.
#[derive(Debug, Clone, FromRow)]
pub struct RoleSettlement {
    pub id: String,
    pub organization_id: String,
    /// JSON: keys of the values that mean another role since, or none.
    pub value_keys: String,
    /// Who changed the catalogue, as the history stores it.
    pub actor_kind: String,
    pub actor_id: String,
    pub actor_name: String,
}

/// Notes a change, which whoever makes it is at.
pub async fn insert(
    tx: &mut Tx<'_>,
    settlement: &RoleSettlement,
    now: Millis,
) -> Result<(), StoreError> {
    tx.execute(
        sql(
            "INSERT INTO role_settlements (id, organization_id, value_keys, actor_kind, actor_id, actor_name, held_until) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&settlement.id)
        .bind(&settlement.organization_id)
        .bind(&settlement.value_keys)
        .bind(&settlement.actor_kind)
        .bind(&settlement.actor_id)
        .bind(&settlement.actor_name)
        .bind(now + HELD),
    )
    .await?;
    Ok(())
}

/// Those that nobody is at, oldest first. One that is held for longer than anybody holds it was noted by a clock that was
/// ahead, and waits no longer.
pub async fn list_abandoned(
    connection: &mut Connection<'_>,
    now: Millis,
) -> Result<Vec<RoleSettlement>, StoreError> {
    connection
        .fetch_all(
            sql(
                "SELECT id, organization_id, value_keys, actor_kind, actor_id, actor_name FROM role_settlements \
                 WHERE held_until <= $1 OR held_until > $2 ORDER BY id LIMIT $3",
            )
            .bind(now)
            .bind(now + 2 * HELD)
            .bind(LOOK),
        )
        .await
}

/// Takes up one that nobody is at; `false` when somebody else was quicker.
pub async fn claim(tx: &mut Tx<'_>, id: &str, now: Millis) -> Result<bool, StoreError> {
    let claimed = tx
        .execute(
            sql(
                "UPDATE role_settlements SET held_until = $1 WHERE id = $2 AND (held_until <= $3 OR held_until > $4)",
            )
            .bind(now + HELD)
            .bind(id)
            .bind(now)
            .bind(now + 2 * HELD),
        )
        .await?;
    Ok(claimed == 1)
}

/// Says that somebody is still at it.
pub async fn hold(tx: &mut Tx<'_>, id: &str, now: Millis) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE role_settlements SET held_until = $1 WHERE id = $2")
            .bind(now + HELD)
            .bind(id),
    )
    .await?;
    Ok(())
}

/// Forgets one that all have followed.
pub async fn delete(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    tx.execute(sql("DELETE FROM role_settlements WHERE id = $1").bind(id))
        .await?;
    Ok(())
}
