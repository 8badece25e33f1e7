//! What an Admin decides about a user whose userName Entra wants for somebody whom it does not know.

use serde::{Deserialize, Serialize};

/// Days for which what is allowed may be used.
pub const ALLOWED_DAYS: i64 = 7;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Entra's next try takes the user over, or gets the name.
    Allowed,
    /// The user stays as it is, and Entra is refused.
    Kept,
}

impl Decision {
    pub const ALL: [Self; 2] = [Self::Allowed, Self::Kept];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Kept => "kept",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|decision| decision.as_str() == text)
    }
}
