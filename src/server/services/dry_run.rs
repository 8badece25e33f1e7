//! *Dry-run again*: whether a logged request would succeed today.

use serde_json::{Value, json};

use crate::model::issue_dry_run::{IssueDryRun, UserDryRun};
use crate::model::log::{DryRun, DryRunResult, LogRemark, Status, Step};
use crate::server::App;
use crate::server::actor::{Allowed, OrganizationRef, Permission};
use crate::server::error::{ServiceError, StoreError};
use crate::server::scim::reason::Reason;
use crate::server::services::audit::{self, Target, Who};
use crate::server::services::issues::name_of;
use crate::server::services::log_search::why_partial;
use crate::server::services::moments::Moments;
use crate::server::services::provisioning::{LoggedRequest, Rehearsed, rehearse};
use crate::server::services::recording::{CallingToken, Incoming};
use crate::server::services::{changes, organization};
use crate::server::store::log_details::{self as details, FullEntry, StoredPayload};
use crate::server::store::{issue_entries, issues};

const NOT_KEPT: &str = "Its log entry is not kept any more.";
const NOTHING_NEW: &str =
    "This request depends on no user, role or setting, so trying it again would tell nothing new.";

/// Tries the request of one entry against today's data and settings; nothing is stored but the audit entry, because
/// the answer shows what a payload shows. `allowed` proves [`Permission::ReadPayloads`].
///
/// # Errors
/// [`ServiceError::NotFound`] for an id that this organization does not have; when the database fails.
pub async fn dry_run(app: &App, allowed: &Allowed, id: &str) -> Result<DryRun, ServiceError> {
    let organization = organization(allowed, Permission::ReadPayloads)?;
    let logged = match find(app, organization, id).await? {
        Ok(logged) => logged,
        Err(why) => return Ok(DryRun::NotPossible(why)),
    };
    let target = Target::new("log_entry", id, id);
    audit_dry_run(app, allowed, "log.dry_run", target, None).await?;
    let Some(rehearsed) = rehearse(app, logged).await? else {
        return Ok(DryRun::NotPossible(NOTHING_NEW.to_owned()));
    };
    let moments = Moments::of(allowed, app.clock.now());
    Ok(DryRun::Tried(Box::new(result(&moments, rehearsed)?)))
}

/// Tries the latest request of an issue for a part of its users: the first ones, or those after this place, which is the
/// `next` of the part before. `allowed` proves [`Permission::ReadPayloads`].
///
/// # Errors
/// [`ServiceError::NotFound`] for an issue that this organization does not have; when the database fails.
pub async fn dry_run_issue(
    app: &App,
    allowed: &Allowed,
    id: &str,
    after: Option<&str>,
) -> Result<IssueDryRun, ServiceError> {
    let organization = organization(allowed, Permission::ReadPayloads)?;
    let mut connection = app.db.read().await?;
    let issue = issues::find(&mut connection, &organization.id, id)
        .await?
        .ok_or(ServiceError::NotFound { what: "issue" })?;
    // One more than are tried tells whether there is another part.
    let asked = i64::try_from(IssueDryRun::SHOWN + 1).unwrap_or(i64::MAX);
    let mut users = issues::users(&mut connection, id, after, false, asked).await?;
    let has_next = users.len() > IssueDryRun::SHOWN;
    users.truncate(IssueDryRun::SHOWN);
    let next = users.last().filter(|_| has_next);
    let next = next.map(|user| user.user_key.clone());
    let keys: Vec<&str> = users.iter().map(|user| user.user_key.as_str()).collect();
    let mut entries = issue_entries::latest(&mut connection, &issue, &keys).await?;
    drop(connection);
    let part = json!({
        "users_tried": users.len(),
        "users_affected": issue.users_affected,
        "first_part": after.is_none(),
    });
    let target = Target::new("issue", id, id);
    audit_dry_run(app, allowed, "issue.dry_run", target, Some(part)).await?;
    let mut tried = Vec::with_capacity(users.len());
    for user in users {
        let log_id = entries.remove(&user.user_key);
        let (status, reasons, text) = match &log_id {
            Some(log_id) => outcome(app, organization, log_id).await?,
            None => (None, Vec::new(), NOT_KEPT.to_owned()),
        };
        let is_refused = status.is_none_or(|status| status == Status::Failure);
        tried.push(UserDryRun {
            name: name_of(&user),
            user_name: user.user_name,
            log_id,
            status,
            text,
            is_put_right: !is_refused && !reasons.contains(&issue.reason.as_str()),
        });
    }
    let affected = u64::try_from(issue.users_affected).unwrap_or_default();
    Ok(IssueDryRun::part(tried, affected, next))
}

