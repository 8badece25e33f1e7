//! What the overview of an organization shows.

use serde::{Deserialize, Serialize};

use super::cycle::Cycles;
use super::health::Health;
use super::log::LogRow;
use super::page::{Count, Moment};
use super::token::TokenState;

/// All that the overview of an organization shows beside its issues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    pub health: Health,
    pub last_contact: Option<Moment>,
    pub cycles: Cycles,
    /// Entra has called with a valid token at least once.
    pub is_connected: bool,
    /// The valid token that lives longest.
    pub token: Option<TokenLife>,
    pub has_tokens: bool,
    /// The latest of the last 24 hours.
    pub failures: Vec<LogRow>,
    pub day: Chart,
    pub week: Chart,
    pub users: UserFigures,
    pub setup: Vec<SetupStep>,
    /// What is known of Entra's attempts, oldest first; until it is connected.
    pub seen: Vec<Seen>,
    pub roles: Vec<RoleHint>,
    pub reach: Reach,
    /// Whom the accidental-deletion guard holds, while somebody waits for a decision.
    pub held: Option<Held>,
}

/// Users who wait for an Admin's decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    pub users: Count,
    pub since: Moment,
}

/// How long a token still lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenLife {
    pub name: String,
    pub prefix: String,
    pub state: TokenState,
    pub expires: Moment,
    /// Days from its creation to its end, and how many of them have passed.
    pub days: u64,
    pub days_used: u64,
}

/// Changes over time; lookups do not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chart {
    pub columns: Vec<Column>,
}

impl Chart {
    /// Changes in all columns, failed ones included.
    pub fn changes(&self) -> u64 {
        self.columns.iter().map(|column| column.changes).sum()
    }

    /// Failed changes in all columns.
    pub fn failed(&self) -> u64 {
        self.columns.iter().map(|column| column.failed).sum()
    }

    /// Of all changes those that succeeded, in tenths of a percent, rounded down so that 100 % means all.
    pub fn permille(&self) -> Option<u64> {
        let all = self.changes();
        let succeeded = all.saturating_sub(self.failed());
        (all > 0).then(|| succeeded.saturating_mul(1000) / all)
    }
}

/// One hour or day of the chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// "09:00", "Mon 23 Nov".
    pub label: String,
    /// Failed ones included.
    pub changes: u64,
    pub failed: u64,
}

/// An organization's users in figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserFigures {
    pub all: Count,
    pub active: Count,
    pub inactive: Count,
    pub with_errors: Count,
    pub roles: Vec<RoleFigure>,
    /// What Entra did in the last seven days.
    pub created: u64,
    pub updated: u64,
    pub disabled: u64,
}

/// How many users have a role as their primary one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleFigure {
    pub id: String,
    pub name: String,
    pub users: Count,
}

/// A step of the setup, with what it is called on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupStep {
    pub kind: SetupKind,
    pub done: bool,
}

/// The steps of the setup, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetupKind {
    TurnOn,
    InviteAdmin,
    CreateToken,
    Connect,
    FirstUser,
    ConfirmRecipient,
}

impl SetupKind {
    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::TurnOn => "Turned on by Support",
            Self::InviteAdmin => "First administrator",
            Self::CreateToken => "Secret Token",
            Self::Connect => "Test Connection",
            Self::FirstUser => "First user",
            Self::ConfirmRecipient => "Notification address",
        }
    }
}

/// Something that was seen of Entra while waiting for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub kind: SeenKind,
    pub title: String,
    pub text: String,
    pub at: Option<Moment>,
}

/// How a step that Entra takes turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeenKind {
    Done,
    Refused,
    /// Not yet.
    Awaited,
}

/// A role value to type into the app roles of Entra.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleHint {
    pub value: String,
    pub name: String,
    pub is_default: bool,
}

/// Whether Entra, which calls from the internet, can reach the Tenant URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    Fine,
    /// The address is of this computer alone.
    ThisComputer,
    /// Not encrypted; Entra refuses it.
    Http,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_percent_means_all() {
        let chart = |changes, failed| Chart {
            columns: vec![Column {
                label: String::new(),
                changes,
                failed,
            }],
        };
        assert_eq!(chart(0, 0).permille(), None);
        assert_eq!(chart(10_000, 1).permille(), Some(999));
        assert_eq!(chart(231, 13).permille(), Some(943));
        assert_eq!(chart(3, 0).permille(), Some(1000));
    }
}
