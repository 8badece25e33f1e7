//! The provisioning log as the dashboard shows it: searched, explained, in Entra's words.

mod curl;
mod entry;
mod export;
mod filter;
mod words;

pub use entry::{detail, detail_with_payload, previous_and_next};
pub(super) use entry::{whole, why_partial, without_bodies};
pub use export::{Export, export};
pub use filter::{describe, filter_of};
use filter::{issue_title, search};
pub(super) use words::{explanation, refusal, title};

use super::changes;
use super::moments::Moments;
use super::organization;
use crate::model::log::{
    Action, AttributeChange, CycleSummary, HourCount, LogFilter, LogPage, LogRow, Status,
};
use crate::model::page::{Count, Page};
use crate::server::App;
use crate::server::actor::{Allowed, OrganizationRef, Permission};
use crate::server::clock::Millis;
use crate::server::error::{ServiceError, StoreError};
use crate::server::store::keyset::{self, COUNT_LIMIT, PAGE, TimeCursor};
use crate::server::store::log_details::{self as details, Cycle, EntryChange};
use crate::server::store::log_search::{self as store, Entry};
use crate::server::store::provisioning_logs::{CYCLE_GAP, LastEntry, last_entry};
use crate::server::store::sql::Connection;

/// A page of the organization's log, newest first. `allowed` proves [`Permission::ReadLogs`].
///
/// # Errors
/// [`ServiceError::Forbidden`] without that proof; else only what the database answers: a filter that nothing
/// matches is an empty page, and a cursor that is none means the first page.
pub async fn list(
    app: &App,
    allowed: &Allowed,
    filter: &LogFilter,
) -> Result<LogPage, ServiceError> {
    let organization = organization(allowed, Permission::ReadLogs)?;
    let now = app.clock.now();
    let moments = Moments::of(allowed, now);
    let mut search = search(organization, filter, now);
    let mut connection = app.db.read().await?;
    search.named = store::look_up(&mut connection, &search).await?;
    let mut cursor = filter.cursor.as_deref().and_then(TimeCursor::parse);
    let mut newer = filter.newer && cursor.is_some();
    let mut found = store::list(&mut connection, &search, cursor.as_ref(), newer).await?;
    if newer && found.entries.len() <= PAGE && found.stopped_at.is_none() {
        // The top is reached: show it as a full page.
        (cursor, newer) = (None, false);
        found = store::list(&mut connection, &search, None, false).await?;
    }
    // A first page that is not full has counted already.
    let (counted, is_all) = match i64::try_from(found.entries.len()) {
        Ok(counted) if cursor.is_none() && counted < keyset::FETCH => {
            (counted, found.stopped_at.is_none())
        }
        _ => store::count(&mut connection, &search).await?,
    };
    let total = keyset::at_least(counted, is_all);
    let mut page = Page::of(found.entries, cursor.is_some(), newer, total, |entry| {
        entry.cursor().to_string()
    });
    let searched_back_to = found.stopped_at.map(|place| {
        let moment = moments.moment(place.at);
        let go_on = if newer {
            &mut page.previous
        } else {
            &mut page.next
        };
        *go_on = Some(place.to_string());
        moment
    });
    let top = page.items.first().filter(|_| cursor.is_none());
    let newest = top.map_or_else(|| TimeCursor::first_at(now), Entry::cursor);
    let cycles = cycles(&mut connection, organization, &page.items, &moments).await?;
    let ids: Vec<&str> = page.items.iter().map(|entry| entry.id.as_str()).collect();
    let changes = changes_of(&mut connection, organization, &ids).await?;
    let mut changes = changes.into_iter();
    Ok(LogPage {
        page: page.try_map(|entry| row(entry, changes.next().flatten(), &moments))?,
        searched_back_to,
        newest: newest.to_string(),
        kept_days: app.settings.log_retention_days,
        payloads_kept_days: app.settings.payload_retention_days,
        cycles,
        issue: search.named.issue.as_ref().and_then(issue_title),
    })
}

