//! The logs page's questions to `provisioning_logs`, its payloads, its changes and its hours.
//!
//! Every search walks an index in the order of time and tests the rest row by row, for at most [`WINDOW`]
//! entries: then it says how far it got. Only a text that few entries match is looked up first.

use sqlx::FromRow;

use super::keyset::{COUNT_LIMIT, FETCH, TimeCursor, prefix_range};
use super::sql::{Builder, Connection, sql};
use super::user_directory::push_text_candidates;
use crate::model::log::{Action, LogFilter, Status};
use crate::server::clock::Millis;
use crate::server::error::StoreError;

/// Entries that one search reads before it stops.
pub const WINDOW: i64 = 50_000;

/// Entries or users that a text may match to be looked up rather than searched for.
const FEW: i64 = 2_000;

/// What lists show unless lookups are asked for; the partial indexes have exactly these words.
const SHOWN: &str = " AND (NOT l.is_lookup OR l.status = 'failure')";

const COLUMNS: &str = "SELECT l.id, l.occurred_at, l.cycle_id, l.action, l.status, l.http_status, l.reason, \
     l.detail, l.user_id, l.user_name, l.label, l.path, l.token_prefix, l.duration_us \
     FROM provisioning_logs l WHERE ";

/// What the log is asked for, in the terms of the tables.
#[derive(Debug, Clone)]
pub struct Search<'a> {
    pub organization_id: &'a str,
    pub filter: &'a LogFilter,
    /// The text as typed, and its normalized twin.
    pub text: &'a str,
    pub text_key: String,
    pub since: Option<Millis>,
    /// The text is looked up; see [`find_text`].
    pub text_is_narrow: bool,
}

/// An entry as listed.
#[derive(Debug, Clone, FromRow)]
pub struct Entry {
    pub id: String,
    pub occurred_at: Millis,
    pub cycle_id: String,
    pub action: String,
    pub status: String,
    pub http_status: i64,
    pub reason: Option<String>,
    pub detail: Option<String>,
    pub user_id: Option<String>,
    pub user_name: Option<String>,
    pub label: Option<String>,
    pub path: String,
    pub token_prefix: Option<String>,
    pub duration_us: i64,
}

impl Entry {
    /// Where it stands in the log.
    pub fn cursor(&self) -> TimeCursor {
        TimeCursor {
            at: self.occurred_at,
            id: self.id.clone(),
        }
    }
}

/// What a search found.
#[derive(Debug, Clone)]
pub struct Found {
    /// At most [`FETCH`], in the direction of reading.
    pub entries: Vec<Entry>,
    /// The last entry that was looked at, where the search stopped before its end.
    pub stopped_at: Option<TimeCursor>,
}

