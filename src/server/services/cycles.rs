//! The cycles of one organization, as its overview shows them.

use super::health::{INTERVAL, quarantined_since};
use super::moments::Moments;
use crate::model::cycle::{CycleColumn, CycleProgress, Cycles, LatestCycle};
use crate::model::page::Count;
use crate::server::clock::{DAY, MINUTE, Millis};
use crate::server::error::StoreError;
use crate::server::store::cycles::{self as store, Cycle};
use crate::server::store::provisioning_logs::CYCLE_GAP;
use crate::server::store::sql::Connection;

/// Cycles in the strip.
const SHOWN: i64 = 24;
/// Heights of a column that has changes.
const LEVELS: u64 = 7;
/// A cycle with fewer requests is counted as of now; a longer one as of the last minute.
const COUNTED_AT_ONCE: i64 = 5_000;
/// What has run for a shorter time tells no rate.
const RATED_AFTER: Millis = MINUTE;

/// Whom a cycle that goes through everybody will ask about.
#[derive(Debug, Clone, Copy)]
pub struct Everybody {
    /// As an Admin says.
    pub expected: Option<u64>,
    pub known: Count,
}

/// How often Entra is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rhythm {
    Usual,
    /// As in quarantine.
    Daily,
}

impl Rhythm {
    /// By when the cycles began, newest first.
    #[must_use]
    pub fn of(starts: &[Millis], now: Millis) -> Self {
        match quarantined_since(starts, now) {
            Some(_) => Self::Daily,
            None => Self::Usual,
        }
    }

    fn interval(self) -> (Millis, &'static str) {
        match self {
            Self::Usual => (INTERVAL, "every 40 min"),
            Self::Daily => (DAY, "once a day"),
        }
    }
}

impl Everybody {
    fn users(self) -> Option<u64> {
        match (self.expected, self.known) {
            (Some(expected), _) => Some(expected),
            (None, Count::Exactly(known)) if known > 0 => Some(known),
            (None, _) => None,
        }
    }
}

/// The latest cycles, newest first, with what has come since the watch last counted.
///
/// # Errors
/// As any read.
pub async fn latest(
    connection: &mut Connection<'_>,
    organization_id: &str,
    now: Millis,
) -> Result<Vec<Cycle>, StoreError> {
    let mut cycles = store::latest(connection, organization_id, SHOWN).await?;
    let since = match cycles.first() {
        Some(latest) if latest.requests >= COUNTED_AT_ONCE => return Ok(cycles),
        Some(latest) => latest.started_at,
        // What the watch has not seen yet is younger than its interval.
        None => now - CYCLE_GAP,
    };
    for counted in store::count(connection, &[(organization_id, since)], now).await? {
        match cycles.iter_mut().find(|cycle| cycle.id == counted.id) {
            Some(known) if counted.requests > known.requests => *known = counted,
            Some(_) => {}
            None if counted.calls > 0 => cycles.push(counted),
            None => {}
        }
    }
    cycles.sort_by_key(|cycle| std::cmp::Reverse(cycle.started_at));
    cycles.truncate(usize::try_from(SHOWN).unwrap_or(usize::MAX));
    Ok(cycles)
}

/// Entra's next cycle, by the latest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// When it is expected.
    pub at: Millis,
    pub rhythm: Rhythm,
    /// When Entra called last.
    pub called_at: Millis,
}

impl Next {
    fn of(cycles: &[Cycle], rhythm: Rhythm) -> Option<Self> {
        let latest = cycles.first()?;
        let (interval, _) = rhythm.interval();
        Some(Self {
            at: (latest.started_at + interval).max(latest.last_at),
            rhythm,
            called_at: latest.last_at,
        })
    }

    /// Whether Entra has let it pass.
    #[must_use]
    pub fn is_overdue(self, now: Millis) -> bool {
        now > self.at + CYCLE_GAP
    }
}

/// Entra's next cycle; `None` where it has not called so far.
///
/// # Errors
/// As any read.
pub async fn next(
    connection: &mut Connection<'_>,
    organization_id: &str,
    now: Millis,
) -> Result<Option<Next>, StoreError> {
    let cycles = latest(connection, organization_id, now).await?;
    let starts: Vec<Millis> = cycles.iter().map(|cycle| cycle.started_at).collect();
    Ok(Next::of(&cycles, Rhythm::of(&starts, now)))
}

