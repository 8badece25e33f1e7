//! Organizations: Rhombus customers.

use serde::{Deserialize, Serialize};

use super::page::Moment;

/// Whether Entra may provision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProvisioningState {
    /// Support has not turned it on, or has turned it off: SCIM answers 403.
    Off,
    On,
    /// An Admin's switch: SCIM answers 503 with Retry-After.
    Paused,
}

impl ProvisioningState {
    pub const ALL: [Self; 3] = [Self::Off, Self::On, Self::Paused];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On => "on",
            Self::Paused => "paused",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Off => "Off",
            Self::On => "On",
            Self::Paused => "Paused",
        }
    }
}

/// What happens to a user without `name.givenName` or `name.familyName`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingNames {
    #[default]
    Reject,
    /// Stored with a warning in the log.
    Accept,
}

/// What happens to a user without a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingRole {
    /// The organization's default role with a warning: on-demand provisioning sends none.
    #[default]
    Default,
    Reject,
}

/// What happens to a role value that is not in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownRole {
    #[default]
    Reject,
    /// The default role with a warning.
    Default,
    /// Added to the catalogue as unreviewed.
    Accept,
}

macro_rules! stored_as {
    ($policy:ident, $($variant:ident = $text:literal),+) => {
        impl $policy {
            /// As stored and typed on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
stored_as!(MissingNames, Reject = "reject", Accept = "accept");
stored_as!(MissingRole, Default = "default", Reject = "reject");
stored_as!(
    UnknownRole,
    Reject = "reject",
    Default = "default",
    Accept = "accept"
);

/// An organization in Support's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationRow {
    pub slug: String,
    pub name: String,
    pub state: ProvisioningState,
    pub users: u64,
    /// Failed changes in the last 24 hours.
    pub failures: u64,
    pub last_contact: Option<Moment>,
}

/// An organization as its own pages know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationDetail {
    pub slug: String,
    pub name: String,
    pub state: ProvisioningState,
    /// What the admin pastes into Entra: `{PUBLIC_URL}/scim/{slug}/v2`.
    pub tenant_url: String,
    pub missing_names: MissingNames,
    pub missing_role: MissingRole,
    pub unknown_role: UnknownRole,
}
