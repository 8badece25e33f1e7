//! `provisioning_logs`, their payloads and their hourly counts.

use sqlx::FromRow;

use super::Tx;
use super::dialect::Dialect;
use super::issue_records::{Occurrence, Success};
use super::sql::{Arg, Builder, Connection, Sql, sql};
use crate::model::log::{Action, Status};
use crate::server::clock::{HOUR, MINUTE, Millis};
use crate::server::error::StoreError;

/// Requests of one organization with no gap above this are one cycle.
pub const CYCLE_GAP: Millis = 5 * MINUTE;
/// Rows of one insert: 28 values each, below both databases' limits.
const ROWS: usize = 100;

/// One SCIM request, as stored.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// The request id.
    pub id: String,
    pub organization_id: String,
    pub occurred_at: Millis,
    pub action: Action,
    pub status: Status,
    pub is_lookup: bool,
    pub method: String,
    pub path: String,
    pub http_status: i64,
    pub scim_type: Option<&'static str>,
    pub reason: Option<&'static str>,
    pub attribute: Option<String>,
    pub detail: Option<String>,
    pub user_id: Option<String>,
    pub user_name: Option<String>,
    pub user_name_key: Option<String>,
    pub external_id: Option<String>,
    pub label: Option<String>,
    pub label_key: Option<String>,
    pub token_id: Option<String>,
    pub token_prefix: Option<String>,
    pub address: String,
    pub user_agent: Option<String>,
    pub client_version: Option<String>,
    pub duration_us: i64,
    /// JSON: `[model::log::Step]`.
    pub steps: String,
    /// JSON: `[model::log::LogRemark]`.
    pub remarks: Option<String>,
    pub payload: Option<NewPayload>,
    /// The issues that it belongs to, in the order of their ids.
    pub occurrences: Vec<Occurrence>,
    /// What it puts right.
    pub success: Option<Success>,
}

/// What was sent and answered: already redacted and cut.
#[derive(Debug, Clone)]
pub struct NewPayload {
    pub query: Option<String>,
    /// JSON: `[["name", "value"]]`.
    pub request_headers: String,
    pub request_body: Option<String>,
    pub response_body: Option<String>,
    /// JSON: `[{"attribute", "old", "new"}]`.
    pub refused_changes: Option<String>,
    /// Something of the request or of the answer was too long.
    pub is_cut: bool,
    /// The request is kept as it came, so that it can be tried again.
    pub is_whole: bool,
}

impl NewPayload {
    /// How large it is.
    pub fn bytes(&self) -> usize {
        let texts = [
            self.query.as_ref(),
            Some(&self.request_headers),
            self.request_body.as_ref(),
            self.response_body.as_ref(),
            self.refused_changes.as_ref(),
        ];
        texts.into_iter().flatten().map(String::len).sum()
    }
}

/// Counts of one hour, to be added to what is there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HourKey {
    /// "" for requests to organizations that do not exist.
    pub organization_id: String,
    /// Start of the hour, epoch milliseconds.
    pub hour: Millis,
    pub action: Action,
    pub status: Status,
    pub reason: &'static str,
    pub token_id: String,
}

impl HourKey {
    /// The start of the hour that `time` is in.
    pub fn hour_of(time: Millis) -> Millis {
        time.div_euclid(HOUR) * HOUR
    }
}

/// What is added to a [`HourKey`].
#[derive(Debug, Clone, Copy, Default)]
pub struct HourCounts {
    pub entries: i64,
    /// Requests beyond what the log records.
    pub unrecorded: i64,
    pub duration_us: i64,
}

/// Stores entries with their payloads. Entries join the cycle of the organization's last request if that is at
/// most five minutes ago, else the first of them begins a new one.
pub async fn insert(tx: &mut Tx<'_>, entries: Vec<NewEntry>) -> Result<(), StoreError> {
    let mut rest = entries;
    // All lock organizations in one order: two that begin cycles of the same ones would wait for each other.
    rest.sort_by(|a, b| a.organization_id.cmp(&b.organization_id));
    while !rest.is_empty() {
        let tail = rest.split_off(rest.len().min(ROWS));
        insert_rows(tx, rest).await?;
        rest = tail;
    }
    Ok(())
}

