//! What an Admin decides about a user whose userName Entra wants for somebody whom it does not know.

use serde::{Deserialize, Serialize};

/// Days for which what is allowed may be used.
pub const ALLOWED_DAYS: i64 = 7;

/// What an Admin has decided about a user whom Entra wants to take over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Entra's next try takes the user over, or gets the name.
    Allowed,
    /// The user stays as it is, and Entra is refused.
    Kept,
}

impl Decision {
    /// Every decision.
    pub const ALL: [Self; 2] = [Self::Allowed, Self::Kept];

    /// As stored and as it stands in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Kept => "kept",
        }
    }

    /// The decision that [`Self::as_str`] calls so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|decision| decision.as_str() == text)
    }
}
