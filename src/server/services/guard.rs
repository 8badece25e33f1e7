//! The accidental-deletion guard as an organization's Admin sets it and decides about whom it holds. What it does to a
//! request stands in `provisioning::guard`.

use serde_json::{Value, json};

use crate::model::guard::{ALLOWED_DAYS, Decision, Guard, HeldUser};
use crate::model::log::Action;
use crate::model::page::Page;
use crate::server::App;
use crate::server::actor::{Allowed, OrganizationRef, Permission};
use crate::server::clock::{DAY, Millis};
use crate::server::error::{ServiceError, StoreError};
use crate::server::services::audit::{self, Target, Who};
use crate::server::services::moments::Moments;
use crate::server::services::to_the_end::{go_on, to_the_end};
use crate::server::store::guard::{self as store, Held, Word};
use crate::server::store::keyset::{self, TimeCursor};

/// The largest limit that can be set.
const LIMIT: i64 = 1_000_000;

/// How the guard is set and a page of those whom it holds; `after` and `before` are places in their list.
///
/// # Errors
/// As any read.
pub async fn get(
    app: &App,
    allowed: &Allowed,
    after: Option<&str>,
    before: Option<&str>,
) -> Result<Guard, ServiceError> {
    let organization = allowed.check_in(Permission::ReadUsers)?;
    let moments = Moments::of(allowed, app.clock.now());
    let mut connection = app.db.read().await?;
    let limit = store::limit(&mut connection, &organization.id).await?;
    let figures = store::figures(&mut connection, &organization.id).await?;
    let total = store::count_held(&mut connection, &organization.id).await?;
    let back = after.is_none() && before.is_some();
    let cursor = after.or(before).and_then(TimeCursor::parse);
    let held = store::list(
        &mut connection,
        &organization.id,
        cursor.as_ref(),
        back,
        keyset::FETCH,
    )
    .await?;
    let held = Page::of(held, cursor.is_some(), back, keyset::count(total), |held| {
        let (at, id) = (held.first_held_at, held.user_id.clone());
        TimeCursor { at, id }.to_string()
    });
    Ok(Guard {
        limit: limit.and_then(|limit| u64::try_from(limit).ok()),
        waiting: keyset::count(figures.waiting),
        kept: keyset::count(figures.kept),
        held: held.try_map(|held| shown(held, &moments))?,
        read_at: moments.now(),
    })
}

/// How many users may lose access in one cycle; `None` while the guard is off.
///
/// # Errors
/// As any read.
pub async fn limit(app: &App, allowed: &Allowed) -> Result<Option<i64>, ServiceError> {
    let organization = allowed.check_in(Permission::ManageGuard)?;
    let mut connection = app.db.read_by_key().await?;
    Ok(store::limit(&mut connection, &organization.id).await?)
}

fn shown(held: Held, moments: &Moments) -> Result<HeldUser, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("hold of {}: {what}", held.user_id));
    let user_name = held.user_name.clone().unwrap_or_default();
    Ok(HeldUser {
        name: held
            .label
            .clone()
            .filter(|label| !label.is_empty())
            .unwrap_or_else(|| user_name.clone()),
        user_name,
        action: Action::parse(&held.action).ok_or_else(|| corrupt("action"))?,
        first_held: moments.moment(held.first_held_at),
        last_held: moments.moment(held.last_held_at),
        attempts: u64::try_from(held.attempts).map_err(|_| corrupt("attempts"))?,
        log_id: held.log_id.clone(),
        decision: effective(&held, moments.now())?,
        allowed_until: held.allowed_until.map(|until| moments.moment(until)),
        user_id: held.user_id,
    })
}

/// What was allowed and not tried in time waits again.
fn effective(held: &Held, now: Millis) -> Result<Decision, StoreError> {
    let decision = held.decision()?;
    let is_over = held.allowed_until.is_some_and(|until| until <= now);
    Ok(if is_over { Decision::Waiting } else { decision })
}

/// Sets how many users may lose access in one cycle; `None` turns the guard off, and lets pass whom it holds.
///
/// # Errors
/// `Invalid` for a limit that is none; `NotFound` when the organization is gone.
pub async fn set_limit(
    app: &App,
    allowed: &Allowed,
    limit: Option<i64>,
) -> Result<(), ServiceError> {
    let organization = allowed.check_in(Permission::ManageGuard)?.clone();
    if limit.is_some_and(|limit| !(1..=LIMIT).contains(&limit)) {
        return Err(ServiceError::invalid(
            "removal_limit",
            "Give a whole number of users, from 1 to 1,000,000.",
        ));
    }
    let now = app.clock.now();
    let (tasks, app, who) = (app.tasks.clone(), app.clone(), Who::of(allowed, now));
    to_the_end(tasks, "setting the guard's limit", async move {
        // Whom it held when it was last turned off, should the service have ended then.
        let_go(&app, &organization.id).await?;
        set(&app, who, organization.clone(), limit, now).await?;
        let_go(&app, &organization.id).await?;
        Ok::<_, ServiceError>(())
    })
    .await
}

