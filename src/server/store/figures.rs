//! What operators watch of all organizations, in one question.

use sqlx::FromRow;

use super::keyset::COUNT_LIMIT;
use super::sql::{Connection, sql};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// Counts of this moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct Figures {
    /// Users of the accidental-deletion guard who wait for a decision. Counting stops beyond [`COUNT_LIMIT`].
    pub held_users: i64,
    /// Tokens that are not revoked and end soon.
    pub tokens_expiring: i64,
    /// Tokens that were never revoked and have ended lately.
    pub tokens_expired: i64,
    /// Counting stops beyond [`COUNT_LIMIT`].
    pub open_issues: i64,
    /// Mails that are still to be sent, and when the oldest of them was written. Those that are due first are looked at,
    /// up to [`COUNT_LIMIT`] and one.
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
                "SELECT (SELECT count(*) FROM (SELECT 1 FROM organizations o CROSS JOIN guard_holds h \
                 WHERE h.organization_id = o.id AND h.decision = 'waiting' LIMIT $4) counted) AS held_users, \
                 (SELECT count(*) FROM tokens WHERE revoked_at IS NULL AND expires_at > $1 AND expires_at <= $2) \
                 AS tokens_expiring, \
                 (SELECT count(*) FROM tokens WHERE revoked_at IS NULL AND expires_at <= $1 AND expires_at > $3) \
                 AS tokens_expired, \
                 (SELECT count(*) FROM (SELECT 1 FROM issues WHERE is_open LIMIT $4) counted) AS open_issues, \
                 (SELECT count(*) FROM (SELECT 1 FROM outbox WHERE due_at IS NOT NULL LIMIT $4) counted) AS mails_waiting, \
                 (SELECT min(created_at) FROM (SELECT created_at FROM outbox WHERE due_at IS NOT NULL \
                 ORDER BY due_at LIMIT $4) due) AS oldest_mail_at",
            )
            .bind(now)
            .bind(now + span)
            .bind(now - span)
            .bind(COUNT_LIMIT + 1),
        )
        .await?;
    Ok(found.unwrap_or_default())
}
