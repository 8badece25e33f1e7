//! What operators watch of all organizations, in one question.

use sqlx::FromRow;

use super::keyset::COUNT_LIMIT;
use super::sql::{Connection, sql};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// Counts of this moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct Figures {
    /// Users of the accidental-deletion guard who wait for a decision.
    pub held_users: i64,
    /// Tokens that are not revoked and end soon.
    pub tokens_expiring: i64,
    /// Tokens that were never revoked and have ended lately.
    pub tokens_expired: i64,
    /// Counting stops beyond [`COUNT_LIMIT`].
    pub open_issues: i64,
    /// Mails that are still to be sent, and when the oldest of them was written.
    pub mails_waiting: i64,
    pub oldest_mail_at: Option<Millis>,
}

/// The figures, with tokens that end within `span` of now, before or after.
pub async fn read(
    connection: &mut Connection<'_>,
    now: Millis,
    span: Millis,
) -> Result<Figures, StoreError> {
    let found = connection
        .fetch_optional(
            sql(
                "SELECT (SELECT count(*) FROM guard_holds WHERE decision = 'waiting') AS held_users, \
                 (SELECT count(*) FROM tokens WHERE revoked_at IS NULL AND expires_at > $1 AND expires_at <= $2) \
                 AS tokens_expiring, \
                 (SELECT count(*) FROM tokens WHERE revoked_at IS NULL AND expires_at <= $1 AND expires_at > $3) \
                 AS tokens_expired, \
                 (SELECT count(*) FROM (SELECT 1 FROM issues WHERE is_open LIMIT $4) counted) AS open_issues, \
                 (SELECT count(*) FROM outbox WHERE due_at IS NOT NULL) AS mails_waiting, \
                 (SELECT min(created_at) FROM outbox WHERE due_at IS NOT NULL) AS oldest_mail_at",
            )
            .bind(now)
            .bind(now + span)
            .bind(now - span)
            .bind(COUNT_LIMIT + 1),
        )
        .await?;
    Ok(found.unwrap_or_default())
}
