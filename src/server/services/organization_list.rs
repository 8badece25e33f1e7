//! Support's list of organizations: who needs help first?

use std::cmp::Ordering;
use std::collections::HashMap;

use super::health::{self, Facts, Refusal};
use super::moments::Moments;
use crate::model::health::Health;
use crate::model::organization::{
    OrganizationPage, OrganizationQuery, OrganizationRow, OrganizationSort,
};
use crate::model::page::{Count, Page};
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::clock::{DAY, Millis};
use crate::server::error::{ServiceError, StoreError};
use crate::server::scim::resource::case_key;
use crate::server::store::health::{self as store, Figures};
use crate::server::store::issues;
use crate::server::store::keyset::{self, From};
use crate::server::store::organizations::{self, Search, state_from_column};
use crate::server::store::sql::Connection;

/// Health and its figures follow from the log and change by themselves, so that no index orders them: at most so
/// many organizations are read, sorted and filtered here.
const READ_AT_MOST: i64 = 500;

/// A page of all organizations.
///
/// # Errors
/// As any read.
pub async fn list(
    app: &App,
    allowed: &Allowed,
    query: &OrganizationQuery,
) -> Result<OrganizationPage, ServiceError> {
    allowed.check(Permission::ListOrganizations)?;
    let moments = Moments::of(allowed, app.clock.now());
    let search = Search {
        prefix: case_key(query.search.trim()),
        state: query.state,
    };
    let from = From::new(query.after.as_deref(), query.before.as_deref());
    let mut connection = app.db.read().await?;
    let is_by_name = query.sort == OrganizationSort::Name;
    let (found, total, stopped_after) = if is_by_name && !query.needs_help {
        let keys = organizations::list(
            &mut connection,
            &search,
            &from,
            query.descending,
            keyset::FETCH,
        )
        .await?;
        let total = organizations::count(&mut connection, &search, keyset::COUNT_LIMIT + 1).await?;
        let found = judge_all(&mut connection, &keys, &moments).await?;
        (found, keyset::count(total), None)
    } else {
        let mut keys = organizations::list(
            &mut connection,
            &search,
            &From::Start,
            false,
            READ_AT_MOST + 1,
        )
        .await?;
        let limit = usize::try_from(READ_AT_MOST).unwrap_or(usize::MAX);
        let stopped_after = (keys.len() > limit).then(|| READ_AT_MOST.unsigned_abs());
        keys.truncate(limit);
        let mut found = judge_all(&mut connection, &keys, &moments).await?;
        found.retain(|found| !query.needs_help || found.health.state.needs_help());
        sort(&mut found, query);
        let counted = found.len() as u64;
        let total = match stopped_after {
            Some(_) => Count::MoreThan(counted),
            None => Count::Exactly(counted),
        };
        (cut(found, &from), total, stopped_after)
    };
    let page = Page::of(found, from.is_inside(), from.is_back(), total, |found| {
        found.figures.slug.clone()
    });
    let ids: Vec<&str> = page
        .items
        .iter()
        .map(|found| found.figures.id.as_str())
        .collect();
    let users: HashMap<String, i64> = store::count_users(&mut connection, &ids)
        .await?
        .into_iter()
        .collect();
    let issues: HashMap<String, i64> = issues::count_open(&mut connection, &ids)
        .await?
        .into_iter()
        .collect();
    drop(connection);
    let page = page.try_map(|found| {
        let Found { figures, health } = found;
        Ok::<_, ServiceError>(OrganizationRow {
            state: state_from_column(&figures.state)?,
            users: keyset::count(users.get(&figures.id).copied().unwrap_or_default()),
            failures: u64::try_from(figures.failures).unwrap_or_default(),
            open_issues: issues
                .get(&figures.id)
                .map_or(0, |open| open.unsigned_abs()),
            last_contact: figures.last_contact_at.map(|at| moments.moment(at)),
            slug: figures.slug,
            name: figures.name,
            health,
        })
    })?;
    Ok(OrganizationPage {
        page,
        stopped_after,
    })
}

