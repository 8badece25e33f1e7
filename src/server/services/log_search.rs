//! The provisioning log as the dashboard shows it: searched, explained, in Entra's words.

use super::changes;
use super::moments::{self, Moments};
use super::organization;
use crate::model::log::{
    Action, AttributeChange, CycleSummary, Explanation, HourCount, LogDetail, LogFilter, LogPage,
    LogPayload, LogRemark, LogRow, Status, Step, StepKind, StepOutcome,
};
use crate::model::page::Page;
use crate::server::App;
use crate::server::actor::{Allowed, OrganizationRef, Permission};
use crate::server::clock::{MINUTE, Millis};
use crate::server::error::{ServiceError, StoreError};
use crate::server::ids;
use crate::server::scim::reason::Reason;
use crate::server::scim::resource::case_key;
use crate::server::store::Tx;
use crate::server::store::keyset::{self, PAGE, TimeCursor};
use crate::server::store::log_details::{self as details, Cycle, FullEntry};
use crate::server::store::log_search::{self as store, Entry, Search};
use crate::server::store::sql::{Connection, sql};

/// Without a request for this long a cycle has ended.
const CYCLE_GAP: Millis = 5 * MINUTE;

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
    let moments = Moments::utc(now);
    let text = filter.text.trim();
    let mut search = Search {
        organization_id: &organization.id,
        filter,
        text,
        text_key: case_key(text),
        since: moments::since(filter.within.as_deref(), now),
        text_is_narrow: false,
    };
    let mut connection = app.db.read().await?;
    store::find_text(&mut connection, &mut search).await?;
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
    let cycles = cycles(&mut connection, organization, &page.items, now).await?;
    let changes = changes_of(&mut connection, organization, &page.items).await?;
    let mut changes = changes.into_iter();
    Ok(LogPage {
        page: page.try_map(|entry| row(entry, changes.next().unwrap_or_default(), &moments))?,
        searched_back_to,
        cycles,
    })
}

/// The changes of each entry, in the entries' order.
async fn changes_of(
    connection: &mut Connection<'_>,
    organization: &OrganizationRef,
    entries: &[Entry],
) -> Result<Vec<Vec<AttributeChange>>, ServiceError> {
    let ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    let stored = details::changes(connection, &organization.id, &ids).await?;
    let mut all = vec![Vec::new(); entries.len()];
    for change in stored {
        if let Some(index) = ids.iter().position(|id| *id == change.log_id) {
            all[index].extend(changes::parse(&change.changes)?);
        }
    }
    Ok(all)
}

async fn cycles(
    connection: &mut Connection<'_>,
    organization: &OrganizationRef,
    entries: &[Entry],
    now: Millis,
) -> Result<Vec<CycleSummary>, ServiceError> {
    let mut ids: Vec<&str> = entries
        .iter()
        .map(|entry| entry.cycle_id.as_str())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let cycles = details::cycles(connection, &organization.id, &ids).await?;
    let latest = details::latest(connection, &organization.id).await?;
    let moments = Moments::utc(now);
    Ok(cycles
        .into_iter()
        .map(|cycle| summarize(cycle, latest.as_ref(), now, &moments))
        .collect())
}

fn summarize(
    cycle: Cycle,
    latest: Option<&(Millis, String)>,
    now: Millis,
    moments: &Moments,
) -> CycleSummary {
    let latest = latest.filter(|(_, id)| *id == cycle.cycle_id);
    let ended_at = latest.map_or(cycle.ended_at, |(at, _)| *at);
    let may_go_on = latest.is_some() && now - ended_at <= CYCLE_GAP;
    CycleSummary {
        started: moments.moment(cycle.started_at),
        ended: (!may_go_on).then(|| moments.moment(ended_at)),
        changes: u64::try_from(cycle.changes).unwrap_or_default(),
        failures: u64::try_from(cycle.failures).unwrap_or_default(),
        cycle_id: cycle.cycle_id,
    }
}

fn row(
    entry: Entry,
    changes: Vec<AttributeChange>,
    moments: &Moments,
) -> Result<LogRow, ServiceError> {
    let action = Action::parse(&entry.action)
        .ok_or_else(|| StoreError::Corrupt(format!("unknown action {}", entry.action)))?;
    let status = Status::parse(&entry.status)
        .ok_or_else(|| StoreError::Corrupt(format!("unknown status {}", entry.status)))?;
    Ok(LogRow {
        occurred: moments.moment(entry.occurred_at),
        identity: identity(&entry, action),
        summary: summary(&entry, action, status, &changes),
        action,
        status,
        http_status: u16::try_from(entry.http_status).unwrap_or_default(),
        id: entry.id,
        user_name: entry.user_name,
        changes,
        token_prefix: entry.token_prefix,
        duration_us: entry.duration_us,
        cycle_id: entry.cycle_id,
    })
}

