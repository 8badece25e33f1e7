//! What is known of organizations, gathered for [`super::health`]: a few questions, however many they are.

use std::collections::HashMap;

use super::health::{CurrentToken, Facts, Held, Refusal, SILENCE, Worst, may_be_thinned};
use crate::model::page::Count;
use crate::server::clock::{DAY, MINUTE, Millis};
use crate::server::error::ServiceError;
use crate::server::scim::reason::Reason;
use crate::server::store::cycles;
use crate::server::store::health::{self as store, Asked, Figures, Wanted};
use crate::server::store::keyset::COUNT_LIMIT;
use crate::server::store::leases;
use crate::server::store::sql::Connection;

/// The lease by which one replica at a time watches over the organizations.
pub const WATCH: &str = "health";
/// Since when that has been done without a break.
pub const WATCHED_SINCE: &str = "health_since";

/// Affected users, or held ones, that are counted for an organization of a list.
const LISTED_USERS: i64 = 1_000;
/// Entra disables a job after so long a quarantine: earlier cycles say nothing.
const LOOKED_BACK: Millis = 29 * DAY;

/// Of which organizations.
#[derive(Debug, Clone, Copy)]
pub enum About<'i> {
    /// One, with exact counts for its own page.
    One(&'i str),
    /// Those of a list.
    These(&'i [&'i str]),
    /// All of them. What only pages show is not counted.
    All,
}

/// Figures and facts of organizations, in no order; of one that is gone there are none.
///
/// # Errors
/// As any read.
pub async fn gather(
    connection: &mut Connection<'_>,
    about: About<'_>,
    now: Millis,
) -> Result<Vec<(Figures, Facts)>, ServiceError> {
    let one;
    let (ids, failures_since, users) = match about {
        About::One(id) => {
            one = [id];
            (Some(one.as_slice()), now - DAY, COUNT_LIMIT)
        }
        About::These(ids) => (Some(ids), now - DAY, LISTED_USERS),
        About::All => (None, Millis::MAX, 0),
    };
    let wanted = Wanted {
        ids,
        failures_since,
        users,
        held: users.max(LISTED_USERS),
    };
    let figures = store::list(connection, wanted, now).await?;
    let mut refusals = refusals(connection, &figures).await?;
    let mut thinned = thinned(connection, &figures, now).await?;
    let mut worst: HashMap<String, Worst> = cycles::failing(connection, now - DAY)
        .await?
        .into_iter()
        .map(|(id, failures, changes)| {
            (
                id,
                Worst {
                    failures: failures.unsigned_abs(),
                    changes: changes.unsigned_abs(),
                },
            )
        })
        .collect();
    let heard_since = leases::find(connection, WATCHED_SINCE)
        .await?
        // A clock that was ahead has left it.
        .filter(|since| *since <= now)
        .unwrap_or_default();
    Ok(figures
        .into_iter()
        .map(|figures| {
            let (last_accepted_at, refusal) = refusals
                .remove(&figures.id)
                .unwrap_or((figures.last_used_at, None));
            let facts = Facts {
                state: figures.state,
                state_changed_at: figures.state_changed_at,
                has_tokens: figures.tokens > 0,
                has_valid_token: figures.valid_tokens > 0,
                token: current_token(&figures),
                last_contact_at: figures.last_contact_at,
                last_accepted_at,
                refusal,
                silence: figures
                    .silence_minutes
                    .map_or(SILENCE, |minutes| minutes * MINUTE),
                heard_since,
                thinned: thinned.remove(&figures.id).unwrap_or_default(),
                worst: worst.remove(&figures.id),
                is_lost: figures.lost_at.is_some() && figures.lost_at == figures.last_contact_at,
                open_issues: figures.open_issues.unsigned_abs(),
                affected_users: up_to(figures.affected_users, users),
                held: figures.held_since.map(|since| Held {
                    users: up_to(figures.held, wanted.held),
                    since,
                }),
                users: None,
                is_first_cycle: false,
            };
            (figures, facts)
        })
        .collect())
}

/// When each was last accepted, and how it has been refused since; of those only that were refused about then or
/// later. Exactly when a request was accepted matters only there.
async fn refusals(
    connection: &mut Connection<'_>,
    figures: &[Figures],
) -> Result<HashMap<String, (Option<Millis>, Option<Refusal>)>, ServiceError> {
    let asked: Vec<Asked<'_>> = figures
        .iter()
        .filter_map(|figures| {
            let (at, reason) = figures.last_refused()?;
            let is_later = figures.last_used_at.is_none_or(|used| at >= used);
            is_later.then_some(Asked {
                organization_id: &figures.id,
                last_used_at: figures.last_used_at,
                at,
                reason,
            })
        })
        .collect();
    let latest: HashMap<&str, (Millis, Reason)> = asked
        .iter()
        .map(|asked| (asked.organization_id, (asked.at, asked.reason)))
        .collect();
    let known = store::refusals(connection, &asked).await?;
    Ok(known
        .into_iter()
        .filter_map(|known| {
            let (at, reason) = *latest.get(known.organization_id.as_str())?;
            let is_refused = known.accepted_at.is_none_or(|accepted| at > accepted);
            let refusal = is_refused.then(|| Refusal {
                since: known.since.unwrap_or(at),
                reason,
                token: known.token,
            });
            Some((known.organization_id, (known.accepted_at, refusal)))
        })
        .collect())
}

/// When cycles began, of those organizations whose latest three may be a day apart.
async fn thinned(
    connection: &mut Connection<'_>,
    figures: &[Figures],
    now: Millis,
) -> Result<HashMap<String, Vec<Millis>>, ServiceError> {
    let ids: Vec<&str> = figures
        .iter()
        .filter(|figures| {
            figures
                .third_cycle_at
                .is_some_and(|third| may_be_thinned(third, now))
        })
        .map(|figures| figures.id.as_str())
        .collect();
    let mut found: HashMap<String, Vec<Millis>> = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(cycles::CHUNK) {
        for (id, started_at) in cycles::starts(connection, ids, now - LOOKED_BACK).await? {
            found.entry(id).or_default().push(started_at);
        }
    }
    Ok(found)
}

fn current_token(figures: &Figures) -> Option<CurrentToken> {
    Some(CurrentToken {
        id: figures.token_id.clone()?,
        name: figures.token_name.clone()?,
        created_at: figures.token_created_at?,
        expires_at: figures.token_expires_at?,
        has_successor: figures.token_successor_id.is_some(),
    })
}

fn up_to(counted: i64, limit: i64) -> Count {
    let (counted, limit) = (counted.unsigned_abs(), limit.unsigned_abs());
    if counted > limit {
        Count::MoreThan(limit)
    } else {
        Count::Exactly(counted)
    }
}
