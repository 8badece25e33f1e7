//! One entry of the log, whole.

use super::words::explanation;
use super::{changes_of, curl, row, whole_changes};
use crate::model::log::{
    Action, AttributeChange, LogDetail, LogPayload, LogRemark, Step, StepKind, StepOutcome,
};
use crate::server::App;
use crate::server::actor::{Allowed, OrganizationRef, Permission};
use crate::server::error::{ServiceError, StoreError};
use crate::server::scim::reason::Reason;
use crate::server::scim::resource::case_key;
use crate::server::services::audit::{self, Target, Who};
use crate::server::services::moments::Moments;
use crate::server::services::recording::{has_body, issue_id};
use crate::server::services::{changes, organization};
use crate::server::store::issues;
use crate::server::store::log_details::{self as details, FullEntry, StoredPayload};
use crate::server::store::sql::Connection;

/// Everything about one entry but its payload. `allowed` proves [`Permission::ReadLogs`].
///
/// # Errors
/// [`ServiceError::NotFound`] for an id that this organization does not have; as [`list`] otherwise.
pub async fn detail(app: &App, allowed: &Allowed, id: &str) -> Result<LogDetail, ServiceError> {
    let organization = organization(allowed, Permission::ReadLogs)?;
    let mut detail = read(app, allowed, organization, id, Extent::Whole).await?;
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
    organization(allowed, Permission::ReadPayloads)?;
    let detail = whole(app, allowed, id).await?;
    if detail.payload.is_some() {
        audit_payload_viewed(app, allowed, id).await?;
    }
    Ok(detail)
}

/// As [`detail_with_payload`], for a use case that audits itself that somebody looks.
///
/// # Errors
/// As [`detail`].
pub(in crate::server::services) async fn whole(
    app: &App,
    allowed: &Allowed,
    id: &str,
) -> Result<LogDetail, ServiceError> {
    let organization = organization(allowed, Permission::ReadPayloads)?;
    let mut detail = read(app, allowed, organization, id, Extent::Whole).await?;
    let mut connection = app.db.read_by_key().await?;
    let payload = details::find_payload(&mut connection, &organization.id, id).await?;
    drop(connection);
    let days = app.settings.payload_retention_days;
    let Some(payload) = payload else {
        detail.payload_note =
            format!("Bodies are kept for {days} days; there is none for this entry.");
        return Ok(detail);
    };
    detail.payload_note = format!("Bodies are kept for {days} days.");
    let why_partial = why_partial(&payload, &detail.method, detail.reason.as_deref());
    if let Some(why) = why_partial {
        detail.payload_note = format!("{} {why}", detail.payload_note);
    }
    let payload = LogPayload {
        query: payload.query,
        request_headers: serde_json::from_str(&payload.request_headers)
            .map_err(StoreError::from)?,
        request_body: payload.request_body,
        response_body: payload.response_body,
        is_cut: payload.is_cut,
    };
    detail.curl = why_partial.is_none().then(|| {
        curl::command(
            &app.settings.public_url,
            &detail.method,
            &detail.path,
            &payload,
        )
    });
    detail.payload = Some(payload);
    Ok(detail)
}

/// Why a request cannot be tried again, neither here nor with curl; `None` when it is kept as it came. `method` and `reason`
/// are those of its entry.
pub(in crate::server::services) fn why_partial(
    payload: &StoredPayload,
    method: &str,
    reason: Option<&str>,
) -> Option<&'static str> {
    if payload.is_whole {
        return None;
    }
    Some(match reason.and_then(Reason::from_code) {
        Some(reason) if reason.is_own_fault() => {
            "What was sent is not known: of a change that the service itself failed neither query nor body is kept. \
             Entra sends it again."
        }
        Some(reason) if reason.explanation().status == 401 => {
            "What was sent is not known: of callers without a good token neither query nor body is kept."
        }
        _ if payload.request_body.is_none() && has_body(method) => {
            "What was sent is not known: the request was refused before its body was read."
        }
        _ => {
            "What was sent is only known in part: a body is kept up to 64 KiB and an address up to 2,000 characters, \
             without what may tell a password or a token."
        }
    })
}

