//! `notification_recipients`: whom an organization tells.

use sqlx::FromRow;

use super::Tx;
use super::sql::{Builder, Connection, sql};
use crate::model::notification::RecipientState;
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// Somebody who is told, or is to be.
#[derive(Debug, Clone, FromRow)]
pub struct Recipient {
    pub id: String,
    pub organization_id: String,
    pub address: String,
    pub address_key: String,
    #[sqlx(try_from = "String")]
    pub state: RecipientState,
    pub created_at: Millis,
    pub created_by: String,
    pub link_sent_at: Millis,
    pub verified_at: Option<Millis>,
    /// Goes up with each link that is sent, and each that is used.
    pub uses: i64,
}

const SELECT: &str = "SELECT id, organization_id, address, address_key, state, created_at, created_by, link_sent_at, \
     verified_at, uses FROM notification_recipients WHERE ";

/// Those of an organization, in the order in which they were added. There are few.
pub async fn list(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<Vec<Recipient>, StoreError> {
    let mut statement = Builder::new(SELECT);
    statement
        .push("organization_id = ")
        .bind(organization_id)
        .push(" ORDER BY created_at, id");
    connection.fetch_all(statement.finish_repeated()).await
}

/// One of them, whosever it is, locked for a change inside of one.
pub async fn find(
    connection: &mut Connection<'_>,
    id: &str,
    lock: bool,
) -> Result<Option<Recipient>, StoreError> {
    let mut statement = Builder::new(SELECT);
    statement.push("id = ").bind(id);
    if lock {
        statement.push(connection.for_update());
    }
    connection.fetch_optional(statement.finish_repeated()).await
}

/// Adds one; false if the organization has the address already.
pub async fn insert(tx: &mut Tx<'_>, recipient: &Recipient) -> Result<bool, StoreError> {
    let statement = sql(
        "INSERT INTO notification_recipients (id, organization_id, address, address_key, state, created_at, \
         created_by, link_sent_at, uses) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (organization_id, address_key) DO NOTHING",
    )
    .bind(&recipient.id)
    .bind(&recipient.organization_id)
    .bind(&recipient.address)
    .bind(&recipient.address_key)
    .bind(recipient.state.as_str())
    .bind(recipient.created_at)
    .bind(&recipient.created_by)
    .bind(recipient.link_sent_at)
    .bind(recipient.uses);
    Ok(tx.execute(statement).await? > 0)
}

/// Removes one; its links end.
pub async fn delete(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    tx.execute(sql("DELETE FROM notification_recipients WHERE id = $1").bind(id))
        .await?;
    Ok(())
}

/// Notes that a new link is sent, which ends the earlier ones.
pub async fn link_sent(tx: &mut Tx<'_>, id: &str, now: Millis) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE notification_recipients SET link_sent_at = $2, uses = uses + 1 WHERE id = $1")
            .bind(id)
            .bind(now),
    )
    .await?;
    Ok(())
}

/// Uses a link: the recipient has a new state, and the link is used up. False if that has happened already.
pub async fn use_link(
    tx: &mut Tx<'_>,
    id: &str,
    uses: i64,
    state: RecipientState,
    now: Millis,
) -> Result<bool, StoreError> {
    let verified = (state == RecipientState::Verified).then_some(now);
    let statement = sql(
        "UPDATE notification_recipients SET state = $3, verified_at = $4, uses = uses + 1 \
         WHERE id = $1 AND uses = $2",
    )
    .bind(id)
    .bind(uses)
    .bind(state.as_str())
    .bind(verified);
    Ok(tx.execute(statement).await? > 0)
}

/// Whether an organization has anybody who is told.
pub async fn has_verified(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<bool, StoreError> {
    let found = connection
        .fetch_count(
            sql("SELECT count(*) FROM (SELECT 1 FROM notification_recipients WHERE organization_id = $1 \
                 AND state = 'verified' LIMIT 1) found")
            .bind(organization_id),
        )
        .await?;
    Ok(found > 0)
}
