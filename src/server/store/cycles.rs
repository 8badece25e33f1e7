//! `cycles`: runs of an organization's requests, counted from its log.
//!
//! A request learns its cycle while it is logged; what a cycle came to is counted here, afterwards and from the log
//! itself. So it costs Entra nothing, two replicas cannot count twice, and a crash leaves nothing to put right.

use sqlx::FromRow;

use super::Tx;
use super::provisioning_logs::CYCLE_GAP;
use super::sql::{Arg, Builder, Connection, sql};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// Organizations that are counted in one question.
pub const CHUNK: usize = 100;
/// Rows of one insert: 11 values each, below both databases' limits.
const ROWS: usize = 200;

/// A cycle as it was last counted.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Cycle {
    pub organization_id: String,
    pub id: String,
    pub started_at: Millis,
    pub last_at: Millis,
    pub requests: i64,
    /// Requests with a token of the organization, valid or not: Entra's.
    pub calls: i64,
    pub changes: i64,
    /// Of calls that were not refused for their token.
    pub failures: i64,
    /// Distinct ones that were asked about.
    pub users: i64,
    /// The first one with changes.
    pub is_initial: bool,
    pub counted_at: Millis,
}

/// When an organization was last heard of, and what its latest cycle was when it was last counted.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Known {
    pub organization_id: String,
    pub last_at: Millis,
    pub started_at: Option<Millis>,
    pub counted_at: Option<Millis>,
    pub requests: Option<i64>,
}

/// All organizations that have a log.
pub async fn known(connection: &mut Connection<'_>) -> Result<Vec<Known>, StoreError> {
    connection
        .fetch_all(sql(
            "SELECT heard.organization_id, heard.last_at, c.started_at, c.counted_at, c.requests FROM \
             (SELECT o.id AS organization_id, (SELECT max(l.occurred_at) FROM provisioning_logs l \
             WHERE l.organization_id = o.id) AS last_at FROM organizations o) heard \
             LEFT JOIN cycles c ON c.organization_id = heard.organization_id AND c.started_at = \
             (SELECT max(s.started_at) FROM cycles s WHERE s.organization_id = heard.organization_id) \
             WHERE heard.last_at IS NOT NULL",
        ))
        .await
}

/// Counts the cycles of each of these organizations (at most [`CHUNK`]) that began at that time or later.
pub async fn count(
    connection: &mut Connection<'_>,
    since: &[(&str, Millis)],
    now: Millis,
) -> Result<Vec<Cycle>, StoreError> {
    if since.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Builder::new("WITH due (id, since) AS (VALUES ");
    statement.push_rows(since.iter().map(|(id, since)| {
        // Requests that came a little late to the log may be earlier than the one that began the cycle.
        vec![Arg::from(*id), Arg::from(since - CYCLE_GAP)]
    }));
    statement.push(
        ") SELECT g.organization_id, g.id, g.started_at, g.last_at, g.requests, g.calls, g.changes, g.failures, \
         g.users, (g.changes > 0 \
         AND NOT EXISTS (SELECT 1 FROM cycles i WHERE i.organization_id = g.organization_id AND i.is_initial \
         AND i.id <> g.id) \
         AND NOT EXISTS (SELECT 1 FROM provisioning_logs e WHERE e.organization_id = g.organization_id \
         AND e.occurred_at < g.started_at AND (NOT e.is_lookup OR e.status = 'failure') AND NOT e.is_lookup \
         AND e.status IN ('success', 'warning'))) AS is_initial, ",
    );
    statement.bind(now).push(
        " AS counted_at FROM (SELECT l.organization_id, l.cycle_id AS id, min(l.occurred_at) AS started_at, \
         max(l.occurred_at) AS last_at, count(*) AS requests, count(l.token_id) AS calls, \
         count(CASE WHEN NOT l.is_lookup AND l.status IN ('success', 'warning') THEN 1 END) AS changes, \
         count(CASE WHEN l.status = 'failure' AND l.http_status <> 401 AND l.token_id IS NOT NULL THEN 1 END) \
         AS failures, \
         count(DISTINCT CASE WHEN l.http_status <> 401 THEN \
         COALESCE(l.user_id, CASE WHEN l.action = 'create' THEN l.user_name_key END) END) AS users \
         FROM due CROSS JOIN provisioning_logs l \
         WHERE l.organization_id = due.id AND l.occurred_at > due.since GROUP BY l.organization_id, l.cycle_id) g",
    );
    connection.fetch_all(statement.finish()).await
}

/// Keeps what was counted. A cycle only grows, so that a count that comes late changes nothing.
pub async fn keep(tx: &mut Tx<'_>, cycles: &[Cycle]) -> Result<(), StoreError> {
    for cycles in cycles.chunks(ROWS) {
        let mut statement = Builder::new(
            "INSERT INTO cycles (organization_id, id, started_at, last_at, requests, calls, changes, failures, users, \
             is_initial, counted_at) VALUES ",
        );
        statement.push_rows(cycles.iter().map(|cycle| {
            vec![
                Arg::from(&cycle.organization_id),
                Arg::from(&cycle.id),
                Arg::from(cycle.started_at),
                Arg::from(cycle.last_at),
                Arg::from(cycle.requests),
                Arg::from(cycle.calls),
                Arg::from(cycle.changes),
                Arg::from(cycle.failures),
                Arg::from(cycle.users),
                Arg::from(cycle.is_initial),
                Arg::from(cycle.counted_at),
            ]
        }));
        statement.push(
            " ON CONFLICT (organization_id, id) DO UPDATE SET started_at = excluded.started_at, \
             last_at = excluded.last_at, requests = excluded.requests, calls = excluded.calls, \
             changes = excluded.changes, failures = excluded.failures, users = excluded.users, \
             is_initial = excluded.is_initial, counted_at = excluded.counted_at \
             WHERE excluded.requests >= cycles.requests",
        );
        tx.execute(statement.finish()).await?;
    }
    Ok(())
}

/// The latest cycles of Entra, newest first.
pub async fn latest(
    connection: &mut Connection<'_>,
    organization_id: &str,
    limit: i64,
) -> Result<Vec<Cycle>, StoreError> {
    connection
        .fetch_all(
            sql(
                "SELECT organization_id, id, started_at, last_at, requests, calls, changes, failures, users, \
                 is_initial, counted_at FROM cycles WHERE organization_id = $1 AND calls > 0 \
                 ORDER BY started_at DESC LIMIT $2",
            )
            .bind(organization_id)
            .bind(limit),
        )
        .await
}

/// When the cycles of Entra began in each of these organizations since then, newest first.
pub async fn starts(
    connection: &mut Connection<'_>,
    organization_ids: &[&str],
    since: Millis,
) -> Result<Vec<(String, Millis)>, StoreError> {
    if organization_ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Builder::new(
        "SELECT organization_id, started_at FROM cycles WHERE calls > 0 AND started_at > ",
    );
    statement.bind(since);
    super::keyset::push_list(
        &mut statement,
        " AND organization_id IN (",
        organization_ids.iter().copied(),
    );
    statement.push(" ORDER BY organization_id, started_at DESC");
    connection.fetch_all(statement.finish()).await
}

/// The failures and changes of every cycle since then that had many failures, of all organizations.
pub async fn failing(
    connection: &mut Connection<'_>,
    since: Millis,
) -> Result<Vec<(String, i64, i64)>, StoreError> {
    connection
        .fetch_all(
            sql(
                "SELECT organization_id, failures, changes FROM cycles WHERE failures >= 2500 AND last_at > $1 \
                 ORDER BY organization_id, failures",
            )
            .bind(since),
        )
        .await
}
