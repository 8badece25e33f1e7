//! Provisioned people.

use serde::{Deserialize, Serialize};

use super::log::AttributeChange;
use super::page::{Count, Moment};

/// Where the primary role of a user came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleState {
    /// Entra sent a value of the catalogue.
    Known,
    /// Entra sent none, or an unknown one, and the organization's default stands in.
    Defaulted,
    /// Entra sent a value that was added to the catalogue as unreviewed.
    Unreviewed,
    /// No role at all.
    Missing,
}

impl RoleState {
    /// As stored and as it stands in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Defaulted => "defaulted",
            Self::Unreviewed => "unreviewed",
            Self::Missing => "missing",
        }
    }

    /// The state that [`Self::as_str`] calls so.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Known,
            Self::Defaulted,
            Self::Unreviewed,
            Self::Missing,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
    }
}

/// A user in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    pub id: String,
    pub label: String,
    pub user_name: String,
    pub active: bool,
    pub blocked: bool,
    /// Display name of the catalogue role that decides access.
    pub role: Option<String>,
    pub role_state: RoleState,
    pub changed: Moment,
    pub last_failure: Option<UserFailure>,
}

/// A role of the organization's catalogue, to list users by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleChoice {
    pub id: String,
    pub name: String,
}

/// The latest failed request about a user, while no later one has succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserFailure {
    pub log_id: String,
    pub title: String,
}

/// Everything about one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDetail {
    pub id: String,
    pub label: String,
    pub user_name: String,
    pub external_id: Option<String>,
    pub active: bool,
    pub block: Option<UserBlock>,
    /// Deleted by Entra: only history is left.
    pub deleted: Option<Moment>,
    pub role: Option<String>,
    pub role_value: Option<String>,
    pub role_state: RoleState,
    pub version: i64,
    pub created: Moment,
    pub changed: Moment,
    /// Every stored attribute, in SCIM's names: ("name.givenName", "Ana").
    pub attributes: Vec<(String, String)>,
    /// The resource as a GET answers it, indented.
    pub json: String,
}

/// An Admin keeps this person out, whatever Entra says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserBlock {
    pub blocked: Moment,
    /// The account that did it, as shown.
    pub by: String,
    pub reason: String,
}

/// One change set in a user's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserChange {
    pub id: String,
    pub changed: Moment,
    pub kind: ChangeKind,
    /// "Token Entra rhp_AbCd1234" or an account's name.
    pub actor: String,
    pub log_id: Option<String>,
    pub version: i64,
    /// `None` where they are too large for a list; the log entry shows them.
    pub changes: Option<Vec<AttributeChange>>,
}

/// What a change did to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Created,
    Updated,
    Disabled,
    Enabled,
    /// An inactive user came back under a new `externalId`.
    Rehired,
    Deleted,
    /// By an Admin, beside what Entra says.
    Blocked,
    Unblocked,
}

impl ChangeKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Created,
        Self::Updated,
        Self::Disabled,
        Self::Enabled,
        Self::Rehired,
        Self::Deleted,
        Self::Blocked,
        Self::Unblocked,
    ];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
            Self::Rehired => "rehired",
            Self::Deleted => "deleted",
            Self::Blocked => "blocked",
            Self::Unblocked => "unblocked",
        }
    }

    /// The kind that [`Self::as_str`] calls so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Which users a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserState {
    Active,
    Inactive,
    /// Blocked by an Admin, whatever Entra says.
    Blocked,
    /// Deleted by Entra, history kept for a while.
    Deleted,
}

impl UserState {
    /// Every state that a list can be narrowed to.
    pub const ALL: [Self; 4] = [Self::Active, Self::Inactive, Self::Blocked, Self::Deleted];

    /// As it stands in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Blocked => "blocked",
            Self::Deleted => "deleted",
        }
    }

    /// The state that [`Self::as_str`] calls so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What users are listed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserSort {
    /// The last change.
    #[default]
    Changed,
    Name,
    UserName,
    /// The roles' order in the catalogue; those without a role last.
    Role,
    /// Active, blocked, inactive.
    Status,
}

impl UserSort {
    /// Every order that the list can have.
    pub const ALL: [Self; 5] = [
        Self::Changed,
        Self::Name,
        Self::UserName,
        Self::Role,
        Self::Status,
    ];

    /// As it stands in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Name => "name",
            Self::UserName => "user_name",
            Self::Role => "role",
            Self::Status => "status",
        }
    }

    /// The order that [`Self::as_str`] calls so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == text)
    }
}

/// What users can be searched by; all of it stands in the URL.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UserFilter {
    /// A prefix of userName, given, family or shown name, or an exact id or externalId.
    pub text: String,
    /// All but deleted ones when absent.
    pub state: Option<UserState>,
    /// Ids of catalogue roles.
    pub roles: Vec<String>,
    pub role_state: Option<RoleState>,
    /// Only users whose latest change was refused.
    pub has_failures: bool,
    /// Changed within "24h", "7d", "60d".
    pub within: Option<String>,
    pub sort: UserSort,
    pub descending: bool,
    pub cursor: Option<String>,
    /// The page before the cursor rather than after it.
    pub newer: bool,
}

/// Counts on the tabs of the list; each stops at 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserCounts {
    pub all: Count,
    pub active: Count,
    pub inactive: Count,
    pub blocked: Count,
    pub with_errors: Count,
    pub deleted: Count,
}
