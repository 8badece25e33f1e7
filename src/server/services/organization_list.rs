//! Support's list of organizations: who needs help first?

use std::cmp::Ordering;
use std::collections::HashMap;

use super::health;
use super::health_facts::{self, About};
use super::moments::Moments;
use crate::model::health::{Health, NEEDS_HELP_BELOW};
use crate::model::organization::{
    OrganizationPage, OrganizationQuery, OrganizationRow, OrganizationSort,
};
use crate::model::page::{Count, Page};
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::error::ServiceError;
use crate::server::scim::resource::case_key;
use crate::server::store::health::{self as store, Figures};
use crate::server::store::issues;
use crate::server::store::keyset::{self, From};
use crate::server::store::organizations::{self, Order, Search};
use crate::server::store::sql::Connection;

/// Last contact and failures follow from the log and change by themselves, so that no index orders them: at most so
/// many organizations are read and sorted here. Health is noted once a minute, and orders by an index.
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
        health_below: query.needs_help.then_some(NEEDS_HELP_BELOW),
    };
    let from = From::new(query.after.as_deref(), query.before.as_deref());
    let mut connection = app.db.read().await?;
    let order = match query.sort {
        OrganizationSort::Health => Some(Order::Health),
        OrganizationSort::Name => Some(Order::Name),
        OrganizationSort::LastContact | OrganizationSort::Failures => None,
    };
    let (found, total, stopped_after) = if let Some(order) = order {
        let order = (order, query.descending);
        let keys =
            organizations::list(&mut connection, &search, &from, order, keyset::FETCH).await?;
        let total = organizations::count(&mut connection, &search, keyset::COUNT_LIMIT + 1).await?;
        let found = judge_all(&mut connection, &keys, &moments).await?;
        (found, keyset::count(total), None)
    } else {
        let mut keys = organizations::list(
            &mut connection,
            &search,
            &From::Start,
            (Order::Name, false),
            READ_AT_MOST + 1,
        )
        .await?;
        let limit = usize::try_from(READ_AT_MOST).unwrap_or(usize::MAX);
        let stopped_after = (keys.len() > limit).then(|| READ_AT_MOST.unsigned_abs());
        keys.truncate(limit);
        let mut found = judge_all(&mut connection, &keys, &moments).await?;
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
    let page = counted(&mut connection, page, &moments).await?;
    Ok(OrganizationPage {
        page,
        stopped_after,
    })
}

/// The rows of a page, with what is counted only for those that are shown.
async fn counted(
    connection: &mut Connection<'_>,
    page: Page<Found>,
    moments: &Moments,
) -> Result<Page<OrganizationRow>, ServiceError> {
    let ids: Vec<&str> = page
        .items
        .iter()
        .map(|found| found.figures.id.as_str())
        .collect();
    let users: HashMap<String, i64> = store::count_users(connection, &ids)
        .await?
        .into_iter()
        .collect();
    let issues: HashMap<String, i64> = issues::count_open(connection, &ids)
        .await?
        .into_iter()
        .collect();
    Ok(page.map(|found| {
        let Found { figures, health } = found;
        OrganizationRow {
            state: figures.state,
            users: keyset::count(users.get(&figures.id).copied().unwrap_or_default()),
            failures: u64::try_from(figures.failures).unwrap_or_default(),
            open_issues: issues
                .get(&figures.id)
                .map_or(0, |open| open.unsigned_abs()),
            last_contact: figures.last_contact_at.map(|at| moments.moment(at)),
            slug: figures.slug,
            name: figures.name,
            health,
        }
    }))
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
    let mut gathered: HashMap<String, Found> =
        health_facts::gather(connection, About::These(&ids), moments.now())
            .await?
            .into_iter()
            .map(|(figures, facts)| {
                let health = health::decide(&facts, moments);
                (figures.id.clone(), Found { figures, health })
            })
            .collect();
    Ok(ids
        .into_iter()
        .filter_map(|id| gathered.remove(id))
        .collect())
}

fn sort(found: &mut [Found], query: &OrganizationQuery) {
    let compare = |a: &Found, b: &Found| -> Ordering {
        let (a, b) = (&a.figures, &b.figures);
        if query.sort == OrganizationSort::Failures {
            a.failures.cmp(&b.failures)
        } else {
            a.last_contact_at.cmp(&b.last_contact_at)
        }
    };
    // They come in the order of their names, and a stable sort keeps it among equals.
    if query.descending {
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