/// In words and figures. Without a rhythm Entra is not expected to come again.
#[must_use]
pub fn shown(
    cycles: &[Cycle],
    everybody: Everybody,
    rhythm: Option<Rhythm>,
    moments: &Moments,
) -> Cycles {
    let now = moments.now();
    let most = cycles.iter().map(|cycle| cycle.changes).max().unwrap_or(0);
    Cycles {
        past: cycles
            .iter()
            .rev()
            .map(|cycle| column(cycle, most.unsigned_abs(), moments))
            .collect(),
        since: cycles
            .last()
            .map(|first| moments.moment(first.started_at).relative),
        latest: cycles
            .split_first()
            .map(|(latest, before)| of_latest(latest, before, everybody, moments)),
        next: rhythm
            .and_then(|rhythm| Next::of(cycles, rhythm))
            .map(|next| {
                let (_, often) = next.rhythm.interval();
                if next.is_overdue(now) {
                    format!("overdue since {}", moments.clock(next.at))
                } else {
                    format!("about {}, {often}", moments.hour(next.at))
                }
            }),
    }
}

/// Whether the initial cycle is the latest and still runs.
pub fn is_first_running(cycles: &[Cycle], now: Millis) -> bool {
    cycles
        .first()
        .is_some_and(|latest| latest.is_initial && is_running(latest, now))
}

fn is_running(cycle: &Cycle, now: Millis) -> bool {
    now - cycle.last_at <= CYCLE_GAP
}

fn column(cycle: &Cycle, most: u64, moments: &Moments) -> CycleColumn {
    let changes = cycle.changes.unsigned_abs();
    let level = (changes * LEVELS).div_ceil(most.max(1)).min(LEVELS);
    let hour = moments.hour(cycle.started_at);
    CycleColumn {
        id: cycle.id.clone(),
        began: if moments.now() - cycle.started_at < DAY {
            hour
        } else {
            format!("{}, {hour}", moments.day(cycle.started_at))
        },
        changes,
        failures: cycle.failures.unsigned_abs(),
        level: u8::try_from(level).unwrap_or(u8::MAX),
        is_initial: cycle.is_initial,
        is_running: is_running(cycle, moments.now()),
    }
}

fn of_latest(
    cycle: &Cycle,
    before: &[Cycle],
    everybody: Everybody,
    moments: &Moments,
) -> LatestCycle {
    let is_running = is_running(cycle, moments.now());
    LatestCycle {
        id: cycle.id.clone(),
        started: moments.moment(cycle.started_at),
        ended: moments.moment(cycle.last_at),
        is_running,
        is_initial: cycle.is_initial,
        changes: cycle.changes.unsigned_abs(),
        failures: cycle.failures.unsigned_abs(),
        users: cycle.users.unsigned_abs(),
        progress: is_running
            .then(|| progress(cycle, before, everybody, moments))
            .flatten(),
    }
}

/// The initial cycle goes through everybody. A later one brings what has changed, about as much as they usually do; one
/// that brings more than that goes through everybody again.
fn progress(
    cycle: &Cycle,
    before: &[Cycle],
    everybody: Everybody,
    moments: &Moments,
) -> Option<CycleProgress> {
    let users = cycle.users.unsigned_abs();
    let usual = usual(before).filter(|usual| !cycle.is_initial && users <= *usual);
    let expected = usual.or_else(|| everybody.users())?;
    // While everybody is being made, everybody known is everybody seen.
    if users == 0 || cycle.is_initial && everybody.expected.is_none() && users >= expected {
        return None;
    }
    let (elapsed, users_then) = (cycle.last_at - cycle.started_at, cycle.users);
    let is_rated = elapsed >= RATED_AFTER && users_then > 0;
    let left = cycle_left(elapsed, users, expected);
    Some(CycleProgress {
        users,
        expected,
        is_usual: usual.is_some(),
        users_a_minute: is_rated
            .then(|| users * MINUTE.unsigned_abs() / elapsed.unsigned_abs().max(1))
            .filter(|rate| *rate > 0),
        ends: left
            .filter(|_| is_rated)
            .map(|left| cycle.last_at + left)
            .filter(|ends| *ends > moments.now())
            .map(|ends| moments.moment(ends).relative),
    })
}

/// How long what is left takes, at the rate so far.
fn cycle_left(elapsed: Millis, users: u64, expected: u64) -> Option<Millis> {
    let left = i64::try_from(expected.checked_sub(users)?).ok()?;
    let users = i64::try_from(users).ok().filter(|users| *users > 0)?;
    (left > 0).then(|| elapsed.saturating_mul(left) / users)
}

