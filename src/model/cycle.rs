//! Cycles: runs of Entra's requests, as far as they can be told apart. All of it is inferred.

use serde::{Deserialize, Serialize};

use super::page::Moment;

/// The cycles of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cycles {
    /// Oldest first, the latest 24.
    pub past: Vec<CycleColumn>,
    /// How long ago the first of them began: "16 h ago".
    pub since: Option<String>,
    /// The latest one.
    pub latest: Option<LatestCycle>,
    /// When the next one is expected: "about 09:50"; nothing while none is.
    pub next: Option<String>,
}

/// A cycle in the strip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CycleColumn {
    pub id: String,
    /// "09:10", "22 Nov, 09:10".
    pub began: String,
    pub changes: u64,
    pub failures: u64,
    /// Height of its column: 0 for no changes, up to 7.
    pub level: u8,
    pub is_initial: bool,
    pub is_running: bool,
}

impl CycleColumn {
    /// In words: "09:10, 25 changes, 2 failed".
    pub fn label(&self) -> String {
        let mut words = vec![self.began.clone()];
        if self.is_initial {
            words.push("initial cycle".to_owned());
        }
        if self.is_running {
            words.push("running now".to_owned());
        }
        words.push(match self.changes {
            0 => "no changes".to_owned(),
            1 => "1 change".to_owned(),
            n => format!("{} changes", super::page::number(n)),
        });
        if self.failures > 0 {
            words.push(format!("{} failed", super::page::number(self.failures)));
        }
        words.join(", ")
    }
}

/// The cycle that runs, or that ran last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatestCycle {
    pub id: String,
    pub started: Moment,
    pub ended: Moment,
    pub is_running: bool,
    pub is_initial: bool,
    pub changes: u64,
    pub failures: u64,
    /// Distinct users that were asked about.
    pub users: u64,
    /// While it runs, if there is anything to measure it by.
    pub progress: Option<CycleProgress>,
}

/// How far a running cycle is, as an estimate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CycleProgress {
    pub users: u64,
    pub expected: u64,
    /// A usual cycle, rather than all users.
    pub is_usual: bool,
    pub users_a_minute: Option<u64>,
    /// "in 12 min".
    pub ends: Option<String>,
}