/// Whom an entry is about: a name, a userName, or what kind of call it was.
fn identity(entry: &Entry, action: Action) -> String {
    let name = entry.label.as_deref().or(entry.user_name.as_deref());
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        return name.to_owned();
    }
    match action {
        Action::TestConnection => "Connection check",
        Action::Discover if entry.path.contains("/ResourceTypes") => "Resource types",
        Action::Discover if entry.path.contains("/ServiceProviderConfig") => "Configuration",
        Action::Discover => "Schema discovery",
        Action::List => "List of users",
        Action::Bulk => "Bulk request",
        Action::Create => "New user",
        Action::Update | Action::Disable | Action::Enable | Action::Delete | Action::Read => {
            "Unknown user"
        }
        Action::Match => "Matching",
        Action::Unknown if entry.http_status == 401 => "Caller without a valid token",
        Action::Unknown => "Unknown address",
    }
    .to_owned()
}

/// One line for the list: what changed, or why not.
fn summary(entry: &Entry, action: Action, status: Status, changes: &[AttributeChange]) -> String {
    if status == Status::Failure {
        return refusal(entry.reason.as_deref(), entry.detail.as_deref());
    }
    if status == Status::Skipped {
        return "Nothing to change, the stored values are the same".to_owned();
    }
    let remark = || match entry.reason.as_deref() {
        Some(reason) if status == Status::Warning => {
            Some(refusal(Some(reason), entry.detail.as_deref()))
        }
        _ => None,
    };
    match action {
        Action::Create => changes::new_role(changes).map_or_else(
            || "Created".to_owned(),
            |role| format!("Created with role {role}"),
        ),
        Action::Delete => "Deleted".to_owned(),
        Action::Match if entry.user_id.is_none() => "No user with this userName".to_owned(),
        Action::Match => match entry.label.as_deref().or(entry.user_name.as_deref()) {
            Some(name) => format!("Found {name}"),
            None => "Found one user".to_owned(),
        },
        Action::Read => "Read".to_owned(),
        Action::List => "Listed users".to_owned(),
        Action::TestConnection => "Entra checked the connection".to_owned(),
        Action::Discover => "Entra asked what is supported".to_owned(),
        Action::Update | Action::Disable | Action::Enable | Action::Bulk | Action::Unknown => {
            changes::line(changes)
                .or_else(remark)
                .unwrap_or_else(|| action.label().to_owned())
        }
    }
}

/// Why a request was refused, in one line: the detail that Entra was told, else the catalogue's title.
pub(super) fn refusal(reason: Option<&str>, detail: Option<&str>) -> String {
    let detail = detail.filter(|detail| !detail.is_empty());
    match (detail, reason) {
        (Some(detail), _) => changes::shortened(detail, 160),
        (None, Some(reason)) => {
            explanation(reason).map_or_else(|| reason.to_owned(), |found| found.title)
        }
        (None, None) => "Refused".to_owned(),
    }
}

/// The last step of a request that was refused on its way there: that nothing was stored is worth a line.
fn not_stored(steps: &[Step]) -> Option<Step> {
    let refused = steps.last()?;
    let is_on_the_way = refused.outcome == StepOutcome::Failed
        && !matches!(refused.kind, StepKind::Authenticate | StepKind::Store);
    is_on_the_way.then(|| Step {
        kind: StepKind::Store,
        outcome: StepOutcome::NotRun,
        duration_us: 0,
        text: "Nothing was changed: a request is applied whole or not at all.".to_owned(),
    })
}

/// What the catalogue of reason codes says.
fn explanation(reason: &str) -> Option<Explanation> {
    let found = Reason::from_code(reason)?.explanation();
    let owned = |steps: &[&str]| steps.iter().map(|step| (*step).to_owned()).collect();
    Some(Explanation {
        title: found.title.to_owned(),
        happened: found.happened.to_owned(),
        why: found.why.to_owned(),
        fix_in_entra: owned(found.fix_in_entra),
        fix_here: owned(found.fix_here),
        entra_code: found.entra_code.map(str::to_owned),
        rfc: found.rfc.map(str::to_owned),
    })
}

/// Everything about one entry but its payload. `allowed` proves [`Permission::ReadLogs`].
///
/// # Errors
/// [`ServiceError::NotFound`] for an id that this organization does not have; as [`list`] otherwise.
pub async fn detail(app: &App, allowed: &Allowed, id: &str) -> Result<LogDetail, ServiceError> {
    let organization = organization(allowed, Permission::ReadLogs)?;
    let mut detail = read(app, organization, id).await?;
    detail.payload_note = "Your role does not show request bodies.".to_owned();
    Ok(detail)
}

/// Everything about one entry, its payload included; that somebody looked is put into the audit log before it
/// is answered. `allowed` proves [`Permission::ReadPayloads`].
///
/// # Errors
/// As [`detail`].
pub async fn detail_with_payload(
    app: &App,
    allowed: &Allowed,
    id: &str,
) -> Result<LogDetail, ServiceError> {
    let organization = organization(allowed, Permission::ReadPayloads)?;
    let mut detail = read(app, organization, id).await?;
    let mut connection = app.db.read().await?;
    let payload = details::find_payload(&mut connection, &organization.id, id).await?;
    drop(connection);
    let days = app.settings.payload_retention_days;
    let Some(payload) = payload else {
        detail.payload_note =
            format!("Bodies are kept for {days} days; there is none for this entry.");
        return Ok(detail);
    };
    audit_payload_viewed(app, allowed.clone(), id.to_owned()).await?;
    detail.payload_note = format!("Bodies are kept for {days} days.");
    detail.payload = Some(LogPayload {
        query: payload.query,
        request_headers: serde_json::from_str(&payload.request_headers)
            .map_err(StoreError::from)?,
        request_body: payload.request_body,
        response_body: payload.response_body,
        is_cut: payload.is_cut,
    });
    Ok(detail)
}

