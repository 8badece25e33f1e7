//! The accidental-deletion guard: users who would have lost access beside too many others in one cycle.

use serde::{Deserialize, Serialize};

use super::log::Action;
use super::page::{Count, Moment, Page};

/// The fewest users that are suggested as the limit.
const SUGGESTED_AT_LEAST: u64 = 20;
/// The share of active users that is suggested as the limit, in percent.
const SUGGESTED_PERCENT: u64 = 10;
/// Days for which what is allowed may be tried.
pub const ALLOWED_DAYS: i64 = 7;

/// What an Admin has decided about somebody who is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Nothing yet.
    Waiting,
    /// They keep their access.
    Kept,
    /// Entra's next try goes through.
    Allowed,
}

impl Decision {
    /// Every decision.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Kept, Self::Allowed];

    /// As stored and as it stands in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Kept => "kept",
            Self::Allowed => "allowed",
        }
    }

    /// The decision that [`Self::as_str`] calls so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|decision| decision.as_str() == text)
    }
}

/// How the guard is set, and whom it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// Users who may lose access in one cycle; `None` while the guard is off.
    pub limit: Option<u64>,
    /// Who waits for a decision.
    pub waiting: Count,
    /// Whose access is kept by decision.
    pub kept: Count,
    /// The earliest first.
    pub held: Page<HeldUser>,
    /// The time up to which the list was read, epoch milliseconds: a decision is about whom it showed.
    pub read_at: i64,
}

/// Somebody whose access is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldUser {
    pub user_id: String,
    pub name: String,
    pub user_name: String,
    /// [`Action::Disable`] or [`Action::Delete`].
    pub action: Action,
    pub first_held: Moment,
    pub last_held: Moment,
    /// How often Entra has tried.
    pub attempts: u64,
    /// The log entry of the latest try.
    pub log_id: String,
    pub decision: Decision,
    pub allowed_until: Option<Moment>,
}

/// The limit that is suggested for so many active users.
pub fn suggested(active: Count) -> u64 {
    let (Count::Exactly(active) | Count::MoreThan(active)) = active;
    (active * SUGGESTED_PERCENT)
        .div_ceil(100)
        .max(SUGGESTED_AT_LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_the_active_users_is_suggested_and_at_least_twenty() {
        for (active, limit) in [(0, 20), (200, 20), (201, 21), (412, 42), (10_000, 1_000)] {
            assert_eq!(suggested(Count::Exactly(active)), limit);
        }
        assert_eq!(suggested(Count::MoreThan(10_000)), 1_000);
    }

    #[test]
    fn decisions_read_back() {
        for decision in Decision::ALL {
            assert_eq!(Decision::parse(decision.as_str()), Some(decision));
        }
        assert_eq!(Decision::parse("perhaps"), None);
    }
}
