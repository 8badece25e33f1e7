//! What the log's pages show beside the list: changes, cycles, whole entries with their payloads, hours.

use sqlx::FromRow;

use super::keyset::{COUNT_LIMIT, Order, push_list, push_page};
use super::log_search::{self, COLUMNS, Entry, SHOWN};
use super::sql::{Builder, Connection, sql};
use crate::server::clock::{MINUTE, Millis};
use crate::server::error::StoreError;

/// A column of changes as lists read it: a user may be as large as a request, and a page of such changes would fill the
/// memory. Neither database reads a text to tell its length.
macro_rules! listed {
    ($column:literal) => {
        concat!(
            "CASE WHEN octet_length(",
            $column,
            ") <= 16384 THEN ",
            $column,
            " END AS ",
            $column
        )
    };
}

pub(super) const LISTED_CHANGES: &str = listed!("changes");

/// What one request changed, by the entry's id.
#[derive(Debug, Clone, FromRow)]
pub struct EntryChange {
    pub log_id: String,
    /// `None` where they are too large for a list.
    pub changes: Option<String>,
}

/// The changes of these entries, as lists show them.
pub async fn changes(
    connection: &mut Connection<'_>,
    organization_id: &str,
    log_ids: &[&str],
) -> Result<Vec<EntryChange>, StoreError> {
    if log_ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Builder::new("SELECT log_id, ");
    statement
        .push(LISTED_CHANGES)
        .push(" FROM user_changes WHERE ");
    push_list(&mut statement, "log_id IN (", log_ids.iter().copied());
    // The entry's id finds it; the organization is only tested.
    statement.push(" AND (organization_id || '') = ");
    statement.bind(organization_id).push(" ORDER BY log_id, id");
    connection.fetch_all(statement.finish()).await
}

/// All changes of one entry, however large.
pub async fn whole_changes(
    connection: &mut Connection<'_>,
    organization_id: &str,
    log_id: &str,
) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = connection
        .fetch_all(
            sql("SELECT changes FROM user_changes \
                 WHERE log_id = $1 AND (organization_id || '') = $2 ORDER BY id")
            .bind(log_id)
            .bind(organization_id),
        )
        .await?;
    Ok(rows.into_iter().map(|(changes,)| changes).collect())
}

/// Requests of a cycle that is not counted for each page that shows it.
const LONG_CYCLE: i64 = 1_000;

/// One cycle, from the entries that lists show, or as it was counted when it had ended.
#[derive(Debug, Clone, FromRow)]
pub struct Cycle {
    pub cycle_id: String,
    pub started_at: Millis,
    pub ended_at: Millis,
    /// Entries that the counts below are of: the latest of the cycle, up to [`COUNT_LIMIT`] and one. None where the
    /// whole cycle was counted before.
    pub looked_at: i64,
    pub changes: i64,
    pub failures: i64,
}

/// The cycles with these ids, newest first.
pub async fn cycles(
    connection: &mut Connection<'_>,
    organization_id: &str,
    cycle_ids: &[&str],
) -> Result<Vec<Cycle>, StoreError> {
    let mut cycles = counted_cycles(connection, organization_id, cycle_ids).await?;
    let uncounted: Vec<&str> = cycle_ids
        .iter()
        .copied()
        .filter(|id| !cycles.iter().any(|cycle| cycle.cycle_id == *id))
        .collect();
    cycles.extend(uncounted_cycles(connection, organization_id, &uncounted).await?);
    cycles.sort_by_key(|cycle| std::cmp::Reverse(cycle.started_at));
    Ok(cycles)
}

/// Those of these cycles that are long, and were counted when they had ended: a minute later nothing comes to the log
/// any more. What was refused for its token is no failure of theirs, so that one of nothing else is not among them.
async fn counted_cycles(
    connection: &mut Connection<'_>,
    organization_id: &str,
    cycle_ids: &[&str],
) -> Result<Vec<Cycle>, StoreError> {
    if cycle_ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Builder::new(
        "SELECT id AS cycle_id, started_at, last_at AS ended_at, CAST(0 AS BIGINT) AS looked_at, changes, failures \
         FROM cycles WHERE (changes > 0 OR failures > 0) AND requests >= ",
    );
    statement.bind(LONG_CYCLE);
    statement.push(" AND counted_at > last_at + ").bind(MINUTE);
    statement
        .push(" AND organization_id = ")
        .bind(organization_id);
    push_list(&mut statement, " AND id IN (", cycle_ids.iter().copied());
    connection.fetch_all(statement.finish()).await
}