async fn read(
    app: &App,
    organization: &OrganizationRef,
    id: &str,
) -> Result<LogDetail, ServiceError> {
    let mut connection = app.db.read().await?;
    let full = details::find(&mut connection, &organization.id, id)
        .await?
        .ok_or(ServiceError::NotFound { what: "log entry" })?;
    let entries = std::slice::from_ref(&full.entry);
    let mut changed = changes_of(&mut connection, organization, entries).await?;
    let changed = changed.pop().unwrap_or_default();
    let mut shown = changed.clone();
    if shown.is_empty() {
        let refused = details::find_refused_changes(&mut connection, &organization.id, id).await?;
        if let Some(refused) = refused {
            shown = changes::parse(&refused)?;
        }
    }
    let moments = Moments::utc(app.clock.now());
    assemble(full, changed, shown, &moments)
}

fn assemble(
    full: FullEntry,
    changed: Vec<AttributeChange>,
    shown: Vec<AttributeChange>,
    moments: &Moments,
) -> Result<LogDetail, ServiceError> {
    let entry = full.entry;
    let mut steps: Vec<Step> = serde_json::from_str(&full.steps).map_err(StoreError::from)?;
    steps.extend(not_stored(&steps));
    let remarks: Vec<LogRemark> = match &full.remarks {
        Some(remarks) => serde_json::from_str(remarks).map_err(StoreError::from)?,
        None => Vec::new(),
    };
    Ok(LogDetail {
        method: full.method,
        path: entry.path.clone(),
        scim_type: full.scim_type,
        explanation: entry.reason.as_deref().and_then(explanation),
        reason: entry.reason.clone(),
        attribute: full.attribute,
        detail: entry.detail.clone(),
        user_id: entry.user_id.clone(),
        external_id: full.external_id,
        token_name: full.token_name,
        address: full.address,
        user_agent: full.user_agent,
        client_version: full.client_version,
        steps,
        remarks,
        changes: shown,
        payload: None,
        payload_note: String::new(),
        row: row(entry, changed, moments)?,
    })
}

/// Puts into the audit log that somebody looked at a payload.
async fn audit_payload_viewed(
    app: &App,
    allowed: Allowed,
    log_id: String,
) -> Result<(), ServiceError> {
    let now = app.clock.now();
    app.db
        .write(move |tx| Box::pin(async move { insert_audit(tx, &allowed, &log_id, now).await }))
        .await
}

async fn insert_audit(
    tx: &mut Tx<'_>,
    allowed: &Allowed,
    log_id: &str,
    now: Millis,
) -> Result<(), ServiceError> {
    let actor = allowed.actor();
    tx.execute(
        sql("INSERT INTO audit_log (id, organization_id, occurred_at, actor_kind, actor_id, actor_name, \
             address, action, target_kind, target_id, target_name, before, after) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'payload_viewed', 'log_entry', $8, $8, NULL, NULL)")
        .bind(ids::new_id(now))
        .bind(allowed.organization().map(|organization| organization.id.as_str()))
        .bind(now)
        .bind(actor.kind())
        .bind(actor.id())
        .bind(actor.name())
        .bind(allowed.address())
        .bind(log_id),
    )
    .await?;
    Ok(())
}

/// The entries before and after one about the same user, by their ids: (older, newer). `allowed` proves
/// [`Permission::ReadLogs`].
///
/// # Errors
/// As [`detail`].
pub async fn previous_and_next(
    app: &App,
    allowed: &Allowed,
    id: &str,
) -> Result<(Option<String>, Option<String>), ServiceError> {
    let organization = organization(allowed, Permission::ReadLogs)?;
    let mut connection = app.db.read().await?;
    let entry = details::find(&mut connection, &organization.id, id)
        .await?
        .ok_or(ServiceError::NotFound { what: "log entry" })?
        .entry;
    let key = entry.user_name.as_deref().map(case_key);
    let id = &organization.id;
    let older = details::find_neighbour(&mut connection, id, &entry, key.as_deref(), false).await?;
    let newer = details::find_neighbour(&mut connection, id, &entry, key.as_deref(), true).await?;
    Ok((older, newer))
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
    let changes = changes_of(&mut connection, organization, &entries).await?;
    let moments = Moments::utc(app.clock.now());
    entries
        .into_iter()
        .zip(changes)
        .map(|(entry, changes)| row(entry, changes, &moments))
        .collect()
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
    let moments = Moments::utc(app.clock.now());
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