impl Search<'_> {
    /// Lookups are shown when asked for, by the switch or by naming one.
    fn shows_lookups(&self) -> bool {
        self.filter.lookups || self.filter.actions.iter().any(|action| action.is_lookup())
    }

    /// The one status that has an index.
    fn rare_status(&self) -> Option<Status> {
        match self.filter.statuses[..] {
            [status] if status != Status::Success => Some(status),
            _ => None,
        }
    }

    /// Whether some condition is tested row by row, so that reading must be bounded.
    fn is_bounded(&self) -> bool {
        let filter = self.filter;
        let conditions = [
            !self.text.is_empty(),
            filter.user_id.is_some(),
            filter.cycle_id.is_some(),
            filter.reason.is_some(),
            !filter.statuses.is_empty(),
            !filter.actions.is_empty(),
            filter.token_prefix.is_some(),
        ];
        let conditions = conditions.iter().filter(|is_set| **is_set).count();
        if self.text_is_narrow {
            return false;
        }
        // One condition with an index of its own answers alone, as long as lookups are not asked for.
        let has_index = match self.shows_lookups() {
            true => filter.reason.is_some() || self.rare_status().is_some(),
            false => {
                filter.user_id.is_some()
                    || filter.cycle_id.is_some()
                    || filter.reason.is_some()
                    || self.rare_status().is_some()
            }
        };
        conditions > usize::from(has_index)
    }

    /// The part that an index answers: organization, time, and the first of user, cycle, reason and status.
    /// Answers the place of the others in [`Self::push_tests`].
    fn push_walk(&self, statement: &mut Builder) {
        statement.push("l.organization_id = ");
        statement.bind(self.organization_id);
        if !self.shows_lookups() {
            statement.push(SHOWN);
        }
        if let Some(since) = self.since {
            statement.push(" AND l.occurred_at >= ").bind(since);
        }
        let filter = self.filter;
        match (self.shows_lookups(), &filter.user_id, &filter.cycle_id) {
            (false, Some(user_id), _) => {
                statement.push(" AND l.user_id = ").bind(user_id);
            }
            (false, None, Some(cycle_id)) => {
                statement.push(" AND l.cycle_id = ").bind(cycle_id);
            }
            _ => {
                if let Some(reason) = &filter.reason {
                    statement.push(" AND l.reason = ").bind(reason);
                } else if let Some(status) = self.rare_status() {
                    statement.push(" AND l.status <> 'success' AND l.status = ");
                    statement.bind(status.as_str());
                }
            }
        }
    }

    /// All other conditions. Those that the walk has already are tested again, which changes nothing; the
    /// expressions keep the databases from leaving the order of time for an index of their choice.
    fn push_tests(&self, statement: &mut Builder) {
        let filter = self.filter;
        for (test, value) in [
            (" AND (l.user_id || '') = ", &filter.user_id),
            (" AND (l.cycle_id || '') = ", &filter.cycle_id),
            (" AND (l.reason || '') = ", &filter.reason),
            (" AND l.token_prefix = ", &filter.token_prefix),
        ] {
            if let Some(value) = value {
                statement.push(test).bind(value);
            }
        }
        let actions = filter.actions.iter().map(|action: &Action| action.as_str());
        push_in(statement, " AND l.action IN (", actions);
        let statuses = filter.statuses.iter().map(|status| status.as_str());
        push_in(statement, " AND (l.status || '') IN (", statuses);
        if self.text.is_empty() {
            return;
        }
        if self.text_is_narrow {
            statement.push(" AND l.id IN (");
            self.push_text_candidates(statement);
            statement.push(")");
            return;
        }
        let (low, high) = prefix_range(&self.text_key);
        statement
            .push(" AND (((l.user_name_key || '') >= ")
            .bind(&low);
        statement
            .push(" AND (l.user_name_key || '') < ")
            .bind(&high);
        statement.push(") OR ((l.label_key || '') >= ").bind(&low);
        statement.push(" AND (l.label_key || '') < ").bind(&high);
        for other in [
            ") OR (l.id || '') = ",
            " OR (l.user_id || '') = ",
            " OR (l.external_id || '') = ",
        ] {
            statement.push(other).bind(self.text);
        }
        statement.push(")");
    }

    /// Adds the ids of entries that the text names: by userName then, by who the user is now, by id, and for
    /// refused creates by the name or externalId that was sent. Each look-up stops beyond [`FEW`].
    fn push_text_candidates(&self, statement: &mut Builder) {
        let (low, high) = prefix_range(&self.text_key);
        let open = |statement: &mut Builder| {
            statement.push(
                "SELECT id FROM (SELECT l.id FROM provisioning_logs l WHERE l.organization_id = ",
            );
            statement.bind(self.organization_id);
        };
        let close = |statement: &mut Builder| {
            statement.push(" LIMIT ").bind(FEW + 1).push(") found");
        };
        open(statement);
        statement.push(SHOWN).push(" AND l.user_name_key >= ");
        statement
            .bind(&low)
            .push(" AND l.user_name_key < ")
            .bind(&high);
        close(statement);
        statement.push(" UNION ");
        open(statement);
        statement.push(SHOWN).push(" AND l.user_id IN (");
        push_text_candidates(statement, self.organization_id, self.text, &self.text_key);
        statement.push(")");
        close(statement);
        // Deleted users are found by their id only here.
        statement.push(" UNION ");
        open(statement);
        statement
            .push(SHOWN)
            .push(" AND l.user_id = ")
            .bind(self.text);
        close(statement);
        statement.push(" UNION ");
        open(statement);
        statement.push(" AND l.user_id IS NULL AND l.label_key >= ");
        statement.bind(&low).push(" AND l.label_key < ").bind(&high);
        close(statement);
        statement.push(" UNION ");
        open(statement);
        statement.push(" AND l.user_id IS NULL AND l.external_id = ");
        statement.bind(self.text);
        close(statement);
        statement.push(" UNION SELECT l.id FROM provisioning_logs l WHERE l.organization_id = ");
        statement.bind(self.organization_id);
        statement.push(" AND l.id = ").bind(self.text);
    }
}

