//! How an organization's provisioning is: one state, one sentence, at most one thing to do.

use serde::{Deserialize, Serialize};

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
    /// Some requests failed in the last 24 hours.
    Failing,
    /// Entra called, and does not any more.
    Silent,
    /// No call gets past its token.
    Refused,
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
            Self::Silent => "Silent",
            Self::Refused => "Refused",
        }
    }

    /// Whether somebody should look: it was meant to work and does not.
    pub fn needs_help(self) -> bool {
        matches!(self, Self::Failing | Self::Silent | Self::Refused)
    }
}

/// What the sentence offers to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    Nothing,
    CreateToken,
    SeeFailures,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    pub state: HealthState,
    /// The first line of the overview: how it is and what to do.
    pub sentence: String,
    /// The same in a list, beside the state's label.
    pub phrase: String,
    pub next: NextStep,
}