/// The latest entries that fit, at most `limit`, newest first: a page without all that stands around it. `allowed`
/// proves [`Permission::ReadLogs`].
///
/// # Errors
/// As [`list`].
pub async fn latest(
    app: &App,
    allowed: &Allowed,
    filter: &LogFilter,
    limit: u32,
) -> Result<Vec<LogRow>, ServiceError> {
    let organization = organization(allowed, Permission::ReadLogs)?;
    let now = app.clock.now();
    let mut search = search(organization, filter, now);
    let mut connection = app.db.read().await?;
    search.named = store::look_up(&mut connection, &search).await?;
    let entries = store::latest(&mut connection, &search, i64::from(limit)).await?;
    rows(&mut connection, allowed, organization, entries, now).await
}

/// How many entries that fit are newer than `cursor`, the newest that a page shows; without one, how many there
/// are. Counting stops at a page. `allowed` proves [`Permission::ReadLogs`].
///
/// # Errors
/// As [`list`].
pub async fn count_newer(
    app: &App,
    allowed: &Allowed,
    filter: &LogFilter,
    cursor: Option<&str>,
) -> Result<Count, ServiceError> {
    let organization = organization(allowed, Permission::ReadLogs)?;
    let mut search = search(organization, filter, app.clock.now());
    let cursor = cursor.and_then(TimeCursor::parse);
    let mut connection = app.db.read().await?;
    search.named = store::look_up(&mut connection, &search).await?;
    let found = store::list(&mut connection, &search, cursor.as_ref(), cursor.is_some()).await?;
    let counted = u64::try_from(found.entries.len()).unwrap_or_default();
    let page = u64::try_from(PAGE).unwrap_or_default();
    Ok(if counted > page {
        Count::MoreThan(page)
    } else {
        Count::Exactly(counted)
    })
}

/// The changes of each of these entries, in their order; `None` where they are too large for a list.
async fn changes_of(
    connection: &mut Connection<'_>,
    organization: &OrganizationRef,
    ids: &[&str],
) -> Result<Vec<Option<Vec<AttributeChange>>>, ServiceError> {
    let stored = details::changes(connection, &organization.id, ids).await?;
    let mut all = vec![Some(Vec::new()); ids.len()];
    for EntryChange { log_id, changes } in stored {
        if let Some(index) = ids.iter().position(|id| *id == log_id) {
            all[index] = match (all[index].take(), changes) {
                (Some(mut known), Some(json)) => {
                    known.extend(changes::parse(&json)?);
                    Some(known)
                }
                _ => None,
            };
        }
    }
    Ok(all)
}

/// All changes of one entry, however large.
async fn whole_changes(
    connection: &mut Connection<'_>,
    organization: &OrganizationRef,
    log_id: &str,
) -> Result<Vec<AttributeChange>, ServiceError> {
    let mut all = Vec::new();
    for json in details::whole_changes(connection, &organization.id, log_id).await? {
        all.extend(changes::parse(&json)?);
    }
    Ok(all)
}

async fn cycles(
    connection: &mut Connection<'_>,
    organization: &OrganizationRef,
    entries: &[Entry],
    moments: &Moments,
) -> Result<Vec<CycleSummary>, ServiceError> {
    let mut ids: Vec<&str> = entries
        .iter()
        .map(|entry| entry.cycle_id.as_str())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let cycles = details::cycles(connection, &organization.id, &ids).await?;
    let last = last_entry(connection, &organization.id).await?;
    Ok(cycles
        .into_iter()
        .map(|cycle| summarize(cycle, last.as_ref(), moments))
        .collect())
}