fn push_in<'v>(statement: &mut Builder, test: &'static str, values: impl Iterator<Item = &'v str>) {
    let mut is_empty = true;
    for value in values {
        statement
            .push(if is_empty { test } else { ", " })
            .bind(value);
        is_empty = false;
    }
    if !is_empty {
        statement.push(")");
    }
}

/// Whether the text of `search` is looked up: when lookups are not searched and few users and entries match.
pub async fn find_text(
    connection: &mut Connection<'_>,
    search: &mut Search<'_>,
) -> Result<(), StoreError> {
    if search.text.is_empty() || search.shows_lookups() {
        return Ok(());
    }
    let mut statement = Builder::new("SELECT count(*) FROM (");
    push_text_candidates(
        &mut statement,
        search.organization_id,
        search.text,
        &search.text_key,
    );
    statement.push(") counted");
    if connection.fetch_count(statement.finish()).await? > FEW {
        return Ok(());
    }
    let mut statement = Builder::new("SELECT count(*) FROM (");
    search.push_text_candidates(&mut statement);
    statement.push(") counted");
    search.text_is_narrow = connection.fetch_count(statement.finish()).await? <= FEW;
    Ok(())
}

/// The next entries after `cursor`: older ones, newest first, or with `newer` newer ones, oldest first.
pub async fn list(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
    cursor: Option<&TimeCursor>,
    newer: bool,
) -> Result<Found, StoreError> {
    let stop = stop(connection, search, cursor, newer).await?;
    let mut statement = Builder::new(COLUMNS);
    push_range(&mut statement, search, cursor, stop.as_ref(), newer);
    search.push_tests(&mut statement);
    statement.push(order(newer)).push(" LIMIT ").bind(FETCH);
    let entries: Vec<Entry> = connection.fetch_all(statement.finish()).await?;
    let is_full = i64::try_from(entries.len()).unwrap_or(FETCH) >= FETCH;
    Ok(Found {
        entries,
        stopped_at: stop.filter(|_| !is_full),
    })
}

/// How many entries match, up to [`COUNT_LIMIT`] and one, and whether all of them were looked at.
pub async fn count(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
) -> Result<(i64, bool), StoreError> {
    let stop = stop(connection, search, None, false).await?;
    let mut statement =
        Builder::new("SELECT count(*) FROM (SELECT 1 FROM provisioning_logs l WHERE ");
    push_range(&mut statement, search, None, stop.as_ref(), false);
    search.push_tests(&mut statement);
    statement.push(" LIMIT ").bind(COUNT_LIMIT + 1);
    statement.push(") counted");
    let counted = connection.fetch_count(statement.finish()).await?;
    Ok((counted, stop.is_none()))
}

/// The last entry that a search from `cursor` may look at; `None` if it may go to the end.
async fn stop(
    connection: &mut Connection<'_>,
    search: &Search<'_>,
    cursor: Option<&TimeCursor>,
    newer: bool,
) -> Result<Option<TimeCursor>, StoreError> {
    if !search.is_bounded() {
        return Ok(None);
    }
    let mut statement = Builder::new("SELECT l.occurred_at, l.id FROM provisioning_logs l WHERE ");
    push_range(&mut statement, search, cursor, None, newer);
    statement.push(order(newer)).push(" LIMIT 1 OFFSET ");
    statement.bind(WINDOW - 1);
    let last: Option<(Millis, String)> = connection.fetch_optional(statement.finish()).await?;
    Ok(last.map(|(at, id)| TimeCursor { at, id }))
}

fn push_range(
    statement: &mut Builder,
    search: &Search<'_>,
    after: Option<&TimeCursor>,
    to: Option<&TimeCursor>,
    newer: bool,
) {
    search.push_walk(statement);
    let (beyond, up_to) = if newer {
        (
            " AND (l.occurred_at, l.id) > (",
            " AND (l.occurred_at, l.id) <= (",
        )
    } else {
        (
            " AND (l.occurred_at, l.id) < (",
            " AND (l.occurred_at, l.id) >= (",
        )
    };
    for (comparison, place) in [(beyond, after), (up_to, to)] {
        if let Some(place) = place {
            statement.push(comparison).bind(place.at);
            statement.push(", ").bind(&place.id).push(")");
        }
    }
}

