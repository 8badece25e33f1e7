//! Users whose latest change was refused, and the counts on the tabs of the users page.

use sqlx::FromRow;

use super::keyset::{self, COUNT_LIMIT, push_list};
use super::sql::{Builder, Connection};
use crate::model::page::Count;
use crate::server::error::StoreError;

/// Failed entries that are looked through for users whose latest change was refused, newest first. Each costs a look-up,
/// on every page of users and every overview.
const FAILURES: i64 = 1_000;

/// Whether a count of such users is of all of them.
pub(super) fn are_all(counted: i64) -> bool {
    counted < FAILURES
}

/// Adds the ids of users whose latest change was refused.
pub(super) fn push_failing(statement: &mut Builder, organization_id: &str) {
    statement.push(
        "SELECT f.user_id FROM (SELECT user_id, max(occurred_at) AS failed_at FROM \
         (SELECT user_id, occurred_at FROM provisioning_logs WHERE organization_id = ",
    );
    statement.bind(organization_id);
    statement.push(
        " AND status = 'failure' AND user_id IS NOT NULL \
         ORDER BY occurred_at DESC, id DESC LIMIT ",
    );
    statement.bind(FAILURES);
    statement.push(
        ") latest GROUP BY user_id) f WHERE NOT EXISTS \
         (SELECT 1 FROM provisioning_logs s WHERE s.organization_id = ",
    );
    statement.bind(organization_id);
    statement.push(
        " AND s.user_id = f.user_id AND s.occurred_at > f.failed_at AND s.status <> 'failure' \
         AND (NOT s.is_lookup OR s.status = 'failure'))",
    );
}

/// A refused change that no later one has made good.
#[derive(Debug, Clone, FromRow)]
pub struct LatestFailure {
    pub user_id: String,
    pub log_id: String,
    pub reason: Option<String>,
    pub attribute: Option<String>,
    pub detail: Option<String>,
}

/// For each of the users whose latest change was refused, that entry.
pub async fn latest_failures(
    connection: &mut Connection<'_>,
    organization_id: &str,
    users: &[&str],
) -> Result<Vec<LatestFailure>, StoreError> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Builder::new(
        "SELECT u.id AS user_id, l.id AS log_id, l.reason, l.attribute, l.detail \
         FROM users u JOIN provisioning_logs l ON l.id = \
         (SELECT n.id FROM provisioning_logs n WHERE n.organization_id = u.organization_id \
          AND n.user_id = u.id AND (NOT n.is_lookup OR n.status = 'failure') \
          ORDER BY n.occurred_at DESC, n.id DESC LIMIT 1) \
         WHERE l.status = 'failure' AND u.organization_id = ",
    );
    statement.bind(organization_id);
    push_list(&mut statement, " AND u.id IN (", users.iter().copied());
    connection.fetch_all(statement.finish()).await
}

/// Counts of the tabs, each up to [`COUNT_LIMIT`] and one.
#[derive(Debug, Clone, FromRow)]
pub struct Counted {
    pub everyone: i64,
    pub active: i64,
    pub inactive: i64,
    pub blocked: i64,
    pub failing: i64,
    pub deleted: i64,
}

impl Counted {
    /// Users whose latest change was refused.
    pub fn with_errors(&self) -> Count {
        keyset::at_least(self.failing, are_all(self.failing))
    }
}

/// Counts users by state.
pub async fn counts(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<Counted, StoreError> {
    let parts = [
        (
            "SELECT (SELECT count(*) FROM (SELECT 1 FROM users WHERE organization_id = ",
            ") a) AS everyone",
        ),
        (
            ", (SELECT count(*) FROM (SELECT 1 FROM users WHERE active AND organization_id = ",
            ") b) AS active",
        ),
        (
            ", (SELECT count(*) FROM (SELECT 1 FROM users WHERE NOT active AND organization_id = ",
            ") c) AS inactive",
        ),
        (
            ", (SELECT count(*) FROM (SELECT 1 FROM deleted_users WHERE organization_id = ",
            ") d) AS deleted",
        ),
        (
            ", (SELECT count(*) FROM (SELECT 1 FROM users WHERE blocked_at IS NOT NULL AND organization_id = ",
            ") f) AS blocked",
        ),
    ];
    let mut statement = Builder::default();
    for (before, after) in parts {
        statement.push(before).bind(organization_id);
        statement.push(" LIMIT ").bind(COUNT_LIMIT + 1).push(after);
    }
    statement.push(", (SELECT count(*) FROM (SELECT 1 FROM users u WHERE u.organization_id = ");
    statement.bind(organization_id).push(" AND u.id IN (");
    push_failing(&mut statement, organization_id);
    statement.push(")) e) AS failing");
    connection
        .fetch_optional(statement.finish())
        .await?
        .ok_or_else(|| StoreError::Corrupt("counting answered nothing".to_owned()))
}