/// How one request would end: the status, the reason codes, and words for it.
async fn outcome(
    app: &App,
    organization: &OrganizationRef,
    log_id: &str,
) -> Result<(Option<Status>, Vec<&'static str>, String), ServiceError> {
    let unknown = |why: String| Ok((None, Vec::new(), why));
    let logged = match find(app, organization, log_id).await {
        Ok(Ok(logged)) => logged,
        Ok(Err(why)) => return unknown(why),
        // Deleted since it was looked up.
        Err(ServiceError::NotFound { .. }) => return unknown(NOT_KEPT.to_owned()),
        Err(error) => return Err(error),
    };
    let Some(Rehearsed { entry, .. }) = rehearse(app, logged).await? else {
        return unknown(NOTHING_NEW.to_owned());
    };
    // Of several remarks the entry is named after one; each belongs to an issue.
    let remarked = entry.occurrences.iter().map(|issue| issue.reason);
    let reasons = entry.reason.into_iter().chain(remarked).collect();
    let remark = || entry.reason.and_then(Reason::from_code);
    let text = entry
        .detail
        .or_else(|| Some(remark()?.explanation().title.to_owned()));
    Ok((Some(entry.status), reasons, text.unwrap_or_default()))
}

/// The request of one entry, or why it cannot be tried.
async fn find(
    app: &App,
    organization: &OrganizationRef,
    id: &str,
) -> Result<Result<LoggedRequest, String>, ServiceError> {
    let mut connection = app.db.read_by_key().await?;
    let full = details::find(&mut connection, &organization.id, id)
        .await?
        .ok_or(ServiceError::NotFound { what: "log entry" })?;
    let payload = details::find_payload(&mut connection, &organization.id, id).await?;
    Ok(logged(app, organization, full, payload)?)
}

/// The request as it was, or why it is no longer known.
fn logged(
    app: &App,
    organization: &OrganizationRef,
    full: FullEntry,
    payload: Option<StoredPayload>,
) -> Result<Result<LoggedRequest, String>, StoreError> {
    let Some(payload) = payload else {
        return Ok(Err(format!(
            "What was sent is not known: it is kept for {} days, and not at all of callers without a good token.",
            app.settings.payload_retention_days
        )));
    };
    let reason = full.entry.reason.as_deref();
    if let Some(why) = why_partial(&payload, &full.method, reason) {
        return Ok(Err(why.to_owned()));
    }
    Ok(Ok(LoggedRequest {
        organization_id: organization.id.clone(),
        token: CallingToken {
            id: String::new(),
            name: full.token_name.unwrap_or_default(),
            prefix: full.entry.token_prefix.unwrap_or_default(),
        },
        incoming: Incoming {
            method: full.method,
            path: full.entry.path,
            query: payload.query,
            headers: serde_json::from_str(&payload.request_headers)?,
            body: payload.request_body,
            ..Incoming::default()
        },
    }))
}

fn result(moments: &Moments, rehearsed: Rehearsed) -> Result<DryRunResult, StoreError> {
    let Rehearsed { entry, changes } = rehearsed;
    let steps: Vec<Step> = serde_json::from_str(&entry.steps)?;
    let remarks: Vec<LogRemark> = match &entry.remarks {
        Some(remarks) => serde_json::from_str(remarks)?,
        None => Vec::new(),
    };
    let title = entry.reason.and_then(Reason::from_code);
    Ok(DryRunResult {
        at: moments.moment(moments.now()),
        status: entry.status,
        http_status: u16::try_from(entry.http_status).unwrap_or_default(),
        scim_type: entry.scim_type.map(str::to_owned),
        reason: entry.reason.map(str::to_owned),
        title: title.map(|reason| reason.explanation().title.to_owned()),
        detail: entry.detail,
        steps,
        remarks,
        changes: changes::parse(&serde_json::to_string(&changes)?)?,
        response_body: entry.payload.and_then(|payload| payload.response_body),
    })
}

async fn audit_dry_run(
    app: &App,
    allowed: &Allowed,
    action: &'static str,
    target: Target,
    details: Option<Value>,
) -> Result<(), ServiceError> {
    let who = Who::of(allowed, app.clock.now());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                audit::record(tx, &who, action, &target, None, details).await?;
                Ok(())
            })
        })
        .await
}