async fn uncounted_cycles(
    connection: &mut Connection<'_>,
    organization_id: &str,
    cycle_ids: &[&str],
) -> Result<Vec<Cycle>, StoreError> {
    if cycle_ids.is_empty() {
        return Ok(Vec::new());
    }
    // One after the other: an initial cycle may have a million entries, which no page can wait for.
    let mut statement = Builder::new("");
    for (index, cycle_id) in cycle_ids.iter().enumerate() {
        statement.push(if index == 0 { "" } else { " UNION ALL " });
        statement.push(
            "SELECT max(c.cycle_id) AS cycle_id, max(c.occurred_at) AS ended_at, count(*) AS looked_at, \
             count(CASE WHEN c.status IN ('success', 'warning') THEN 1 END) AS changes, \
             count(CASE WHEN c.status = 'failure' THEN 1 END) AS failures, \
             (SELECT l.occurred_at FROM provisioning_logs l WHERE l.organization_id = ",
        );
        statement.bind(organization_id).push(SHOWN);
        statement.push(" AND l.cycle_id = ").bind(*cycle_id);
        statement.push(
            " ORDER BY l.occurred_at LIMIT 1) AS started_at \
             FROM (SELECT l.cycle_id, l.occurred_at, l.status FROM provisioning_logs l WHERE l.organization_id = ",
        );
        statement.bind(organization_id).push(SHOWN);
        statement.push(" AND l.cycle_id = ").bind(*cycle_id);
        statement.push(" ORDER BY l.occurred_at DESC LIMIT ");
        statement
            .bind(COUNT_LIMIT + 1)
            .push(") c HAVING count(*) > 0");
    }
    let mut cycles: Vec<Cycle> = connection.fetch_all(statement.finish()).await?;
    // A cycle is named after its first request, which is mostly a lookup.
    let mut statement = Builder::new("SELECT id, occurred_at FROM provisioning_logs WHERE ");
    push_list(&mut statement, "id IN (", cycle_ids.iter().copied());
    statement
        .push(" AND (organization_id || '') = ")
        .bind(organization_id);
    let starts: Vec<(String, Millis)> = connection.fetch_all(statement.finish()).await?;
    for (id, started_at) in starts {
        match cycles.iter_mut().find(|cycle| cycle.cycle_id == id) {
            Some(cycle) => cycle.started_at = cycle.started_at.min(started_at),
            None => cycles.push(Cycle {
                cycle_id: id,
                started_at,
                ended_at: started_at,
                looked_at: 0,
                changes: 0,
                failures: 0,
            }),
        }
    }
    Ok(cycles)
}

/// All of one entry but its payload.
#[derive(Debug, Clone, FromRow)]
pub struct FullEntry {
    #[sqlx(flatten)]
    pub entry: Entry,
    pub method: String,
    pub scim_type: Option<String>,
    pub attribute: Option<String>,
    pub external_id: Option<String>,
    pub token_name: Option<String>,
    pub address: String,
    pub user_agent: Option<String>,
    pub client_version: Option<String>,
    pub steps: String,
    pub remarks: Option<String>,
}

/// The entry with this id in this organization.
pub async fn find(
    connection: &mut Connection<'_>,
    organization_id: &str,
    id: &str,
) -> Result<Option<FullEntry>, StoreError> {
    const FIND: &str = concat!(
        "SELECT ",
        log_search::columns!(),
        ", l.method, l.scim_type, l.attribute, l.external_id, t.name AS token_name, l.address, l.user_agent, \
         l.client_version, l.steps, l.remarks FROM provisioning_logs l \
         LEFT JOIN tokens t ON t.id = l.token_id AND t.organization_id = l.organization_id \
         WHERE l.organization_id = $1 AND l.id = $2"
    );
    connection
        .fetch_optional(sql(FIND).bind(organization_id).bind(id))
        .await
}

/// What was sent and answered, as stored.
#[derive(Debug, Clone, FromRow)]
pub struct StoredPayload {
    pub query: Option<String>,
    pub request_headers: String,
    pub request_body: Option<String>,
    pub response_body: Option<String>,
    pub is_cut: bool,
    /// The request is kept as it came.
    pub is_whole: bool,
}

/// The payload of one entry, while it is kept.
pub async fn find_payload(
    connection: &mut Connection<'_>,
    organization_id: &str,
    log_id: &str,
) -> Result<Option<StoredPayload>, StoreError> {
    connection
        .fetch_optional(
            sql(
                "SELECT query, request_headers, request_body, response_body, is_cut, is_whole \
                 FROM provisioning_log_payloads WHERE log_id = $1 AND organization_id = $2",
            )
            .bind(log_id)
            .bind(organization_id),
        )
        .await
}

/// Query and headers of one entry, while its payload is kept: what stands before the bodies, which are not read.
pub async fn find_payload_head(
    connection: &mut Connection<'_>,
    organization_id: &str,
    log_id: &str,
) -> Result<Option<(Option<String>, String)>, StoreError> {
    connection
        .fetch_optional(
            sql(
                "SELECT query, request_headers FROM provisioning_log_payloads \
                 WHERE log_id = $1 AND organization_id = $2",
            )
            .bind(log_id)
            .bind(organization_id),
        )
        .await
}

