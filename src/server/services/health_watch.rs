//! The watch over all organizations: counts their cycles, opens and ends their problems, and notes who needs help
//! first. One replica at a time does it, once a minute, in a few questions for all of them together.

use std::collections::{BTreeMap, HashMap};

use jiff::tz::TimeZone;

use super::guard;
use super::health::{self, Facts};
use super::health_facts::{self, About, WATCH, WATCHED_SINCE};
use super::moments::Moments;
use super::problems::{self, Found};
use crate::server::App;
use crate::server::clock::{DAY, HOUR, MINUTE, Millis, SECOND};
use crate::server::error::{ServiceError, StoreError};
use crate::server::ids;
use crate::server::store::cycles::{self, Known};
use crate::server::store::health::{self as store, Figures};
use crate::server::store::leases;
use crate::server::store::problems::{self as problem_store, Problem};

/// A little less than the interval, so that the replica that ran last may run again.
const LEASE: Millis = 50 * SECOND;
/// After a longer pause nobody could be heard, and silence begins anew.
const PAUSE: Millis = HOUR;
/// Requests may come so much later to the log.
const LATE: Millis = MINUTE;

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Watched {
    pub organizations: usize,
    pub cycles: usize,
    pub began: usize,
    pub ended: usize,
}

/// Runs if no other replica has in this minute.
///
/// # Errors
/// When the database fails; the next run does what this one has not.
pub async fn run_claimed(app: &App) -> Result<Option<Watched>, ServiceError> {
    let now = app.clock.now();
    let is_ours: bool = app
        .db
        .write::<_, StoreError, _>(move |tx| {
            Box::pin(async move {
                let last = leases::find(tx, WATCH).await?;
                let claimed = leases::claim(tx, WATCH, now, now + LEASE).await?;
                let unbroken = |last| (now - PAUSE..=now + LEASE).contains(&last);
                if claimed && !last.is_some_and(unbroken) {
                    leases::set(tx, WATCHED_SINCE, now).await?;
                }
                Ok(claimed)
            })
        })
        .await?;
    if is_ours {
        run(app).await.map(Some)
    } else {
        Ok(None)
    }
}

/// Runs, whoever else does: what is stored twice is stored once.
///
/// # Errors
/// As [`run_claimed`].
pub async fn run(app: &App) -> Result<Watched, ServiceError> {
    let now = app.clock.now();
    let cycles = count_cycles(app, now).await?;
    guard::end_allowances(app, now).await?;
    let mut connection = app.db.read().await?;
    let found = health_facts::gather(&mut connection, About::All, now).await?;
    let open = problem_store::open(&mut connection).await?;
    drop(connection);
    let (began, ended) = difference(&found, open, now);
    let orders = orders(&found, now);
    let watched = Watched {
        organizations: found.len(),
        cycles,
        began: began.len(),
        ended: ended.len(),
    };
    if !began.is_empty() || !ended.is_empty() || !orders.is_empty() {
        app.db
            .write::<_, StoreError, _>(move |tx| {
                Box::pin(async move {
                    problem_store::end(tx, &ended, now).await?;
                    problem_store::begin(tx, &began).await?;
                    for (order, ids) in orders {
                        store::set_order(tx, order, &ids).await?;
                    }
                    Ok(())
                })
            })
            .await?;
    }
    Ok(watched)
}

/// Counts the cycles that have grown; answers how many.
async fn count_cycles(app: &App, now: Millis) -> Result<usize, StoreError> {
    let mut connection = app.db.read().await?;
    let known = cycles::known(&mut connection).await?;
    let due: Vec<(&str, Millis)> = known
        .iter()
        .filter(|known| is_due(known, now))
        .map(|known| {
            // Of what came before there were cycles, a day is enough.
            let since = known.started_at.unwrap_or(now - DAY);
            (known.organization_id.as_str(), since)
        })
        .collect();
    let mut counted = 0;
    for due in due.chunks(cycles::CHUNK) {
        let found = cycles::count(&mut connection, due, now).await?;
        counted += found.len();
        app.db
            .write::<_, StoreError, _>(move |tx| {
                Box::pin(async move { cycles::keep(tx, &found).await })
            })
            .await?;
    }
    Ok(counted)
}

/// Whether an organization has a cycle that may have grown since it was counted. A long one is counted the more
/// seldom the longer it is, so that counting never takes more than a small part of the time.
fn is_due(known: &Known, now: Millis) -> bool {
    let (Some(counted_at), Some(requests)) = (known.counted_at, known.requests) else {
        return true;
    };
    // A clock that was ahead has counted it.
    counted_at > now || (known.last_at >= counted_at - LATE && counted_at + requests <= now)
}

/// Problems to open, and the ids of those that are over.
fn difference(
    found: &[(Figures, Facts)],
    open: Vec<Problem>,
    now: Millis,
) -> (Vec<Problem>, Vec<String>) {
    let mut open_of: HashMap<String, Vec<Problem>> = HashMap::new();
    for problem in open {
        open_of
            .entry(problem.organization_id.clone())
            .or_default()
            .push(problem);
    }
    let (mut began, mut ended) = (Vec::new(), Vec::new());
    for (figures, facts) in found {
        let open = open_of.remove(&figures.id).unwrap_or_default();
        let present = problems::present(facts, now);
        ended.extend(
            open.iter()
                .filter(|open| {
                    !present
                        .iter()
                        .any(|found| found.keeps(&open.kind, &open.subject))
                })
                .map(|open| open.id.clone()),
        );
        let is_open = |found: &Found| {
            open.iter()
                .any(|open| found.kind.as_str() == open.kind && found.subject == open.subject)
        };
        began.extend(
            present
                .into_iter()
                .filter(|found| !is_open(found))
                .map(|found| Problem {
                    id: ids::new_id(now),
                    organization_id: figures.id.clone(),
                    kind: found.kind.as_str().to_owned(),
                    subject: found.subject,
                    began_at: found.began_at,
                    ended_at: None,
                    detail: found.detail,
                }),
        );
    }
    // Of organizations that are gone.
    ended.extend(open_of.into_values().flatten().map(|open| open.id));
    (began, ended)
}

/// The organizations whose place among others has changed, by their new one.
fn orders(found: &[(Figures, Facts)], now: Millis) -> BTreeMap<u8, Vec<String>> {
    let moments = Moments::new(now, TimeZone::UTC);
    let mut changed: BTreeMap<u8, Vec<String>> = BTreeMap::new();
    for (figures, facts) in found {
        let order = health::decide(facts, &moments).order();
        if i64::from(order) != figures.health_order {
            changed.entry(order).or_default().push(figures.id.clone());
        }
    }
    changed
}