/// Stores one entry with its payload when the change that it is about ends. What a batch has said of the same request
/// gives way: it was given up then, and now it is known how it ended.
pub fn insert_with_change(tx: &mut Tx<'_>, mut entry: NewEntry) {
    if let Some(payload) = entry.payload.take() {
        tx.appended.payloads.push(payload_row(&entry, payload));
    }
    tx.appended.entries.push(WaitingEntry {
        id: entry.id.clone(),
        organization_id: entry.organization_id.clone(),
        occurred_at: entry.occurred_at,
        row: entry_row(entry),
    });
}

/// An entry that is written when its change ends.
#[derive(Clone)]
pub(super) struct WaitingEntry {
    pub(super) id: String,
    pub(super) organization_id: String,
    occurred_at: Millis,
    row: Vec<Arg>,
}

/// What writes entries that commit together: those of one organization are of one cycle, and if none runs, of the one
/// that the first of them begins.
pub(super) fn waiting_insertion(entries: Vec<WaitingEntry>, dialect: Dialect) -> Vec<Sql> {
    let mut firsts: Vec<First> = Vec::new();
    let mut statement = Builder::new(INSERT_ENTRIES);
    for (index, entry) in entries.into_iter().enumerate() {
        let known = firsts
            .iter()
            .position(|first| first.organization_id == entry.organization_id);
        let known = known.unwrap_or_else(|| {
            firsts.push(First {
                organization_id: entry.organization_id,
                occurred_at: entry.occurred_at,
                id: entry.id,
            });
            firsts.len() - 1
        });
        statement.push(if index == 0 { "(" } else { ", (" });
        for value in entry.row {
            statement.bind(value).push(", ");
        }
        let first = &firsts[known];
        statement.push("COALESCE((");
        push_running_cycle(&mut statement, &first.organization_id, first.occurred_at);
        statement.push("), ").bind(&first.id).push("))");
    }
    if firsts.is_empty() {
        return Vec::new();
    }
    statement.push(TELL_BETTER);
    let mut statements = Vec::new();
    if dialect == Dialect::Postgres {
        let locks = firsts
            .iter()
            .map(|first| lock_beginning(&first.organization_id, first.occurred_at));
        statements.extend(locks);
    }
    statements.push(statement.finish_repeated());
    statements
}

/// An organization's first entry of those that wait.
struct First {
    organization_id: String,
    occurred_at: Millis,
    id: String,
}

/// What writes the payloads of entries that wait.
pub(super) fn payloads_insertion(payloads: Vec<Vec<Arg>>) -> Option<Sql> {
    if payloads.is_empty() {
        return None;
    }
    let mut statement = Builder::new(INSERT_PAYLOADS);
    statement.push_rows(payloads).push(TELL_PAYLOAD_BETTER);
    Some(statement.finish_repeated())
}

/// Adds the question for the cycle that runs at a time, which a request goes on with: that of the last one, by the rule
/// of [`is_running`]. Without a trip of its own where it is part of another statement.
pub(super) fn push_running_cycle(
    statement: &mut Builder,
    organization_id: impl Into<Arg>,
    at: Millis,
) {
    statement
        .push("SELECT cycle_id FROM (SELECT cycle_id, occurred_at FROM provisioning_logs WHERE organization_id = ")
        .bind(organization_id)
        .push(" ORDER BY occurred_at DESC, id DESC LIMIT 1) AS latest WHERE latest.occurred_at >= ")
        .bind(at - CYCLE_GAP);
}

/// Whether the cycle whose last request was then runs at a time.
fn is_running(last_at: Millis, at: Millis) -> bool {
    last_at >= at - CYCLE_GAP
}

/// PostgreSQL: of those who are about to begin a cycle the first does, and the others find it. To be taken last, so
/// that whoever waits for it holds nothing that others want.
fn lock_beginning(organization_id: &str, occurred_at: Millis) -> Sql {
    sql(
        "SELECT pg_advisory_xact_lock(hashtext($1)) WHERE NOT EXISTS (SELECT 1 FROM provisioning_logs \
         WHERE organization_id = $1 AND occurred_at >= $2)",
    )
    .bind(organization_id)
    .bind(occurred_at - CYCLE_GAP)
}

