//! `audit_log`: append-only.

use sqlx::FromRow;

use super::Tx;
use super::sql::{Connection, sql};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Entry {
    pub id: String,
    /// `None` for what concerns the whole deployment.
    pub organization_id: Option<String>,
    pub occurred_at: Millis,
    pub actor_kind: String,
    pub actor_id: String,
    pub actor_name: String,
    pub address: String,
    pub action: String,
    pub target_kind: String,
    pub target_id: String,
    pub target_name: String,
    /// JSON.
    pub before: Option<String>,
    /// JSON.
    pub after: Option<String>,
}

/// Adds an entry.
pub async fn insert(tx: &mut Tx<'_>, entry: &Entry) -> Result<(), StoreError> {
    tx.execute(
        sql(
            "INSERT INTO audit_log (id, organization_id, occurred_at, actor_kind, actor_id, actor_name, address, \
             action, target_kind, target_id, target_name, before, after) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(&entry.id)
        .bind(entry.organization_id.as_deref())
        .bind(entry.occurred_at)
        .bind(&entry.actor_kind)
        .bind(&entry.actor_id)
        .bind(&entry.actor_name)
        .bind(&entry.address)
        .bind(&entry.action)
        .bind(&entry.target_kind)
        .bind(&entry.target_id)
        .bind(&entry.target_name)
        .bind(entry.before.as_deref())
        .bind(entry.after.as_deref()),
    )
    .await?;
    Ok(())
}

/// How often something was done in an organization between two times.
pub async fn count(
    connection: &mut Connection<'_>,
    organization_id: &str,
    action: &str,
    (after, until): (Millis, Millis),
) -> Result<i64, StoreError> {
    connection
        .fetch_count(
            sql(
                "SELECT count(*) FROM audit_log WHERE organization_id = $1 AND action = $2 AND occurred_at > $3 \
                 AND occurred_at <= $4",
            )
            .bind(organization_id)
            .bind(action)
            .bind(after)
            .bind(until),
        )
        .await
}