async fn set(
    app: &App,
    who: Who,
    organization: OrganizationRef,
    limit: Option<i64>,
    now: Millis,
) -> Result<(), StoreError> {
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let before = store::limit_locked(tx, &organization.id).await?;
                if before == limit {
                    return Ok(());
                }
                store::set_limit(tx, &organization.id, limit, now).await?;
                let target = Target::new("organization", &organization.id, &organization.name);
                let (before, after) = (limit_json(before), limit_json(limit));
                audit::record(tx, &who, "guard.set", &target, Some(before), Some(after)).await?;
                Ok(())
            })
        })
        .await
}

/// Lets go of all who are held while the guard is off, some at a time.
async fn let_go(app: &App, organization_id: &str) -> Result<(), StoreError> {
    loop {
        let organization_id = organization_id.to_owned();
        let is_more: bool = app
            .db
            .write::<_, StoreError, _>(move |tx| {
                Box::pin(async move { store::let_go(tx, &organization_id).await })
            })
            .await?;
        if !is_more {
            return Ok(());
        }
        go_on(app)?;
    }
}

fn limit_json(limit: Option<i64>) -> Value {
    json!({ "removal_limit": limit.map_or(json!("off"), |limit| json!(limit)) })
}

/// Decides about all whom a list that was read at `read_at` could show. What is allowed may be tried for
/// [`ALLOWED_DAYS`]; whoever is kept stays held, and can be allowed later.
///
/// # Errors
/// `Conflict` when nobody is held any more, or the same was decided already.
pub async fn decide(
    app: &App,
    allowed: &Allowed,
    decision: Decision,
    read_at: Millis,
) -> Result<(), ServiceError> {
    let organization = allowed.check_in(Permission::ManageGuard)?.clone();
    let now = app.clock.now();
    let (action, until) = match decision {
        Decision::Allowed => ("guard.allow", Some(now + ALLOWED_DAYS * DAY)),
        Decision::Kept => ("guard.keep", None),
        Decision::Waiting => {
            return Err(ServiceError::invalid(
                "decision",
                "Choose Allow or Keep holding.",
            ));
        }
    };
    let word = Word {
        organization_id: organization.id.clone(),
        held_up_to: read_at,
        decision,
        allowed_until: until,
    };
    let (tasks, app, who) = (app.tasks.clone(), app.clone(), Who::of(allowed, now));
    to_the_end(tasks, "deciding about held users", async move {
        // What is over is open to a new decision at once, not when the watch comes by.
        end_allowances(&app, now).await?;
        let mut decided = 0;
        let ended = decide_all(&app, &word, &mut decided).await;
        if decided > 0 {
            note(&app, who, organization, action, decided).await?;
        }
        ended?;
        if decided == 0 {
            return Err(ServiceError::conflict(
                "Nobody waits for this decision any more: somebody else has decided, or the users have \
                 passed. The list below is as it is now.",
            ));
        }
        Ok(())
    })
    .await
}

/// Lets those wait for a decision again who were allowed and did not try in time, in all organizations.
///
/// # Errors
/// When the database fails.
pub async fn end_allowances(app: &App, now: Millis) -> Result<(), StoreError> {
    let mut connection = app.db.read().await?;
    while store::is_allowance_over(&mut connection, now).await? {
        app.db
            .write::<_, StoreError, _>(move |tx| {
                Box::pin(async move { store::wait_again(tx, now).await })
            })
            .await?;
        go_on(app)?;
    }
    Ok(())
}

/// Decides about some at a time, and counts them.
async fn decide_all(app: &App, word: &Word, decided: &mut u64) -> Result<(), StoreError> {
    let mut after = TimeCursor::first_at(Millis::MIN);
    loop {
        let word = word.clone();
        let batch: Option<(u64, TimeCursor)> = app
            .db
            .write::<_, StoreError, _>(move |tx| {
                Box::pin(async move { store::decide(tx, &word, &after).await })
            })
            .await?;
        let Some((some, last)) = batch else {
            return Ok(());
        };
        *decided += some;
        after = last;
        go_on(app)?;
    }
}

/// Puts into the audit log what was decided about how many.
async fn note(
    app: &App,
    who: Who,
    organization: OrganizationRef,
    action: &'static str,
    decided: u64,
) -> Result<(), StoreError> {
    let live = app.live.clone();
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let target = Target::new("organization", &organization.id, &organization.name);
                let after = json!({ "users": decided });
                audit::record(tx, &who, action, &target, None, Some(after)).await?;
                tx.after_commit(move || live.grown(&organization.id));
                Ok(())
            })
        })
        .await
}