fn summarize(cycle: Cycle, last: Option<&LastEntry>, moments: &Moments) -> CycleSummary {
    let last = last.filter(|last| last.cycle_id == cycle.cycle_id);
    let ended_at = last.map_or(cycle.ended_at, |last| last.occurred_at);
    let may_go_on = last.is_some() && moments.now() - ended_at <= CYCLE_GAP;
    let is_whole = cycle.looked_at <= COUNT_LIMIT;
    let count = |n: i64| {
        let n = u64::try_from(n).unwrap_or_default();
        if is_whole {
            Count::Exactly(n)
        } else {
            Count::MoreThan(n)
        }
    };
    CycleSummary {
        started: moments.moment(cycle.started_at),
        ended: (!may_go_on).then(|| moments.moment(ended_at)),
        changes: count(cycle.changes),
        failures: count(cycle.failures),
        cycle_id: cycle.cycle_id,
    }
}

/// What this program did not write.
fn unknown(entry: &Entry) -> StoreError {
    StoreError::Corrupt(format!(
        "unknown action {} or status {}",
        entry.action, entry.status
    ))
}

async fn rows(
    connection: &mut Connection<'_>,
    allowed: &Allowed,
    organization: &OrganizationRef,
    entries: Vec<Entry>,
    now: Millis,
) -> Result<Vec<LogRow>, ServiceError> {
    let ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    let changes = changes_of(connection, organization, &ids).await?;
    let moments = Moments::of(allowed, now);
    entries
        .into_iter()
        .zip(changes)
        .map(|(entry, changes)| row(entry, changes, &moments))
        .collect()
}

fn row(
    entry: Entry,
    changes: Option<Vec<AttributeChange>>,
    moments: &Moments,
) -> Result<LogRow, ServiceError> {
    let (Some(action), Some(status)) = (Action::parse(&entry.action), Status::parse(&entry.status))
    else {
        return Err(unknown(&entry).into());
    };
    Ok(LogRow {
        occurred: moments.moment(entry.occurred_at),
        identity: words::identity(&entry, action),
        summary: words::summary(&entry, action, status, changes.as_deref()),
        action,
        status,
        http_status: u16::try_from(entry.http_status).unwrap_or_default(),
        id: entry.id,
        user_name: entry.user_name,
        changes: changes.unwrap_or_default(),
        token_prefix: entry.token_prefix,
        duration_us: entry.duration_us,
        cycle_id: entry.cycle_id,
    })
}

/// The latest `limit` entries about a user, newest first, without lookups that succeeded. `allowed` proves
/// [`Permission::ReadLogs`].
///
/// # Errors
/// As [`list`].
pub async fn latest_for_user(
    app: &App,
    allowed: &Allowed,
    user_id: &str,
    limit: u32,
) -> Result<Vec<LogRow>, ServiceError> {
    let organization = organization(allowed, Permission::ReadLogs)?;
    let mut connection = app.db.read().await?;
    let limit = i64::from(limit);
    let entries =
        details::latest_for_user(&mut connection, &organization.id, user_id, limit).await?;
    let now = app.clock.now();
    rows(&mut connection, allowed, organization, entries, now).await
}

/// The hourly counts from `from` until before `to` (epoch milliseconds), oldest first. `allowed` proves
/// [`Permission::ReadLogs`].
///
/// # Errors
/// As [`list`].
pub async fn hours(
    app: &App,
    allowed: &Allowed,
    from: Millis,
    to: Millis,
) -> Result<Vec<HourCount>, ServiceError> {
    let organization = organization(allowed, Permission::ReadLogs)?;
    let mut connection = app.db.read().await?;
    let hours = details::hours(&mut connection, &organization.id, from, to).await?;
    let moments = Moments::of(allowed, app.clock.now());
    Ok(hours
        .into_iter()
        .filter_map(|hour| {
            Some(HourCount {
                hour: moments.moment(hour.hour),
                action: Action::parse(&hour.action)?,
                status: Status::parse(&hour.status)?,
                entries: u64::try_from(hour.entries).unwrap_or_default(),
                unrecorded: u64::try_from(hour.unrecorded).unwrap_or_default(),
                duration_us: hour.duration_us,
            })
        })
        .collect())
}
