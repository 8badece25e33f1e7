//! SCIM bearer tokens: what Entra's admin pastes as *Secret Token*.

use serde::{Deserialize, Serialize};

use super::page::Moment;

/// How every secret begins, so that secret scanners know it.
pub const TOKEN_START: &str = "rhp_";
/// Bytes of its prefix: all of a secret that is ever shown.
pub const TOKEN_PREFIX: usize = TOKEN_START.len() + 8;

/// Whether a token opens the door, and for how long still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    Active,
    /// Active, with 30 days or fewer to go.
    Expiring,
    Expired,
    Revoked,
}

impl TokenState {
    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Expiring => "Expiring",
            Self::Expired => "Expired",
            Self::Revoked => "Revoked",
        }
    }
}

/// A token in the list; its secret is nowhere to be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    pub id: String,
    pub name: String,
    /// `rhp_` and the next 8 characters.
    pub prefix: String,
    pub state: TokenState,
    pub created: Moment,
    pub created_by: String,
    pub expires: Moment,
    /// Whole days until it expires; negative once it has.
    pub days_left: i64,
    pub revoked: Option<Moment>,
    pub last_used: Option<Moment>,
    pub last_used_address: Option<String>,
    pub last_used_agent: Option<String>,
    pub requests_24h: u64,
    pub failures_24h: u64,
}

/// The one answer that shows a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedToken {
    pub name: String,
    pub prefix: String,
    pub secret: String,
    pub tenant_url: String,
    pub expires: Moment,
}

/// How long a rotated token lives on beside its successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    OneHour,
    OneDay,
    SevenDays,
}

impl Overlap {
    /// Every choice, the shortest first.
    pub const ALL: [Self; 3] = [Self::OneHour, Self::OneDay, Self::SevenDays];

    /// As it stands in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OneHour => "1h",
            Self::OneDay => "24h",
            Self::SevenDays => "7d",
        }
    }

    /// The choice that [`Self::as_str`] calls so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|overlap| overlap.as_str() == text)
    }

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::OneHour => "1 hour",
            Self::OneDay => "24 hours",
            Self::SevenDays => "7 days",
        }
    }
}
