//! `sessions`: browser sessions, kept by the hash of the cookie's value.

use sqlx::FromRow;

use super::Tx;
use super::sql::{Connection, sql};
use crate::server::clock::{HOUR, Millis};
use crate::server::error::StoreError;

/// How long a session lasts without a request.
pub const IDLE: Millis = 12 * HOUR;

/// A session as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Session {
    /// SHA-256 of the session id.
    pub id: String,
    pub account_id: Option<String>,
    /// JSON.
    pub data: String,
    pub created_at: Millis,
    pub last_seen_at: Millis,
    /// The absolute end, however busy the session is.
    pub expires_at: Millis,
    pub address: String,
    pub user_agent: String,
}

/// Adds a session; `false` when the id is taken.
pub async fn insert(tx: &mut Tx<'_>, session: &Session) -> Result<bool, StoreError> {
    let inserted = tx
        .execute(
            sql(
                "INSERT INTO sessions (id, account_id, data, created_at, last_seen_at, expires_at, address, user_agent) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
            )
            .bind(&session.id)
            .bind(session.account_id.as_deref())
            .bind(&session.data)
            .bind(session.created_at)
            .bind(session.last_seen_at)
            .bind(session.expires_at)
            .bind(&session.address)
            .bind(&session.user_agent),
        )
        .await?;
    Ok(inserted == 1)
}

/// Replaces what a session holds; one that has ended meanwhile stays ended.
pub async fn update(
    tx: &mut Tx<'_>,
    id: &str,
    account_id: Option<&str>,
    data: &str,
) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE sessions SET account_id = $1, data = $2 WHERE id = $3")
            .bind(account_id)
            .bind(data)
            .bind(id),
    )
    .await?;
    Ok(())
}

/// A session that has neither reached its end nor been idle since `idle_since`, and whose account (if it has
/// one) is not deactivated.
pub async fn find(
    connection: &mut Connection<'_>,
    id: &str,
    now: Millis,
    idle_since: Millis,
) -> Result<Option<Session>, StoreError> {
    connection
        .fetch_optional(
            sql(
                "SELECT s.id, s.account_id, s.data, s.created_at, s.last_seen_at, s.expires_at, s.address, s.user_agent \
                 FROM sessions s LEFT JOIN accounts a ON a.id = s.account_id \
                 WHERE s.id = $1 AND s.expires_at > $2 AND s.last_seen_at > $3 \
                 AND (s.account_id IS NULL OR (a.id IS NOT NULL AND a.deactivated_at IS NULL))",
            )
            .bind(id)
            .bind(now)
            .bind(idle_since),
        )
        .await
}

/// Notes that a session was used.
pub async fn touch(tx: &mut Tx<'_>, id: &str, now: Millis) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE sessions SET last_seen_at = $1 WHERE id = $2 AND last_seen_at < $1")
            .bind(now)
            .bind(id),
    )
    .await?;
    Ok(())
}

/// Ends one session by its id; one that has ended already is no error.
pub async fn delete(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    tx.execute(sql("DELETE FROM sessions WHERE id = $1").bind(id))
        .await?;
    Ok(())
}

/// Ends every session of an account.
pub async fn delete_of_account(tx: &mut Tx<'_>, account_id: &str) -> Result<u64, StoreError> {
    tx.execute(sql("DELETE FROM sessions WHERE account_id = $1").bind(account_id))
        .await
}

/// The sessions of an account that are alive, last used first; at most `limit`.
pub async fn list_of_account(
    connection: &mut Connection<'_>,
    account_id: &str,
    now: Millis,
    limit: i64,
) -> Result<Vec<Session>, StoreError> {
    connection
        .fetch_all(
            sql(
                "SELECT id, account_id, data, created_at, last_seen_at, expires_at, address, user_agent FROM sessions \
                 WHERE account_id = $1 AND expires_at > $2 AND last_seen_at > $3 \
                 ORDER BY last_seen_at DESC, id LIMIT $4",
            )
            .bind(account_id)
            .bind(now)
            .bind(now - IDLE)
            .bind(limit),
        )
        .await
}

/// Ends one session of an account; 0 when it is none of the account's or has ended.
pub async fn delete_one_of_account(
    tx: &mut Tx<'_>,
    account_id: &str,
    id: &str,
) -> Result<u64, StoreError> {
    tx.execute(
        sql("DELETE FROM sessions WHERE account_id = $1 AND id = $2")
            .bind(account_id)
            .bind(id),
    )
    .await
}

/// Ends every session of an account but one.
pub async fn delete_others_of_account(
    tx: &mut Tx<'_>,
    account_id: &str,
    kept: &str,
) -> Result<u64, StoreError> {
    tx.execute(
        sql("DELETE FROM sessions WHERE account_id = $1 AND id <> $2")
            .bind(account_id)
            .bind(kept),
    )
    .await
}
