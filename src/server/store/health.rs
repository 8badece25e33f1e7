//! What is known of how organizations are provisioned, each figure by the beginning or the end of an index.

use sqlx::FromRow;

use super::keyset::{COUNT_LIMIT, push_list};
use super::sql::{Builder, Connection, sql};
use crate::server::clock::{MINUTE, Millis, SECOND};
use crate::server::error::StoreError;
use crate::server::scim::reason::Reason;

/// Reasons of a 401 that the log of an organization keeps.
const REFUSALS: [Reason; 6] = [
    Reason::TokenMissing,
    Reason::TokenMalformed,
    Reason::TokenUnknown,
    Reason::TokenExpired,
    Reason::TokenRevoked,
    Reason::TokenWrongOrganization,
];

/// The figures of one organization.
#[derive(Debug, Clone, FromRow)]
pub struct Figures {
    pub id: String,
    pub slug: String,
    pub name: String,
    pub state: String,
    pub state_changed_at: Millis,
    pub tokens: i64,
    pub valid_tokens: i64,
    /// Written at most once a minute.
    pub last_used_at: Option<Millis>,
    pub last_contact_at: Option<Millis>,
    pub failures: i64,
    missing_at: Option<Millis>,
    malformed_at: Option<Millis>,
    unknown_at: Option<Millis>,
    expired_at: Option<Millis>,
    revoked_at: Option<Millis>,
    foreign_at: Option<Millis>,
}

impl Figures {
    /// The latest request that was refused for its token, and why.
    pub fn last_refused(&self) -> Option<(Millis, Reason)> {
        [
            self.missing_at,
            self.malformed_at,
            self.unknown_at,
            self.expired_at,
            self.revoked_at,
            self.foreign_at,
        ]
        .into_iter()
        .zip(REFUSALS)
        .filter_map(|(at, reason)| at.map(|at| (at, reason)))
        .max_by_key(|(at, _)| *at)
    }
}

/// The figures of the organizations `ids`, in no order. Failures are those of the hours from `since` on.
pub async fn list(
    connection: &mut Connection<'_>,
    ids: &[&str],
    since: Millis,
    now: Millis,
) -> Result<Vec<Figures>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Builder::new(
        "SELECT o.id, o.slug, o.name, o.state, o.state_changed_at, \
         (SELECT count(*) FROM tokens t WHERE t.organization_id = o.id) AS tokens, \
         (SELECT count(*) FROM tokens t WHERE t.organization_id = o.id AND t.revoked_at IS NULL \
          AND t.expires_at > ",
    );
    statement.bind(now).push(
        ") AS valid_tokens, \
         (SELECT max(t.last_used_at) FROM tokens t WHERE t.organization_id = o.id) AS last_used_at, \
         (SELECT max(l.occurred_at) FROM provisioning_logs l WHERE l.organization_id = o.id) AS last_contact_at, \
         (SELECT CAST(COALESCE(sum(h.entries + h.unrecorded), 0) AS BIGINT) FROM provisioning_log_hours h \
          WHERE h.organization_id = o.id AND h.status = 'failure' AND h.hour >= ",
    );
    statement.bind(since).push(") AS failures");
    let columns = [
        ") AS missing_at",
        ") AS malformed_at",
        ") AS unknown_at",
        ") AS expired_at",
        ") AS revoked_at",
        ") AS foreign_at",
    ];
    for (reason, column) in REFUSALS.into_iter().zip(columns) {
        statement
            .push(
                ", (SELECT max(l.occurred_at) FROM provisioning_logs l WHERE l.organization_id = o.id \
                 AND l.reason = ",
            )
            .bind(reason.code())
            .push(column);
    }
    statement.push(" FROM organizations o WHERE 1 = 1");
    push_list(&mut statement, " AND o.id IN (", ids.iter().copied());
    connection.fetch_all(statement.finish()).await
}

