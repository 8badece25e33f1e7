//! `take_overs`: what Admins have decided about users whose userName Entra wants for somebody else.

use sqlx::FromRow;

use super::Tx;
use super::keyset::push_list;
use super::sql::{Builder, Connection, sql};
use crate::model::take_over::Decision;
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// A decision about one user, as it stands.
#[derive(Debug, Clone, FromRow)]
pub struct TakeOver {
    pub user_id: String,
    /// The key of the userName that it is about: once the user has another, it says nothing.
    pub user_name_key: String,
    #[sqlx(try_from = "String")]
    pub decision: Decision,
    pub decided_by: String,
    pub decided_at: Millis,
    /// Until when an allowed one may be used.
    pub expires_at: Option<Millis>,
    pub used_at: Option<Millis>,
}

/// The decisions about these users.
pub async fn list(
    connection: &mut Connection<'_>,
    organization_id: &str,
    users: &[&str],
) -> Result<Vec<TakeOver>, StoreError> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Builder::new(
        "SELECT user_id, user_name_key, decision, decided_by, decided_at, expires_at, used_at FROM take_overs \
         WHERE organization_id = ",
    );
    statement.bind(organization_id);
    push_list(&mut statement, " AND user_id IN (", users.iter().copied());
    connection.fetch_all(statement.finish()).await
}

/// Decides anew; what was decided before is over.
pub async fn decide(
    tx: &mut Tx<'_>,
    organization_id: &str,
    decided: &TakeOver,
) -> Result<(), StoreError> {
    tx.execute(
        sql(
            "INSERT INTO take_overs (organization_id, user_id, user_name_key, decision, decided_by, decided_at, \
             expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (organization_id, user_id) DO UPDATE SET \
             user_name_key = excluded.user_name_key, decision = excluded.decision, decided_by = excluded.decided_by, \
             decided_at = excluded.decided_at, expires_at = excluded.expires_at, used_at = NULL",
        )
        .bind(organization_id)
        .bind(&decided.user_id)
        .bind(&decided.user_name_key)
        .bind(decided.decision.as_str())
        .bind(&decided.decided_by)
        .bind(decided.decided_at)
        .bind(decided.expires_at),
    )
    .await?;
    Ok(())
}

/// Who has allowed that this user, under this userName, is taken over now; `None` while nobody has.
pub async fn allowed_by(
    connection: &mut Connection<'_>,
    organization_id: &str,
    user_id: &str,
    user_name_key: &str,
    now: Millis,
) -> Result<Option<String>, StoreError> {
    let found: Option<(String,)> = connection
        .fetch_optional(
            sql(
                "SELECT decided_by FROM take_overs WHERE organization_id = $1 AND user_id = $2 \
                 AND user_name_key = $3 AND decision = $5 AND used_at IS NULL AND expires_at > $4",
            )
            .bind(organization_id)
            .bind(user_id)
            .bind(user_name_key)
            .bind(now)
            .bind(Decision::Allowed.as_str()),
        )
        .await?;
    Ok(found.map(|(name,)| name))
}

/// Uses what was allowed; `false` when it cannot be used any more. It can be once.
pub async fn use_up(
    tx: &mut Tx<'_>,
    organization_id: &str,
    user_id: &str,
    now: Millis,
) -> Result<bool, StoreError> {
    let used = tx
        .execute(
            sql(
                "UPDATE take_overs SET used_at = $3 WHERE organization_id = $1 AND user_id = $2 \
                 AND decision = $4 AND used_at IS NULL AND expires_at > $3",
            )
            .bind(organization_id)
            .bind(user_id)
            .bind(now)
            .bind(Decision::Allowed.as_str()),
        )
        .await?;
    Ok(used == 1)
}

/// Forgets what was decided about a user.
pub async fn forget(
    tx: &mut Tx<'_>,
    organization_id: &str,
    user_id: &str,
) -> Result<(), StoreError> {
    tx.execute(
        sql("DELETE FROM take_overs WHERE organization_id = $1 AND user_id = $2")
            .bind(organization_id)
            .bind(user_id),
    )
    .await?;
    Ok(())
}
