//! How an organization's provisioning is: one state, one sentence, at most one thing to do.

use serde::{Deserialize, Serialize};

/// How provisioning of an organization is, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// Support has turned provisioning off.
    Off,
    /// An Admin has paused it.
    Paused,
    /// Entra has not called with a valid token yet.
    Waiting,
    Healthy,
    /// Open issues keep some users from being up to date.
    Failing,
    /// The accidental-deletion guard waits for an Admin's word.
    Holding,
    /// Entra called, and does not any more.
    Silent,
    /// No call gets past its token.
    Refused,
    /// One of the limits is near, or passed, at which Entra puts the application into quarantine.
    AtRisk,
    /// Entra calls once a day, as it does in quarantine.
    Quarantined,
}

impl HealthState {
    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Off => "Off",
            Self::Paused => "Paused",
            Self::Waiting => "Setting up",
            Self::Healthy => "Healthy",
            Self::Failing => "Failing",
            Self::Holding => "Holding",
            Self::Silent => "Silent",
            Self::Refused => "Refused",
            Self::AtRisk => "At risk",
            Self::Quarantined => "Quarantine",
        }
    }
}

/// How near quarantine is, as far as Entra's published limits tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Entra does not provision.
    NotRunning,
    Low,
    Elevated,
    High,
    /// Probably there already.
    Quarantine,
}

impl Risk {
    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::NotRunning => "Not running",
            Self::Low => "Low",
            Self::Elevated => "Elevated",
            Self::High => "High",
            Self::Quarantine => "Quarantine, probably",
        }
    }

    /// Bars of four that are filled.
    pub fn level(self) -> u8 {
        match self {
            Self::NotRunning => 0,
            Self::Low => 1,
            Self::Elevated => 2,
            Self::High => 3,
            Self::Quarantine => 4,
        }
    }
}

/// What the sentence offers to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    Nothing,
    CreateToken,
    /// The token that Entra uses expires soon.
    RotateToken,
    SeeFailures,
    SeeIssues,
    /// Decide about the users whom the guard holds.
    SeeHeld,
}

/// How provisioning of an organization is, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    pub state: HealthState,
    /// The first line of the overview: how it is and what to do.
    pub sentence: String,
    /// The same in a list, beside the state's label.
    pub phrase: String,
    pub next: NextStep,
    pub risk: Risk,
    /// The token that Entra uses expires within 30 days.
    pub token_expires: bool,
}

impl Health {
    /// Where it stands among others: 0 needs help most. Stored with the organization, which lists are ordered by.
    pub fn order(&self) -> u8 {
        match self.state {
            HealthState::Quarantined => 0,
            HealthState::Refused => 1,
            HealthState::AtRisk => 2,
            HealthState::Silent | HealthState::Holding => 3,
            HealthState::Failing => 4,
            HealthState::Healthy if self.token_expires => 5,
            HealthState::Waiting => 6,
            HealthState::Healthy => 7,
            HealthState::Paused => 8,
            HealthState::Off => 9,
        }
    }
}

/// Below this [`Health::order`] somebody should look: it was meant to work and does not, or will not for long.
pub const NEEDS_HELP_BELOW: u8 = 6;