/// When the last request was accepted, given when a token was last used: that is noted at most once a minute.
pub async fn last_accepted(
    connection: &mut Connection<'_>,
    organization_id: &str,
    last_used_at: Millis,
) -> Result<Millis, StoreError> {
    let later: Option<(Millis,)> = connection
        .fetch_optional(
            sql(
                "SELECT occurred_at FROM provisioning_logs WHERE organization_id = $1 AND occurred_at > $2 \
                 AND occurred_at <= $3 AND http_status <> 401 AND token_id IS NOT NULL \
                 ORDER BY occurred_at DESC, id DESC LIMIT 1",
            )
            .bind(organization_id)
            .bind(last_used_at)
            .bind(last_used_at + MINUTE + SECOND),
        )
        .await?;
    Ok(later.map_or(last_used_at, |(at,)| at))
}

/// The first request that was refused for its token after `after`.
pub async fn first_refused(
    connection: &mut Connection<'_>,
    organization_id: &str,
    after: Millis,
) -> Result<Option<Millis>, StoreError> {
    let mut statement = Builder::new("SELECT min(refused_at) AS refused_at FROM (");
    for (index, reason) in REFUSALS.into_iter().enumerate() {
        if index > 0 {
            statement.push(" UNION ALL ");
        }
        statement.push(
            "SELECT min(occurred_at) AS refused_at FROM provisioning_logs WHERE organization_id = ",
        );
        statement.bind(organization_id).push(" AND reason = ");
        statement.bind(reason.code()).push(" AND occurred_at > ");
        statement.bind(after);
    }
    statement.push(") firsts");
    let first: Option<(Option<Millis>,)> = connection.fetch_optional(statement.finish()).await?;
    Ok(first.and_then(|(first,)| first))
}

/// The name of the token, if it is one of ours, in the request that was refused for `reason` at that time.
pub async fn refused_token(
    connection: &mut Connection<'_>,
    organization_id: &str,
    reason: Reason,
    at: Millis,
) -> Result<Option<String>, StoreError> {
    let name: Option<(String,)> = connection
        .fetch_optional(
            sql(
                "SELECT t.name FROM provisioning_logs l JOIN tokens t ON t.id = l.token_id \
                 WHERE l.organization_id = $1 AND l.reason = $2 AND l.occurred_at = $3 LIMIT 1",
            )
            .bind(organization_id)
            .bind(reason.code())
            .bind(at),
        )
        .await?;
    Ok(name.map(|(name,)| name))
}

/// How many users each of the organizations has, in no order; counting stops beyond [`COUNT_LIMIT`].
pub async fn count_users(
    connection: &mut Connection<'_>,
    ids: &[&str],
) -> Result<Vec<(String, i64)>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Builder::new(
        "SELECT o.id, (SELECT count(*) FROM (SELECT 1 FROM users u WHERE u.organization_id = o.id LIMIT ",
    );
    statement
        .bind(COUNT_LIMIT + 1)
        .push(") counted) AS users FROM organizations o WHERE 1 = 1");
    push_list(&mut statement, " AND o.id IN (", ids.iter().copied());
    connection.fetch_all(statement.finish()).await
}

/// How many users have each of these roles, in the roles' order; counting stops beyond [`COUNT_LIMIT`].
pub async fn count_by_role(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<Vec<(String, String, i64)>, StoreError> {
    let mut statement = Builder::new(
        "SELECT r.id, r.display_name, (SELECT count(*) FROM (SELECT 1 FROM users u \
         WHERE u.organization_id = r.organization_id AND u.role_id = r.id LIMIT ",
    );
    statement
        .bind(COUNT_LIMIT + 1)
        .push(") counted) AS users FROM roles r WHERE r.organization_id = ");
    statement
        .bind(organization_id)
        .push(" ORDER BY r.position, r.id LIMIT 12");
    connection.fetch_all(statement.finish()).await
}

/// Whether anybody of the organization has an account.
pub async fn has_accounts(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<bool, StoreError> {
    let counted = connection
        .fetch_count(
            sql(
                "SELECT count(*) FROM (SELECT 1 FROM accounts WHERE organization_id = $1 LIMIT 1) found",
            )
            .bind(organization_id),
        )
        .await?;
    Ok(counted > 0)
}
