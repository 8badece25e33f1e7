//! Deleting what is no longer kept, a batch at a time.

use super::Tx;
use super::sql::{Connection, Sql, sql};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// What is deleted by age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expired {
    /// Log entries before `at`, whose ids sort before `first_id` (see [`crate::server::ids::first_request_id`]).
    Entries {
        at: Millis,
        first_id: String,
    },
    /// Their bodies.
    Payloads {
        at: Millis,
        first_id: String,
    },
    Audit {
        before: Millis,
    },
    /// Changes of users that were deleted before, of those first that were deleted first.
    TombstoneChanges {
        before: Millis,
    },
    /// These users themselves: of the same ones, those whose changes are gone.
    Tombstones {
        before: Millis,
    },
    /// Sessions whose absolute end was before.
    Sessions {
        before: Millis,
    },
    /// Sessions that were used last before.
    IdleSessions {
        before: Millis,
    },
    /// Counted sign-in attempts whose window began before.
    SignInAttempts {
        before: Millis,
    },
    /// Links for setting a password that expired before.
    AccountLinks {
        before: Millis,
    },
    /// Issues that were resolved before, once what belongs to them is gone.
    Issues {
        before: Millis,
    },
    /// Users of issues that were resolved before.
    IssueUsers {
        before: Millis,
    },
    /// The history of issues that were resolved before.
    IssueHistory {
        before: Millis,
    },
    /// Events of issues by day.
    IssueDays {
        before: Millis,
    },
    /// Users whom the guard holds and Entra has not asked about since.
    GuardHolds {
        before: Millis,
    },
    /// Take-overs that were decided before.
    TakeOvers {
        before: Millis,
    },
    /// Cycles that ended before, but the initial ones: there is no second first.
    Cycles {
        before: Millis,
    },
    /// Problems that ended before.
    Problems {
        before: Millis,
    },
    /// What was noted of causes that were over before.
    NotificationMarks {
        before: Millis,
    },
    /// Mails that were written before and are not to be sent any more, once their attempts are gone.
    Mails {
        before: Millis,
    },
    /// The attempts at mails that were written before and are not to be sent any more.
    MailAttempts {
        before: Millis,
    },
    /// Links to support bundles that have expired.
    SupportBundles {
        before: Millis,
    },
    /// Hourly counts of one organization; "" for those of none.
    Hours {
        organization_id: String,
        before: Millis,
    },
}

const ENTRIES: &str = "DELETE FROM provisioning_logs WHERE id IN (SELECT id FROM provisioning_logs \
    WHERE id < $1 AND occurred_at < $2 ORDER BY id LIMIT $3)";
const PAYLOADS: &str = "DELETE FROM provisioning_log_payloads WHERE log_id IN \
    (SELECT log_id FROM provisioning_log_payloads \
    WHERE log_id < $1 AND occurred_at < $2 ORDER BY log_id LIMIT $3)";
const AUDIT: &str = "DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log \
    WHERE occurred_at < $1 ORDER BY occurred_at, id LIMIT $2)";
// Of few users: the databases would read all changes to find that there is none left.
const TOMBSTONE_CHANGES: &str = "DELETE FROM user_changes WHERE id IN (SELECT c.id FROM (SELECT organization_id, id FROM deleted_users \
    WHERE deleted_at < $1 ORDER BY deleted_at LIMIT 500) d \
    JOIN user_changes c ON c.organization_id = d.organization_id AND c.user_id = d.id LIMIT $2)";
// Counted, so that PostgreSQL looks up these users' changes.
const TOMBSTONES: &str = "DELETE FROM deleted_users WHERE id IN (SELECT id FROM deleted_users \
    WHERE deleted_at < $1 ORDER BY deleted_at LIMIT $2) \
    AND (SELECT count(*) FROM (SELECT 1 FROM user_changes c \
    WHERE c.organization_id = deleted_users.organization_id AND c.user_id = deleted_users.id LIMIT 1) kept) = 0";
const SESSIONS: &str = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions \
    WHERE expires_at < $1 LIMIT $2)";
const IDLE_SESSIONS: &str = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions \
    WHERE last_seen_at < $1 LIMIT $2)";
// Asked twice: on PostgreSQL a new window may have begun under the key meanwhile.
const SIGN_IN_ATTEMPTS: &str = "DELETE FROM sign_in_attempts WHERE window_started_at < $1 AND key IN \
    (SELECT key FROM sign_in_attempts WHERE window_started_at < $1 LIMIT $2)";
const ACCOUNT_LINKS: &str = "DELETE FROM account_links WHERE hash IN (SELECT hash FROM account_links \
    WHERE expires_at < $1 LIMIT $2)";
const ISSUES: &str = "DELETE FROM issues WHERE resolved_at < $1 AND id IN (SELECT id FROM issues \
    WHERE resolved_at < $1 LIMIT $2)";
const ISSUE_USERS: &str = "DELETE FROM issue_users WHERE (issue_id, user_key) IN (SELECT u.issue_id, u.user_key FROM issues i \
    JOIN issue_users u ON u.issue_id = i.id WHERE i.resolved_at < $1 LIMIT $2)";