/// The changes that were refused, as stored with the payload.
pub async fn find_refused_changes(
    connection: &mut Connection<'_>,
    organization_id: &str,
    log_id: &str,
) -> Result<Option<String>, StoreError> {
    let row: Option<(Option<String>,)> = connection
        .fetch_optional(
            sql("SELECT refused_changes FROM provisioning_log_payloads \
                 WHERE log_id = $1 AND organization_id = $2")
            .bind(log_id)
            .bind(organization_id),
        )
        .await?;
    Ok(row.and_then(|(refused,)| refused))
}

/// As [`find_refused_changes`], unless they are too large for a list.
pub async fn find_listed_refused_changes(
    connection: &mut Connection<'_>,
    organization_id: &str,
    log_id: &str,
) -> Result<Option<String>, StoreError> {
    const LISTED: &str = concat!(
        "SELECT ",
        listed!("refused_changes"),
        " FROM provisioning_log_payloads WHERE log_id = $1 AND organization_id = $2"
    );
    let row: Option<(Option<String>,)> = connection
        .fetch_optional(sql(LISTED).bind(log_id).bind(organization_id))
        .await?;
    Ok(row.and_then(|(refused,)| refused))
}

/// The id of the entry next to `entry` about the same user, or the same userName where there is no user.
pub async fn find_neighbour(
    connection: &mut Connection<'_>,
    organization_id: &str,
    entry: &Entry,
    user_name_key: Option<&str>,
    newer: bool,
) -> Result<Option<String>, StoreError> {
    let mut statement =
        Builder::new("SELECT l.id FROM provisioning_logs l WHERE l.organization_id = ");
    statement.bind(organization_id).push(SHOWN);
    match (&entry.user_id, user_name_key) {
        (Some(user_id), _) => statement.push(" AND l.user_id = ").bind(user_id),
        (None, Some(key)) => statement.push(" AND l.user_name_key = ").bind(key),
        (None, None) => return Ok(None),
    };
    let columns = ("l.occurred_at", "l.id");
    let order = Order::LatestFirst;
    let place = entry.cursor();
    push_page(&mut statement, columns, order, Some(&place), newer, 1);
    let row: Option<(String,)> = connection.fetch_optional(statement.finish()).await?;
    Ok(row.map(|(id,)| id))
}

/// The latest entries about a user, newest first.
pub async fn latest_for_user(
    connection: &mut Connection<'_>,
    organization_id: &str,
    user_id: &str,
    limit: i64,
) -> Result<Vec<Entry>, StoreError> {
    let mut statement = Builder::new(COLUMNS);
    statement.push("l.organization_id = ").bind(organization_id);
    statement
        .push(SHOWN)
        .push(" AND l.user_id = ")
        .bind(user_id);
    statement
        .push(" ORDER BY l.occurred_at DESC, l.id DESC LIMIT ")
        .bind(limit);
    connection.fetch_all(statement.finish()).await
}

/// The ids of the latest entries about a user from `since` on, newest first; refused creates of the same userName are
/// among them.
pub async fn ids_of_user(
    connection: &mut Connection<'_>,
    organization_id: &str,
    user_id: &str,
    user_name_key: &str,
    since: Millis,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let mut found: Vec<(Millis, String)> = Vec::new();
    for (test, key) in [
        (" AND l.user_id = ", user_id),
        (
            " AND l.user_id IS NULL AND l.user_name_key = ",
            user_name_key,
        ),
    ] {
        let mut statement = Builder::new(
            "SELECT l.occurred_at, l.id FROM provisioning_logs l WHERE l.organization_id = ",
        );
        statement.bind(organization_id).push(SHOWN);
        statement.push(test).bind(key);
        statement.push(" AND l.occurred_at >= ").bind(since);
        statement
            .push(" ORDER BY l.occurred_at DESC, l.id DESC LIMIT ")
            .bind(limit);
        found.extend(
            connection
                .fetch_all::<(Millis, String)>(statement.finish())
                .await?,
        );
    }
    found.sort_by(|a, b| b.cmp(a));
    found.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(found.into_iter().map(|(_, id)| id).collect())
}

/// Entries of one hour that are alike.
#[derive(Debug, Clone, FromRow)]
pub struct Hour {
    pub hour: Millis,
    pub action: String,
    pub status: String,
    pub entries: i64,
    pub unrecorded: i64,
    pub duration_us: i64,
}

/// The hourly counts from `from` until before `to`, oldest first.
pub async fn hours(
    connection: &mut Connection<'_>,
    organization_id: &str,
    from: Millis,
    to: Millis,
) -> Result<Vec<Hour>, StoreError> {
    connection
        .fetch_all(
            sql(
                "SELECT hour, action, status, CAST(sum(entries) AS BIGINT) AS entries, \
                 CAST(sum(unrecorded) AS BIGINT) AS unrecorded, \
                 CAST(sum(duration_us) AS BIGINT) AS duration_us FROM provisioning_log_hours \
                 WHERE organization_id = $1 AND hour >= $2 AND hour < $3 \
                 GROUP BY hour, action, status ORDER BY hour, action, status",
            )
            .bind(organization_id)
            .bind(from)
            .bind(to),
        )
        .await
}
