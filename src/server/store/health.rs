//! What is known of how organizations are provisioned, each figure by the beginning or the end of an index.

use sqlx::FromRow;

use super::Tx;
use super::keyset::{COUNT_LIMIT, push_list};
use super::sql::{Arg, Builder, Connection, sql};
use crate::model::organization::ProvisioningState;
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
    #[sqlx(try_from = "String")]
    pub state: ProvisioningState,
    pub state_changed_at: Millis,
    pub health_order: i64,
    pub expected_users: Option<i64>,
    /// Where the organization has set it.
    pub silence_minutes: Option<i64>,
    pub tokens: i64,
    pub valid_tokens: i64,
    /// Written at most once a minute.
    pub last_used_at: Option<Millis>,
    pub last_contact_at: Option<Millis>,
    /// The latest request for an address that does not exist.
    pub lost_at: Option<Millis>,
    /// Requests that failed, of the hours that were asked for.
    pub failures: i64,
    /// Of requests that got past their token.
    pub open_issues: i64,
    /// Whom those are about, up to the limit that was asked for and one more.
    pub affected_users: i64,
    /// The valid token that was used last, or else lives longest; where none is valid, the one that expired last.
    pub token_id: Option<String>,
    pub token_name: Option<String>,
    pub token_created_at: Option<Millis>,
    pub token_expires_at: Option<Millis>,
    pub token_successor_id: Option<String>,
    /// Users whom the guard holds until somebody decides, up to the limit that was asked for and one more.
    pub held: i64,
    pub held_since: Option<Millis>,
    /// When the last but two of Entra's cycles began.
    pub third_cycle_at: Option<Millis>,
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

/// Which figures are read.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'i> {
    /// Of these organizations; `None` for all.
    pub ids: Option<&'i [&'i str]>,
    /// Failures from this hour on.
    pub failures_since: Millis,
    /// Where counting affected users stops.
    pub users: i64,
    /// Where counting held users stops.
    pub held: i64,
}

/// The figures of organizations, in no order, each by the beginning or the end of an index.
pub async fn list(
    connection: &mut Connection<'_>,
    wanted: Wanted<'_>,
    now: Millis,
) -> Result<Vec<Figures>, StoreError> {
    if wanted.ids.is_some_and(<[&str]>::is_empty) {
        return Ok(Vec::new());
    }
    let mut statement = Builder::new(
        "SELECT o.id, o.slug, o.name, o.state, o.state_changed_at, o.health_order, o.expected_users, \
         (SELECT n.silence_minutes FROM notification_settings n WHERE n.organization_id = o.id) AS silence_minutes, \
         (SELECT count(*) FROM tokens t WHERE t.organization_id = o.id) AS tokens, \
         (SELECT count(*) FROM tokens t WHERE t.organization_id = o.id AND t.revoked_at IS NULL \
          AND t.expires_at > ",
    );
    statement.bind(now).push(
        ") AS valid_tokens, \
         (SELECT max(t.last_used_at) FROM tokens t WHERE t.organization_id = o.id) AS last_used_at, \
         (SELECT max(l.occurred_at) FROM provisioning_logs l WHERE l.organization_id = o.id) AS last_contact_at, \
         k.id AS token_id, k.name AS token_name, k.created_at AS token_created_at, \
         k.expires_at AS token_expires_at, k.successor_id AS token_successor_id, \
         (SELECT CAST(COALESCE(sum(h.entries + h.unrecorded), 0) AS BIGINT) FROM provisioning_log_hours h \
          WHERE h.organization_id = o.id AND h.status = 'failure' AND h.hour >= ",
    );
    statement.bind(wanted.failures_since).push(
        ") AS failures, (SELECT count(*) FROM issues i WHERE i.organization_id = o.id AND i.is_open \
         AND NOT i.is_remark",
    );
    push_not_connection(&mut statement);
    statement.push(
        ") AS open_issues, (SELECT count(DISTINCT c.user_key) FROM (SELECT u.user_key FROM issues i \
         JOIN issue_users u ON u.issue_id = i.id WHERE i.organization_id = o.id AND i.is_open \
         AND NOT i.is_remark AND u.is_counted",
    );
    statement.push(" LIMIT ").bind(wanted.users + 1);
    statement.push(
        ") c) AS affected_users, (SELECT count(*) FROM (SELECT 1 FROM guard_holds g \
         WHERE g.organization_id = o.id AND g.decision = 'waiting' LIMIT ",
    );
    statement.bind(wanted.held + 1).push(
        ") c) AS held, (SELECT min(g.first_held_at) FROM guard_holds g \
         WHERE g.organization_id = o.id AND g.decision = 'waiting') AS held_since",
    );
    statement.push(
        ", (SELECT c.started_at FROM cycles c WHERE c.organization_id = o.id AND c.calls > 0 \
         ORDER BY c.started_at DESC LIMIT 1 OFFSET 2) AS third_cycle_at",
    );
    let reasons = REFUSALS.into_iter().zip([
        ") AS missing_at",
        ") AS malformed_at",
        ") AS unknown_at",
        ") AS expired_at",
        ") AS revoked_at",
        ") AS foreign_at",
    ]);
    for (reason, column) in reasons.chain([(Reason::EndpointNotFound, ") AS lost_at")]) {
        statement
            .push(
                ", (SELECT max(l.occurred_at) FROM provisioning_logs l WHERE l.organization_id = o.id \
                 AND l.reason = ",
            )
            .bind(reason.code())
            .push(column);
    }
    statement.push(
        " FROM organizations o LEFT JOIN tokens k ON k.id = (SELECT t.id FROM tokens t \
         WHERE t.organization_id = o.id AND t.revoked_at IS NULL ORDER BY CASE WHEN t.expires_at > ",
    );
    statement.bind(now).push(
        " THEN COALESCE(t.last_used_at, 0) ELSE -1 END DESC, t.expires_at DESC, t.id LIMIT 1)",
    );
    if let Some(ids) = wanted.ids {
        push_list(&mut statement, " WHERE o.id IN (", ids.iter().copied());
    }
    connection.fetch_all(statement.finish()).await
}