const ISSUE_HISTORY: &str = "DELETE FROM issue_history WHERE id IN (SELECT h.id FROM issues i \
    JOIN issue_history h ON h.issue_id = i.id WHERE i.resolved_at < $1 LIMIT $2)";
const ISSUE_DAYS: &str = "DELETE FROM issue_days WHERE (issue_id, day) IN (SELECT issue_id, day FROM issue_days \
    WHERE day < $1 LIMIT $2)";
const GUARD_HOLDS: &str = "DELETE FROM guard_holds WHERE (organization_id, user_id) IN \
    (SELECT organization_id, user_id FROM guard_holds WHERE last_held_at < $1 LIMIT $2)";
const TAKE_OVERS: &str = "DELETE FROM take_overs WHERE (organization_id, user_id) IN \
    (SELECT organization_id, user_id FROM take_overs WHERE decided_at < $1 LIMIT $2)";
const CYCLES: &str = "DELETE FROM cycles WHERE (organization_id, id) IN (SELECT organization_id, id FROM cycles \
    WHERE last_at < $1 AND NOT is_initial LIMIT $2)";
const PROBLEMS: &str =
    "DELETE FROM problems WHERE id IN (SELECT id FROM problems WHERE ended_at < $1 LIMIT $2)";
const NOTIFICATION_MARKS: &str = "DELETE FROM notification_marks WHERE (kind, cause_id, opened_at) IN \
    (SELECT kind, cause_id, opened_at FROM notification_marks WHERE closed_at < $1 LIMIT $2)";
const MAIL_ATTEMPTS: &str = "DELETE FROM outbox_attempts WHERE (outbox_id, number) IN (SELECT a.outbox_id, a.number FROM outbox o \
    JOIN outbox_attempts a ON a.outbox_id = o.id WHERE o.created_at < $1 AND o.due_at IS NULL LIMIT $2)";
const MAILS: &str = "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox \
    WHERE created_at < $1 AND due_at IS NULL LIMIT $2)";
const SUPPORT_BUNDLES: &str = "DELETE FROM support_bundles WHERE id IN (SELECT id FROM support_bundles \
    WHERE expires_at < $1 LIMIT $2)";
const HOURS: &str = "DELETE FROM provisioning_log_hours WHERE \
    (organization_id, hour, action, status, reason, token_id) IN \
    (SELECT organization_id, hour, action, status, reason, token_id \
    FROM provisioning_log_hours WHERE organization_id = $1 AND hour < $2 LIMIT $3)";

impl Expired {
    /// What deletes one batch of it; the last argument, how many rows at most, is not bound yet.
    fn statement(&self) -> Sql {
        match self {
            Self::Entries { at, first_id } => sql(ENTRIES).bind(first_id).bind(*at),
            Self::Payloads { at, first_id } => sql(PAYLOADS).bind(first_id).bind(*at),
            Self::Audit { before } => sql(AUDIT).bind(*before),
            Self::TombstoneChanges { before } => sql(TOMBSTONE_CHANGES).bind(*before),
            Self::Tombstones { before } => sql(TOMBSTONES).bind(*before),
            Self::Sessions { before } => sql(SESSIONS).bind(*before),
            Self::IdleSessions { before } => sql(IDLE_SESSIONS).bind(*before),
            Self::SignInAttempts { before } => sql(SIGN_IN_ATTEMPTS).bind(*before),
            Self::AccountLinks { before } => sql(ACCOUNT_LINKS).bind(*before),
            Self::Issues { before } => sql(ISSUES).bind(*before),
            Self::IssueUsers { before } => sql(ISSUE_USERS).bind(*before),
            Self::IssueHistory { before } => sql(ISSUE_HISTORY).bind(*before),
            Self::IssueDays { before } => sql(ISSUE_DAYS).bind(*before),
            Self::GuardHolds { before } => sql(GUARD_HOLDS).bind(*before),
            Self::TakeOvers { before } => sql(TAKE_OVERS).bind(*before),
            Self::Cycles { before } => sql(CYCLES).bind(*before),
            Self::Problems { before } => sql(PROBLEMS).bind(*before),
            Self::NotificationMarks { before } => sql(NOTIFICATION_MARKS).bind(*before),
            Self::MailAttempts { before } => sql(MAIL_ATTEMPTS).bind(*before),
            Self::Mails { before } => sql(MAILS).bind(*before),
            Self::SupportBundles { before } => sql(SUPPORT_BUNDLES).bind(*before),
            Self::Hours {
                organization_id,
                before,
            } => sql(HOURS).bind(organization_id).bind(*before),
        }
    }
}

/// Deletes one batch of at most `limit` rows; answers how many went.
pub async fn delete_batch(
    tx: &mut Tx<'_>,
    expired: &Expired,
    limit: i64,
) -> Result<u64, StoreError> {
    tx.execute(expired.statement().bind(limit)).await
}

/// The ids of all organizations.
pub async fn organization_ids(connection: &mut Connection<'_>) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = connection
        .fetch_all(sql("SELECT id FROM organizations ORDER BY id"))
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
