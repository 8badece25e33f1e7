//! Entra's published limits, and how near an organization is to them. All of it is estimated from what Entra sends.

use super::Facts;
use crate::model::health::NextStep;
use crate::model::page::number;
use crate::server::clock::{DAY, HOUR, Millis};

/// From so many failures on Entra looks at their share.
const LOOKS: u64 = 5_000;
/// The share, in percent, above which it quarantines then.
const SHARE: u64 = 40;
/// So many failures are too many whatever their share.
const TOO_MANY: u64 = 40_000;
/// In quarantine cycles are a day apart; these bounds leave room for a delay.
const DAILY: std::ops::RangeInclusive<Millis> = 18 * HOUR..=30 * HOUR;
/// After so many days of quarantine Entra disables the job.
const DISABLED_AFTER: i64 = 28;

/// The cycle that comes nearest to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worst {
    pub failures: u64,
    pub changes: u64,
}

/// A limit that is near.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Danger {
    /// Which limit, and how far from it.
    pub text: String,
    /// What to do.
    pub step: &'static str,
    pub next: NextStep,
    /// Passed, or as good as passed.
    pub is_near: bool,
}

/// The limit that an organization is nearest to, if it is at least half way there.
pub fn danger(facts: &Facts) -> Option<Danger> {
    if facts.is_lost {
        return Some(Danger {
            text: "its latest call asked for an address that does not exist, which it takes for a service that does \
                   not know SCIM"
                .to_owned(),
            step: "Compare the Tenant URL in Admin Credentials with the one here.",
            next: NextStep::SeeFailures,
            is_near: true,
        });
    }
    let Worst { failures, changes } = facts.worst?;
    let tried = failures + changes;
    let share = failures.saturating_mul(100).checked_div(tried)?;
    let step = "Put the issues right that most users have.";
    let next = NextStep::SeeIssues;
    if failures >= TOO_MANY / 2 {
        return Some(Danger {
            text: format!(
                "{} changes failed in one cycle; the limit is {}",
                number(failures),
                number(TOO_MANY)
            ),
            step,
            next,
            is_near: failures >= TOO_MANY / 4 * 3 || failures >= LOOKS && share >= SHARE / 4 * 3,
        });
    }
    (failures >= LOOKS / 2 && share >= SHARE / 2).then(|| Danger {
        text: format!(
            "{share} % of {} changes failed in one cycle; the limit is {SHARE} % from {} failures on",
            number(tried),
            number(LOOKS)
        ),
        step,
        next,
        is_near: failures >= LOOKS && share >= SHARE / 4 * 3,
    })
}

/// Since when cycles are a day apart, if the latest two gaps are so and the next cycle is not overdue. `starts` is when
/// they began, newest first.
pub fn quarantined_since(starts: &[Millis], now: Millis) -> Option<Millis> {
    let latest = starts.first()?;
    if now - latest > *DAILY.end() {
        return None;
    }
    let gaps = starts
        .windows(2)
        .take_while(|pair| DAILY.contains(&(pair[0] - pair[1])))
        .count();
    (gaps >= 2).then(|| starts.get(gaps).copied()).flatten()
}

/// Whole days until Entra disables a job that is in quarantine since then.
pub fn days_left(since: Millis, now: Millis) -> i64 {
    (DISABLED_AFTER - (now - since) / DAY).max(0)
}

/// Whether the latest three cycles may be a day apart, when the first of them began at `third`.
pub fn may_be_thinned(third: Millis, now: Millis) -> bool {
    (2 * DAILY.start()..=3 * DAILY.end()).contains(&(now - third))
}