const INSERT_ENTRIES: &str = "INSERT INTO provisioning_logs (id, organization_id, occurred_at, action, status, is_lookup, \
     method, path, http_status, scim_type, reason, attribute, detail, user_id, user_name, user_name_key, \
     external_id, label, label_key, token_id, token_prefix, address, user_agent, client_version, \
     duration_us, steps, remarks, cycle_id) VALUES ";

const INSERT_PAYLOADS: &str = "INSERT INTO provisioning_log_payloads (log_id, organization_id, occurred_at, query, \
     request_headers, request_body, response_body, refused_changes, is_cut, is_whole) VALUES ";

/// A request that was given up and whose change commits all the same has an entry twice: that of the change stays,
/// whichever comes first.
const KEEP_ENTRY: &str = " ON CONFLICT (id) DO NOTHING";
const KEEP_PAYLOAD: &str = " ON CONFLICT (log_id) DO NOTHING";
/// All but what the request came with.
const TELL_BETTER: &str = " ON CONFLICT (id) DO UPDATE SET action = excluded.action, status = excluded.status, \
     is_lookup = excluded.is_lookup, http_status = excluded.http_status, scim_type = excluded.scim_type, \
     reason = excluded.reason, attribute = excluded.attribute, detail = excluded.detail, \
     user_id = excluded.user_id, user_name = excluded.user_name, user_name_key = excluded.user_name_key, \
     external_id = excluded.external_id, label = excluded.label, label_key = excluded.label_key, \
     token_id = excluded.token_id, token_prefix = excluded.token_prefix, \
     duration_us = excluded.duration_us, steps = excluded.steps, remarks = excluded.remarks";
const TELL_PAYLOAD_BETTER: &str = " ON CONFLICT (log_id) DO UPDATE SET query = excluded.query, \
     request_headers = excluded.request_headers, request_body = excluded.request_body, \
     response_body = excluded.response_body, refused_changes = excluded.refused_changes, is_cut = excluded.is_cut, \
     is_whole = excluded.is_whole";

/// All values of [`INSERT_ENTRIES`] but the last, the cycle.
fn entry_row(entry: NewEntry) -> Vec<Arg> {
    vec![
        Arg::from(entry.id),
        Arg::from(entry.organization_id),
        Arg::from(entry.occurred_at),
        Arg::from(entry.action.as_str()),
        Arg::from(entry.status.as_str()),
        Arg::from(entry.is_lookup),
        Arg::from(entry.method),
        Arg::from(entry.path),
        Arg::from(entry.http_status),
        Arg::from(entry.scim_type),
        Arg::from(entry.reason),
        Arg::from(entry.attribute),
        Arg::from(entry.detail),
        Arg::from(entry.user_id),
        Arg::from(entry.user_name),
        Arg::from(entry.user_name_key),
        Arg::from(entry.external_id),
        Arg::from(entry.label),
        Arg::from(entry.label_key),
        Arg::from(entry.token_id),
        Arg::from(entry.token_prefix),
        Arg::from(entry.address),
        Arg::from(entry.user_agent),
        Arg::from(entry.client_version),
        Arg::from(entry.duration_us),
        Arg::from(entry.steps),
        Arg::from(entry.remarks),
    ]
}

fn payload_row(entry: &NewEntry, payload: NewPayload) -> Vec<Arg> {
    vec![
        Arg::from(&entry.id),
        Arg::from(&entry.organization_id),
        Arg::from(entry.occurred_at),
        Arg::from(payload.query),
        Arg::from(payload.request_headers),
        Arg::from(payload.request_body),
        Arg::from(payload.response_body),
        Arg::from(payload.refused_changes),
        Arg::from(payload.is_cut),
        Arg::from(payload.is_whole),
    ]
}

