//! `sign_in_attempts`: how often somebody tried, by account and by address, in a window of time.

use sqlx::FromRow;

use super::Tx;
use super::sql::{Connection, sql};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// A window in which attempts are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Window {
    pub window_started_at: Millis,
    pub attempts: i64,
}

/// The window of a key that goes on: it began after `expired`.
pub async fn find(
    connection: &mut Connection<'_>,
    key: &str,
    expired: Millis,
) -> Result<Option<Window>, StoreError> {
    connection
        .fetch_optional(
            sql("SELECT window_started_at, attempts FROM sign_in_attempts \
                 WHERE key = $1 AND window_started_at > $2")
            .bind(key)
            .bind(expired),
        )
        .await
}

/// Counts an attempt, and answers its window with it; one that began at or before `expired` is over and a new one begins at `now`.
pub async fn count(
    tx: &mut Tx<'_>,
    key: &str,
    now: Millis,
    expired: Millis,
) -> Result<Window, StoreError> {
    let window: Option<Window> = tx
        .fetch_optional(
            sql(
                "INSERT INTO sign_in_attempts (key, window_started_at, attempts) VALUES ($1, $2, 1) \
                 ON CONFLICT (key) DO UPDATE SET \
                 attempts = CASE WHEN sign_in_attempts.window_started_at <= $3 THEN 1 \
                 ELSE sign_in_attempts.attempts + 1 END, \
                 window_started_at = CASE WHEN sign_in_attempts.window_started_at <= $3 THEN $2 \
                 ELSE sign_in_attempts.window_started_at END \
                 RETURNING window_started_at, attempts",
            )
            .bind(key)
            .bind(now)
            .bind(expired),
        )
        .await?;
    window.ok_or_else(|| StoreError::Corrupt("an upsert answered no row".to_owned()))
}

/// Takes an attempt back that was no failure.
pub async fn uncount(tx: &mut Tx<'_>, key: &str) -> Result<(), StoreError> {
    tx.execute(
        sql("UPDATE sign_in_attempts SET attempts = attempts - 1 WHERE key = $1 AND attempts > 0")
            .bind(key),
    )
    .await?;
    Ok(())
}

/// Forgets the attempts under a key.
pub async fn delete(tx: &mut Tx<'_>, key: &str) -> Result<(), StoreError> {
    tx.execute(sql("DELETE FROM sign_in_attempts WHERE key = $1").bind(key))
        .await?;
    Ok(())
}