fn order(newer: bool) -> &'static str {
    if newer {
        " ORDER BY l.occurred_at, l.id"
    } else {
        " ORDER BY l.occurred_at DESC, l.id DESC"
    }
}

/// What one request changed, by the entry's id.
#[derive(Debug, Clone, FromRow)]
pub struct EntryChange {
    pub log_id: String,
    pub changes: String,
}

/// The changes of these entries.
pub async fn changes(
    connection: &mut Connection<'_>,
    organization_id: &str,
    log_ids: &[&str],
) -> Result<Vec<EntryChange>, StoreError> {
    if log_ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Builder::new("SELECT log_id, changes FROM user_changes WHERE ");
    push_in(&mut statement, "log_id IN (", log_ids.iter().copied());
    // The entry's id finds it; the organization is only tested.
    statement.push(" AND (organization_id || '') = ");
    statement.bind(organization_id).push(" ORDER BY log_id, id");
    connection.fetch_all(statement.finish()).await
}

/// One cycle, from the entries that lists show.
#[derive(Debug, Clone, FromRow)]
pub struct Cycle {
    pub cycle_id: String,
    pub started_at: Millis,
    pub ended_at: Millis,
    pub changes: i64,
    pub failures: i64,
}

/// The cycles with these ids, newest first.
pub async fn cycles(
    connection: &mut Connection<'_>,
    organization_id: &str,
    cycle_ids: &[&str],
) -> Result<Vec<Cycle>, StoreError> {
    if cycle_ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Builder::new(
        "SELECT l.cycle_id, min(l.occurred_at) AS started_at, max(l.occurred_at) AS ended_at, \
         count(CASE WHEN l.status IN ('success', 'warning') THEN 1 END) AS changes, \
         count(CASE WHEN l.status = 'failure' THEN 1 END) AS failures \
         FROM provisioning_logs l WHERE l.organization_id = ",
    );
    statement.bind(organization_id).push(SHOWN);
    push_in(
        &mut statement,
        " AND l.cycle_id IN (",
        cycle_ids.iter().copied(),
    );
    statement.push(" GROUP BY l.cycle_id ORDER BY started_at DESC");
    let mut cycles: Vec<Cycle> = connection.fetch_all(statement.finish()).await?;
    // A cycle is named after its first request, which is mostly a lookup.
    let mut statement = Builder::new("SELECT id, occurred_at FROM provisioning_logs WHERE ");
    push_in(&mut statement, "id IN (", cycle_ids.iter().copied());
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
                changes: 0,
                failures: 0,
            }),
        }
    }
    cycles.sort_by_key(|cycle| std::cmp::Reverse(cycle.started_at));
    Ok(cycles)
}

/// The organization's latest request and its cycle.
pub async fn latest(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<Option<(Millis, String)>, StoreError> {
    connection
        .fetch_optional(
            sql(
                "SELECT occurred_at, cycle_id FROM provisioning_logs WHERE organization_id = $1 \
                 ORDER BY occurred_at DESC, id DESC LIMIT 1",
            )
            .bind(organization_id),
        )
        .await
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
    connection
        .fetch_optional(
            sql("SELECT l.id, l.occurred_at, l.cycle_id, l.action, l.status, l.http_status, l.reason, \
                 l.detail, l.user_id, l.user_name, l.label, l.path, l.token_prefix, l.duration_us, \
                 l.method, l.scim_type, l.attribute, l.external_id, t.name AS token_name, l.address, \
                 l.user_agent, l.client_version, l.steps, l.remarks \
                 FROM provisioning_logs l \
                 LEFT JOIN tokens t ON t.id = l.token_id AND t.organization_id = l.organization_id \
                 WHERE l.organization_id = $1 AND l.id = $2")
            .bind(organization_id)
            .bind(id),
        )
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
                "SELECT query, request_headers, request_body, response_body, is_cut \
                 FROM provisioning_log_payloads WHERE log_id = $1 AND organization_id = $2",
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
    statement.push(if newer {
        " AND (l.occurred_at, l.id) > ("
    } else {
        " AND (l.occurred_at, l.id) < ("
    });
    statement
        .bind(entry.occurred_at)
        .push(", ")
        .bind(&entry.id)
        .push(")");
    statement.push(order(newer)).push(" LIMIT 1");
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
    statement.push(order(false)).push(" LIMIT ").bind(limit);
    connection.fetch_all(statement.finish()).await
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
