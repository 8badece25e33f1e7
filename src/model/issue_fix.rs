//! *Fix here*: what an issue's page offers where the cure is ours.

use serde::{Deserialize, Serialize};

use super::account::AccountRole;
use super::page::{Count, Moment};
use super::take_over::Decision;

/// The cure of an issue, as things stand now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueFix {
    pub cure: Cure,
    /// Nothing is left to decide.
    pub is_done: bool,
    /// What follows once it is done, in words.
    pub follows: String,
    /// The whole address of the card, to send to whoever may press its buttons.
    pub link: String,
}

/// What may be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cure {
    /// Say what role values mean.
    Roles(RoleCure),
    /// Accept missing names; `true` while they are rejected.
    MissingNames { is_rejected: bool },
    /// Give the default role where none is sent; `true` while that is rejected.
    MissingRole {
        is_rejected: bool,
        /// The default role's name.
        default_role: String,
    },
    /// Decide about those whose userName is wanted.
    Conflict(Vec<NameConflict>),
    /// Create a Secret Token in place of one that has ended.
    Token(Box<TokenCure>),
    /// Turn provisioning on; `true` while it is off.
    TurnOn { is_off: bool },
    /// Decide about those whom the guard holds.
    Guard { waiting: Count },
}

impl Cure {
    /// Whose it is.
    pub fn by(&self) -> AccountRole {
        match self {
            Self::TurnOn { .. } => AccountRole::Support,
            Self::Roles(_)
            | Self::MissingNames { .. }
            | Self::MissingRole { .. }
            | Self::Conflict(_)
            | Self::Token(_)
            | Self::Guard { .. } => AccountRole::Admin,
        }
    }
}

/// Role values that the catalogue did not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleCure {
    /// Those that most users have first.
    pub values: Vec<RoleValue>,
    /// What they can mean: id and name, highest first.
    pub roles: Vec<(String, String)>,
    /// The default role's name.
    pub default_role: String,
    /// Whether requests with an unknown value are refused.
    pub is_rejected: bool,
}

/// A role value that Entra sent, and what it means here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleValue {
    pub value: String,
    /// Users of the issue who have it.
    pub users: u64,
    pub meaning: RoleMeaning,
}

/// What a value means in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleMeaning {
    Nothing,
    /// Nothing, and it cannot: it is longer than the value of a role may be, and only its beginning is kept.
    TooLong,
    /// A role that Entra added and nobody has looked at.
    Unreviewed {
        role_id: String,
    },
    /// A role's name.
    Role(String),
}

/// A userName that Entra wants for one user and another one has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameConflict {
    pub user_name: String,
    /// Whom Entra wants it for.
    pub wanted_by: String,
    /// Somebody who exists, and is to be renamed; otherwise somebody new.
    pub wanted_by_id: Option<String>,
    /// `None` once nobody has it any more.
    pub holder: Option<Holder>,
}

/// Who has a userName.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub id: String,
    pub name: String,
    pub is_active: bool,
    /// Whether Entra knows it: it has an externalId.
    pub is_managed: bool,
    pub last_change: Moment,
    /// Whether Entra may be given the name.
    pub may_yield: bool,
    pub decision: Option<Decided>,
}

/// What an Admin has said about a holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    pub decision: Decision,
    pub by: String,
    pub at: Moment,
    /// Until when an allowed one can be used.
    pub until: Option<Moment>,
}

/// A token that has ended, and the one that takes its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCure {
    pub name: String,
    /// `None` while it is not known which token was sent.
    pub ended: Option<EndedToken>,
    /// A valid one that Entra has not used yet.
    pub successor: Option<NewToken>,
    /// The one-time id of the form.
    pub once: String,
}

/// A token that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedToken {
    pub prefix: String,
    pub at: Moment,
    /// By somebody, rather than by its date.
    pub is_revoked: bool,
}

/// A valid token that Entra has not used yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewToken {
    pub name: String,
    pub prefix: String,
    pub created: Moment,
}
