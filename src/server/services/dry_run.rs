//! *Dry-run again*: whether a logged request would succeed today.

use crate::model::issue::{IssueDryRun, UserDryRun};
use crate::model::log::{DryRun, DryRunResult, LogRemark, Status, Step};
use crate::server::App;
use crate::server::actor::{Allowed, OrganizationRef, Permission};
use crate::server::error::{ServiceError, StoreError};
use crate::server::scim::reason::Reason;
use crate::server::services::audit::{self, Target, Who};
use crate::server::services::issues::name_of;
use crate::server::services::moments::Moments;
use crate::server::services::provisioning::{LoggedRequest, Rehearsed, rehearse};
use crate::server::services::recording::{CallingToken, Incoming};
use crate::server::services::{changes, organization};
use crate::server::store::issues;
use crate::server::store::log_details::{self as details, FullEntry, StoredPayload};

/// Users of an issue whose requests are tried at once.
const TRIED: i64 = 100;
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
    audit_dry_run(app, allowed, "log.dry_run", target).await?;
    let Some(rehearsed) = rehearse(app, logged).await? else {
        return Ok(DryRun::NotPossible(NOTHING_NEW.to_owned()));
    };
    let moments = Moments::of(allowed, app.clock.now());
    Ok(DryRun::Tried(Box::new(result(&moments, rehearsed)?)))
}

/// Tries the latest request of an issue for each of its users, up to [`TRIED`]. `allowed` proves
/// [`Permission::ReadPayloads`].
///
/// # Errors
/// [`ServiceError::NotFound`] for an issue that this organization does not have; when the database fails.
pub async fn dry_run_issue(
    app: &App,
    allowed: &Allowed,
    id: &str,
) -> Result<IssueDryRun, ServiceError> {
    let organization = organization(allowed, Permission::ReadPayloads)?;
    let mut connection = app.db.read().await?;
    let issue = issues::find(&mut connection, &organization.id, id)
        .await?
        .ok_or(ServiceError::NotFound { what: "issue" })?;
    let users = issues::users(&mut connection, id, None, false, TRIED).await?;
    let mut entries = Vec::with_capacity(users.len());
    for user in &users {
        entries.push(issues::latest_entry(&mut connection, &issue, &user.user_key).await?);
    }
    drop(connection);
    audit_dry_run(app, allowed, "issue.dry_run", Target::new("issue", id, id)).await?;
    let mut tried = Vec::with_capacity(users.len());
    for (user, log_id) in users.into_iter().zip(entries) {
        let (status, reason, text) = match &log_id {
            Some(log_id) => outcome(app, organization, log_id).await?,
            None => (None, None, "Its log entry is not kept any more.".to_owned()),
        };
        let is_refused = status.is_none_or(|status| status == Status::Failure);
        tried.push(UserDryRun {
            name: name_of(&user),
            user_name: user.user_name,
            log_id,
            status,
            text,
            is_put_right: !is_refused && reason.as_deref() != Some(issue.reason.as_str()),
        });
    }
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    Ok(IssueDryRun {
        put_right: count(tried.iter().filter(|user| user.is_put_right).count()),
        affected: u64::try_from(issue.users_affected).unwrap_or_default(),
        users: tried,
    })
}

/// How one request would end: the status, the reason code, and words for it.
async fn outcome(
    app: &App,
    organization: &OrganizationRef,
    log_id: &str,
) -> Result<(Option<Status>, Option<String>, String), ServiceError> {
    let logged = match find(app, organization, log_id).await? {
        Ok(logged) => logged,
        Err(why) => return Ok((None, None, why)),
    };
    let Some(Rehearsed { entry, .. }) = rehearse(app, logged).await? else {
        return Ok((None, None, NOTHING_NEW.to_owned()));
    };
    let remark = || entry.reason.and_then(Reason::from_code);
    let text = entry
        .detail
        .or_else(|| Some(remark()?.explanation().title.to_owned()));
    Ok((
        Status::parse(entry.status),
        entry.reason.map(str::to_owned),
        text.unwrap_or_default(),
    ))
}

/// The request of one entry, or why it cannot be tried.
async fn find(
    app: &App,
    organization: &OrganizationRef,
    id: &str,
) -> Result<Result<LoggedRequest, String>, ServiceError> {
    let mut connection = app.db.read().await?;
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
    if payload.is_cut {
        return Ok(Err(
            "What was sent is only known in part: it was cut after 64 KiB.".to_owned(),
        ));
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
    let status = Status::parse(entry.status)
        .ok_or_else(|| StoreError::Corrupt(format!("unknown status {}", entry.status)))?;
    let title = entry.reason.and_then(Reason::from_code);
    Ok(DryRunResult {
        at: moments.moment(moments.now()),
        status,
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
) -> Result<(), ServiceError> {
    let who = Who::of(allowed, app.clock.now());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                audit::record(tx, &who, action, &target, None, None).await?;
                Ok(())
            })
        })
        .await
}