/// How one organization is, with its figures; `None` when it is gone.
///
/// # Errors
/// As any read.
pub(super) async fn facts_of(
    connection: &mut Connection<'_>,
    organization_id: &str,
    now: Millis,
) -> Result<Option<(Figures, Facts)>, ServiceError> {
    let figures = store::list(connection, &[organization_id], now - DAY, now).await?;
    match figures.into_iter().next() {
        Some(figures) => {
            let facts = facts(connection, &figures).await?;
            Ok(Some((figures, facts)))
        }
        None => Ok(None),
    }
}

struct Found {
    figures: Figures,
    health: Health,
}

/// The organizations of `keys` (id and slug), in their order.
async fn judge_all(
    connection: &mut Connection<'_>,
    keys: &[(String, String)],
    moments: &Moments,
) -> Result<Vec<Found>, ServiceError> {
    let ids: Vec<&str> = keys.iter().map(|(id, _)| id.as_str()).collect();
    let mut figures: HashMap<String, Figures> =
        store::list(connection, &ids, moments.now() - DAY, moments.now())
            .await?
            .into_iter()
            .map(|figures| (figures.id.clone(), figures))
            .collect();
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(figures) = figures.remove(id) {
            let facts = facts(connection, &figures).await?;
            let health = health::decide(&facts, moments);
            found.push(Found { figures, health });
        }
    }
    Ok(found)
}

async fn facts(connection: &mut Connection<'_>, figures: &Figures) -> Result<Facts, ServiceError> {
    let refused = figures
        .last_refused()
        .filter(|(at, _)| figures.last_used_at.is_none_or(|used| *at >= used));
    // Exactly when the last request was accepted matters only where another one was refused about then.
    let last_accepted_at = match (figures.last_used_at, refused) {
        (Some(used), Some(_)) => Some(store::last_accepted(connection, &figures.id, used).await?),
        (used, _) => used,
    };
    let refusal = match refused {
        Some((at, reason)) if last_accepted_at.is_none_or(|accepted| at > accepted) => {
            let after = last_accepted_at.unwrap_or_default();
            let since = store::first_refused(connection, &figures.id, after).await?;
            Some(Refusal {
                since: since.unwrap_or(at),
                reason,
                token: store::refused_token(connection, &figures.id, reason, at).await?,
            })
        }
        _ => None,
    };
    Ok(Facts {
        state: state_from_column(&figures.state)?,
        state_changed_at: figures.state_changed_at,
        has_tokens: figures.tokens > 0,
        has_valid_token: figures.valid_tokens > 0,
        last_contact_at: figures.last_contact_at,
        last_accepted_at,
        refusal,
        failures: Count::Exactly(
            u64::try_from(figures.failures)
                .map_err(|_| StoreError::Corrupt(format!("{} failures", figures.failures)))?,
        ),
    })
}

fn sort(found: &mut [Found], query: &OrganizationQuery) {
    let compare = |a: &Found, b: &Found| -> Ordering {
        let (a, b) = (&a.figures, &b.figures);
        match query.sort {
            OrganizationSort::Name => Ordering::Equal,
            OrganizationSort::LastContact => a.last_contact_at.cmp(&b.last_contact_at),
            OrganizationSort::Failures => a.failures.cmp(&b.failures),
        }
    };
    // They come in the order of their names, and a stable sort keeps it among equals.
    if query.descending && query.sort == OrganizationSort::Name {
        found.reverse();
    } else if query.descending {
        found.sort_by(|a, b| compare(b, a));
    } else {
        found.sort_by(compare);
    }
}

/// What a page from `from` is made of: at most one more than it shows, in the direction of reading.
fn cut(mut found: Vec<Found>, from: &From) -> Vec<Found> {
    let place = |slug: &str| found.iter().position(|found| found.figures.slug == slug);
    match from {
        From::Start => {}
        From::After(slug) => {
            let start = place(slug).map_or(0, |at| at + 1);
            found.drain(..start);
        }
        From::Before(slug) => {
            let end = place(slug).unwrap_or(0);
            found.truncate(end);
            found.reverse();
        }
    }
    found.truncate(usize::try_from(keyset::FETCH).unwrap_or(usize::MAX));
    found
}