/// Callers that are refused are no issue of anybody's users, and may be strangers.
fn push_not_connection(statement: &mut Builder) {
    push_list(
        statement,
        " AND i.reason NOT IN (",
        Reason::CONNECTION.iter().map(|reason| reason.code()),
    );
}

/// A refusal that is asked about.
#[derive(Debug, Clone)]
pub struct Asked<'i> {
    pub organization_id: &'i str,
    /// When a token was last used, which is noted at most once a minute.
    pub last_used_at: Option<Millis>,
    /// The latest refusal.
    pub at: Millis,
    pub reason: Reason,
}

/// What is known of a refusal.
#[derive(Debug, Clone, FromRow)]
pub struct Refused {
    pub organization_id: String,
    /// The last request that was accepted.
    pub accepted_at: Option<Millis>,
    /// The first one that was refused after it.
    pub since: Option<Millis>,
    /// The name of the token in the latest one that was refused, if it is one of ours.
    pub token: Option<String>,
}

/// Organizations that are asked about in one question.
const REFUSED: usize = 200;
/// Organizations that are changed in one statement.
const ORDERED: usize = 500;

/// Since when requests have been refused, and which token was in them.
pub async fn refusals(
    connection: &mut Connection<'_>,
    asked: &[Asked<'_>],
) -> Result<Vec<Refused>, StoreError> {
    let mut found = Vec::with_capacity(asked.len());
    for asked in asked.chunks(REFUSED) {
        let mut statement =
            Builder::new("WITH asked (id, used_at, refused_at, reason) AS (VALUES ");
        statement.push_rows(asked.iter().map(|asked| {
            vec![
                Arg::from(asked.organization_id),
                Arg::from(asked.last_used_at),
                Arg::from(asked.at),
                Arg::from(asked.reason.code()),
            ]
        }));
        statement.push(
            ") SELECT a.id AS organization_id, a.accepted_at, \
             (SELECT t.name FROM provisioning_logs l JOIN tokens t ON t.id = l.token_id \
             WHERE l.organization_id = a.id AND l.reason = a.reason AND l.occurred_at = a.refused_at LIMIT 1) AS token, \
             (SELECT min(f.at) FROM (",
        );
        for (index, reason) in REFUSALS.into_iter().enumerate() {
            if index > 0 {
                statement.push(" UNION ALL ");
            }
            statement
                .push(
                    "SELECT min(l.occurred_at) AS at FROM provisioning_logs l WHERE l.organization_id = a.id \
                     AND l.occurred_at > COALESCE(a.accepted_at, 0) AND l.reason = ",
                )
                .bind(reason.code());
        }
        statement.push(
            ") f) AS since FROM (SELECT q.id, q.refused_at, q.reason, COALESCE((SELECT l.occurred_at \
             FROM provisioning_logs l WHERE l.organization_id = q.id AND l.occurred_at > q.used_at \
             AND l.occurred_at <= q.used_at + ",
        );
        statement.bind(MINUTE + SECOND).push(
            " AND l.http_status <> 401 AND l.token_id IS NOT NULL ORDER BY l.occurred_at DESC, l.id DESC LIMIT 1), \
             q.used_at) AS accepted_at FROM asked q) a",
        );
        found.extend(connection.fetch_all::<Refused>(statement.finish()).await?);
    }
    Ok(found)
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
        .push(") counted) AS users FROM organizations o");
    push_list(&mut statement, " WHERE o.id IN (", ids.iter().copied());
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

/// Stores how much organizations need help.
pub async fn set_order(tx: &mut Tx<'_>, order: u8, ids: &[String]) -> Result<(), StoreError> {
    for ids in ids.chunks(ORDERED) {
        let mut statement = Builder::new("UPDATE organizations SET health_order = ");
        statement.bind(i64::from(order));
        push_list(
            &mut statement,
            " WHERE id IN (",
            ids.iter().map(String::as_str),
        );
        tx.execute(statement.finish()).await?;
    }
    Ok(())
}
