//! People who sign in to the dashboard.

use serde::{Deserialize, Serialize};

use super::page::Moment;

/// What an account may do (product rules: Support reads every organization, Admin runs one, Viewer reads one).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountRole {
    Support,
    Admin,
    Viewer,
}

impl AccountRole {
    pub const ALL: [Self; 3] = [Self::Support, Self::Admin, Self::Viewer];

    /// As stored and typed on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Support => "support",
            Self::Admin => "admin",
            Self::Viewer => "viewer",
        }
    }

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Support => "Support",
            Self::Admin => "Admin",
            Self::Viewer => "Viewer",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// Who is signed in, for the frame of every page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    pub name: String,
    pub email: String,
    pub role: AccountRole,
    /// The one organization of an Admin or Viewer; `None` for Support.
    pub organization: Option<OrganizationLink>,
}

/// An organization as navigation shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationLink {
    pub slug: String,
    pub name: String,
}

/// An account in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    pub id: String,
    pub email: String,
    pub name: String,
    pub role: AccountRole,
    pub organization: Option<OrganizationLink>,
    /// Invited, active or deactivated.
    pub state: AccountState,
    pub last_sign_in: Option<Moment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    Invited,
    Active,
    Deactivated,
}