async fn insert_rows(tx: &mut Tx<'_>, entries: Vec<NewEntry>) -> Result<(), StoreError> {
    let mut cycles: Vec<Cycle> = Vec::new();
    let mut rows = Vec::with_capacity(entries.len());
    let mut payloads = Vec::with_capacity(entries.len());
    for mut entry in entries {
        let cycle_id = cycle_of(tx, &mut cycles, &entry).await?;
        if let Some(payload) = entry.payload.take() {
            payloads.push(payload_row(&entry, payload));
        }
        let mut row = entry_row(entry);
        row.push(Arg::from(cycle_id));
        rows.push(row);
    }
    let mut statement = Builder::new(INSERT_ENTRIES);
    statement.push_rows(rows).push(KEEP_ENTRY);
    tx.execute(statement.finish_repeated()).await?;
    if !payloads.is_empty() {
        let mut statement = Builder::new(INSERT_PAYLOADS);
        statement.push_rows(payloads).push(KEEP_PAYLOAD);
        tx.execute(statement.finish_repeated()).await?;
    }
    Ok(())
}

/// Where an organization's current cycle stands while a batch is stored.
struct Cycle {
    organization_id: String,
    id: String,
    last_at: Millis,
}

/// An organization's latest request.
#[derive(Debug, Clone, FromRow)]
pub struct LastEntry {
    pub occurred_at: Millis,
    pub cycle_id: String,
}

/// The entry of the latest request.
pub async fn last_entry(
    connection: &mut Connection<'_>,
    organization_id: &str,
) -> Result<Option<LastEntry>, StoreError> {
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

async fn cycle_of(
    connection: &mut Connection<'_>,
    cycles: &mut Vec<Cycle>,
    entry: &NewEntry,
) -> Result<String, StoreError> {
    let known = cycles
        .iter()
        .position(|cycle| cycle.organization_id == entry.organization_id);
    let index = match known {
        Some(index) => index,
        None => {
            if connection.dialect() == Dialect::Postgres {
                let lock = lock_beginning(&entry.organization_id, entry.occurred_at);
                connection.execute(lock).await?;
            }
            let last = last_entry(connection, &entry.organization_id).await?;
            let (id, last_at) = last.map_or_else(
                || (entry.id.clone(), entry.occurred_at),
                |last| (last.cycle_id, last.occurred_at),
            );
            cycles.push(Cycle {
                organization_id: entry.organization_id.clone(),
                id,
                last_at,
            });
            cycles.len() - 1
        }
    };
    let cycle = &mut cycles[index];
    if !is_running(cycle.last_at, entry.occurred_at) {
        cycle.id.clone_from(&entry.id);
    }
    // Batched reads may be older than a change that was stored at once.
    cycle.last_at = cycle.last_at.max(entry.occurred_at);
    Ok(cycle.id.clone())
}

/// Adds to the hourly counts.
pub async fn add_hours(
    tx: &mut Tx<'_>,
    hours: Vec<(HourKey, HourCounts)>,
) -> Result<(), StoreError> {
    if hours.is_empty() {
        return Ok(());
    }
    let mut statement = Builder::new(
        "INSERT INTO provisioning_log_hours (organization_id, hour, action, status, reason, token_id, entries, \
         unrecorded, duration_us) VALUES ",
    );
    statement.push_rows(hours.into_iter().map(|(key, counts)| {
        vec![
            Arg::from(key.organization_id),
            Arg::from(key.hour),
            Arg::from(key.action.as_str()),
            Arg::from(key.status.as_str()),
            Arg::from(key.reason),
            Arg::from(key.token_id),
            Arg::from(counts.entries),
            Arg::from(counts.unrecorded),
            Arg::from(counts.duration_us),
        ]
    }));
    statement.push(
        " ON CONFLICT (organization_id, hour, action, status, reason, token_id) DO UPDATE SET \
         entries = provisioning_log_hours.entries + excluded.entries, \
         unrecorded = provisioning_log_hours.unrecorded + excluded.unrecorded, \
         duration_us = provisioning_log_hours.duration_us + excluded.duration_us",
    );
    tx.execute(statement.finish()).await?;
    Ok(())
}