/// As [`whole`], without the bodies, without the command that would send them, and without changes that are too large for
/// a list: for who has no room for them.
///
/// # Errors
/// As [`detail`].
pub(in crate::server::services) async fn without_bodies(
    app: &App,
    allowed: &Allowed,
    id: &str,
) -> Result<LogDetail, ServiceError> {
    let organization = organization(allowed, Permission::ReadPayloads)?;
    let mut detail = read(app, allowed, organization, id, Extent::Listed).await?;
    let mut connection = app.db.read_by_key().await?;
    let head = details::find_payload_head(&mut connection, &organization.id, id).await?;
    if let Some((query, headers)) = head {
        detail.payload = Some(LogPayload {
            query,
            request_headers: serde_json::from_str(&headers).map_err(StoreError::from)?,
            request_body: None,
            response_body: None,
            is_cut: false,
        });
    }
    Ok(detail)
}

/// How much is read of what an entry has changed, or would have.
#[derive(Debug, Clone, Copy)]
enum Extent {
    Whole,
    /// Nothing that is too large for a list.
    Listed,
}

async fn read(
    app: &App,
    allowed: &Allowed,
    organization: &OrganizationRef,
    id: &str,
    extent: Extent,
) -> Result<LogDetail, ServiceError> {
    let mut connection = app.db.read().await?;
    let full = details::find(&mut connection, &organization.id, id)
        .await?
        .ok_or(ServiceError::NotFound { what: "log entry" })?;
    let changed = match extent {
        Extent::Whole => Some(whole_changes(&mut connection, organization, id).await?),
        Extent::Listed => {
            let listed = changes_of(&mut connection, organization, &[id]).await?;
            listed.into_iter().next().flatten()
        }
    };
    let mut shown = changed.clone().unwrap_or_default();
    if changed.as_ref().is_some_and(Vec::is_empty) {
        let organization_id = &organization.id;
        let refused = match extent {
            Extent::Whole => {
                details::find_refused_changes(&mut connection, organization_id, id).await?
            }
            Extent::Listed => {
                details::find_listed_refused_changes(&mut connection, organization_id, id).await?
            }
        };
        if let Some(refused) = refused {
            shown = changes::parse(&refused)?;
        }
    }
    let moments = Moments::of(allowed, app.clock.now());
    let issue = issue_of(&mut connection, organization, &full).await?;
    Ok(LogDetail {
        issue,
        ..assemble(full, changed, shown, &moments)?
    })
}

/// The issue that an entry belongs to: its id, while there is one.
async fn issue_of(
    connection: &mut Connection<'_>,
    organization: &OrganizationRef,
    full: &FullEntry,
) -> Result<Option<String>, ServiceError> {
    let entry = &full.entry;
    let action = Action::parse(&entry.action);
    let id = action.and_then(|action| {
        let reason = entry.reason.as_deref()?;
        issue_id(&organization.id, action, reason, full.attribute.as_deref())
    });
    match id {
        Some(id) => Ok(issues::find(connection, &organization.id, &id)
            .await?
            .map(|issue| issue.id)),
        None => Ok(None),
    }
}

fn assemble(
    full: FullEntry,
    changed: Option<Vec<AttributeChange>>,
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
        curl: None,
        issue: None,
        row: row(entry, changed, moments)?,
    })
}

/// Puts into the audit log that somebody looked at a payload.
async fn audit_payload_viewed(
    app: &App,
    allowed: &Allowed,
    log_id: &str,
) -> Result<(), ServiceError> {
    let who = Who::of(allowed, app.clock.now());
    let target = Target::new("log_entry", log_id, log_id);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                audit::record(tx, &who, "payload.view", &target, None, None).await?;
                Ok(())
            })
        })
        .await
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