/// The users of the cycle in the middle, of those that asked about any.
fn usual(before: &[Cycle]) -> Option<u64> {
    let mut users: Vec<u64> = before
        .iter()
        .filter(|cycle| cycle.users > 0 && !cycle.is_initial)
        .map(|cycle| cycle.users.unsigned_abs())
        .collect();
    users.sort_unstable();
    users.get(users.len() / 2).copied()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    /// 23 Nov 2026, 09:30 UTC.
    const NOW: Millis = 1_795_426_200_000;
    const NOBODY: Everybody = Everybody {
        expected: None,
        known: Count::Exactly(0),
    };

    /// Began and was last heard of so many minutes ago.
    fn cycle(began: i64, last: i64, users: i64, is_initial: bool) -> Cycle {
        Cycle {
            organization_id: "o".to_owned(),
            id: format!("c{began}"),
            started_at: NOW - began * MINUTE,
            last_at: NOW - last * MINUTE,
            requests: 10,
            calls: 10,
            changes: users,
            failures: 0,
            users,
            is_initial,
            counted_at: NOW,
        }
    }

    fn utc() -> Moments {
        Moments::new(NOW, TimeZone::UTC)
    }

    fn of(cycles: &[Cycle], everybody: Everybody) -> Cycles {
        shown(cycles, everybody, Some(Rhythm::Usual), &utc())
    }

    #[test]
    fn an_initial_cycle_is_measured_by_everybody_once_somebody_says_how_many() {
        let initial = [cycle(11, 1, 250, true)];
        let known = Everybody {
            known: Count::Exactly(250),
            ..NOBODY
        };
        assert_eq!(of(&initial, known).latest.unwrap().progress, None);
        let told = Everybody {
            expected: Some(1_000),
            ..known
        };
        let progress = of(&initial, told).latest.unwrap().progress.unwrap();
        assert_eq!(
            (progress.users, progress.expected, progress.is_usual),
            (250, 1_000, false)
        );
        // 25 a minute, and 750 to come since a minute ago.
        assert_eq!(progress.users_a_minute, Some(25));
        assert_eq!(progress.ends.as_deref(), Some("in 29 min"));
        // Five minutes for the other half, since Entra was last heard of: an end that is not ahead is none.
        let half = Everybody {
            expected: Some(500),
            ..known
        };
        for (last, ends) in [(4, Some("in 1 min")), (5, None)] {
            let cycles = of(&[cycle(last + 5, last, 250, true)], half);
            let progress = cycles.latest.unwrap().progress.unwrap();
            assert_eq!(progress.ends.as_deref(), ends, "{last}");
        }
        let adopted = Everybody {
            known: Count::Exactly(500),
            ..NOBODY
        };
        assert_eq!(
            of(&initial, adopted)
                .latest
                .unwrap()
                .progress
                .unwrap()
                .expected,
            500
        );
    }

    #[test]
    fn a_later_cycle_is_measured_by_the_usual_one_until_it_goes_beyond() {
        let before = [40, 80, 120].map(|began| cycle(began, began - 1, 10, false));
        let with = |users| [vec![cycle(4, 0, users, false)], before.to_vec()].concat();
        let everybody = Everybody {
            expected: Some(400),
            ..NOBODY
        };
        let progress = |users| of(&with(users), everybody).latest.unwrap().progress;
        let usual = progress(5).unwrap();
        assert_eq!((usual.expected, usual.is_usual), (10, true));
        let full = progress(100).unwrap();
        assert_eq!((full.expected, full.is_usual), (400, false));
        assert_eq!(full.ends.as_deref(), Some("in 12 min"));
        assert_eq!(progress(0), None, "nobody yet");
        let over = progress(500).unwrap();
        assert_eq!((over.users, over.ends), (500, None));
    }

    #[test]
    fn the_next_cycle_is_forty_minutes_after_the_last_one_began() {
        let next = |cycles: &[Cycle]| of(cycles, NOBODY).next;
        assert_eq!(next(&[]), None);
        let soon = [cycle(20, 19, 0, false)];
        assert_eq!(next(&soon).as_deref(), Some("about 09:50, every 40 min"));
        assert_eq!(
            next(&[cycle(90, 30, 0, false)]).as_deref(),
            Some("overdue since 09:00")
        );
        let running = [cycle(90, 2, 0, true)];
        assert_eq!(next(&running).as_deref(), Some("about 09:28, every 40 min"));
        assert_eq!(shown(&soon, NOBODY, None, &utc()).next, None);
        let daily = [cycle(120, 119, 0, false)];
        let daily = shown(&daily, NOBODY, Some(Rhythm::Daily), &utc());
        assert_eq!(daily.next.as_deref(), Some("about 07:30, once a day"));
    }

    #[test]
    fn columns_stand_oldest_first_as_high_as_they_have_changes() {
        let mut failing = cycle(3_000, 2_999, 70, true);
        failing.failures = 2;
        let cycles = of(
            &[cycle(2, 1, 1, false), cycle(50, 49, 0, false), failing],
            NOBODY,
        );
        let columns: Vec<_> = cycles
            .past
            .iter()
            .map(|column| (column.level, column.label()))
            .collect();
        assert_eq!(
            columns,
            [
                (
                    7,
                    "Sat 21 Nov, 07:30, initial cycle, 70 changes, 2 failed".to_owned()
                ),
                (0, "08:40, no changes".to_owned()),
                (1, "09:28, running now, 1 change".to_owned()),
            ]
        );
        assert!(cycles.latest.unwrap().is_running);
    }
}
