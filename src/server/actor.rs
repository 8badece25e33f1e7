//! Who acts, and the proof of permission that services ask for.

use std::fmt;
use std::net::IpAddr;

use jiff::tz::TimeZone;

use super::error::ServiceError;
use crate::model::account::AccountRole;

/// What an account may be allowed to do. The table of product rules is [`Permission::granted_to`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    ListOrganizations,
    CreateOrganization,
    /// On and off.
    SwitchProvisioning,
    /// Pause and resume.
    PauseProvisioning,
    ReadOrganization,
    /// Name and policies.
    ManageOrganization,
    /// The accidental-deletion guard, and what becomes of whom it holds.
    ManageGuard,
    /// The catalogue of roles.
    ManageRoles,
    ReadUsers,
    /// Keep a provisioned person out whatever Entra says, and let them in again.
    BlockUsers,
    /// Decide whether Entra takes over somebody whose userName it wants for another.
    DecideTakeOvers,
    /// Forget a person that Entra has deleted.
    EraseUsers,
    /// Find users, log entries and tokens: in one organization, or for Support in all.
    Search,
    ReadLogs,
    /// Request and response bodies; looking is audited.
    ReadPayloads,
    ReadIssues,
    /// Those of all organizations.
    ReadAllIssues,
    /// Acknowledge, assign, resolve, ignore, reopen, note.
    ManageIssues,
    ReadTokens,
    ManageTokens,
    /// Who is told of failures, and what became of the mails.
    ReadNotifications,
    /// Recipients, what they are told, test mails.
    ManageNotifications,
    ReadAccounts,
    ManageAccounts,
    /// An organization's first Admin.
    InviteFirstAdmin,
    /// Those of Rhombus's own staff.
    ManageSupportAccounts,
    /// One's own password and sessions.
    ManageOwnAccount,
    ReadAudit,
    /// Entries of all organizations, and of none.
    ReadAllAudit,
}

impl Permission {
    /// Support reads everywhere, works on issues and switches provisioning; never tokens, roles, settings or users. Admin does
    /// everything in one organization; Viewer reads there, without payloads.
    pub fn granted_to(self, role: AccountRole) -> bool {
        use AccountRole::{Admin, Support, Viewer};
        match self {
            Self::ListOrganizations
            | Self::CreateOrganization
            | Self::SwitchProvisioning
            | Self::InviteFirstAdmin
            | Self::ManageSupportAccounts
            | Self::ReadAllIssues
            | Self::ReadAllAudit => role == Support,
            Self::PauseProvisioning
            | Self::ManageOrganization
            | Self::ManageGuard
            | Self::ManageRoles
            | Self::BlockUsers
            | Self::DecideTakeOvers
            | Self::EraseUsers
            | Self::ManageTokens
            | Self::ManageNotifications
            | Self::ManageAccounts => role == Admin,
            Self::ReadPayloads | Self::ManageIssues => matches!(role, Support | Admin),
            Self::ReadOrganization
            | Self::ReadUsers
            | Self::Search
            | Self::ReadLogs
            | Self::ReadIssues
            | Self::ReadTokens
            | Self::ReadNotifications
            | Self::ReadAccounts
            | Self::ManageOwnAccount
            | Self::ReadAudit => matches!(role, Support | Admin | Viewer),
        }
    }

    /// Whether it is about all organizations rather than one.
    pub fn is_deployment_wide(self) -> bool {
        matches!(
            self,
            Self::ListOrganizations
                | Self::CreateOrganization
                | Self::ManageSupportAccounts
                | Self::ReadAllIssues
                | Self::ReadAllAudit
        )
    }
}

/// Who does something, as history and audit log name them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A SCIM token: `name` and `prefix` as the tokens page shows them.
    Token {
        id: String,
        name: String,
        prefix: String,
    },
    Account {
        id: String,
        name: String,
    },
    CommandLine,
    /// Jobs of the service itself.
    System,
}

impl Actor {
    /// "token", "account", "command_line", "system": as stored.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Token { .. } => "token",
            Self::Account { .. } => "account",
            Self::CommandLine => "command_line",
            Self::System => "system",
        }
    }

    /// As it was stored by [`Actor::kind`], [`Actor::id`] and [`Actor::name`]; `None` for a token, whose name and prefix
    /// are stored as one, and for what is no actor.
    pub fn from_stored(kind: &str, id: String, name: String) -> Option<Self> {
        match kind {
            "account" => Some(Self::Account { id, name }),
            "command_line" => Some(Self::CommandLine),
            "system" => Some(Self::System),
            _ => None,
        }
    }

    /// The id of the token or account; "" for the command line and the system.
    pub fn id(&self) -> &str {
        match self {
            Self::Token { id, .. } | Self::Account { id, .. } => id,
            Self::CommandLine | Self::System => "",
        }
    }

    /// As shown.
    pub fn name(&self) -> String {
        match self {
            Self::Token { name, prefix, .. } => format!("{name} ({prefix})"),
            Self::Account { name, .. } => name.clone(),
            Self::CommandLine => "Command line".to_owned(),
            Self::System => "Rhombus Provisioning".to_owned(),
        }
    }
}

/// An organization that an [`Allowed`] is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationRef {
    pub id: String,
    pub slug: String,
    pub name: String,
}

/// Proof that `actor` may do `permission`, in one organization or (without one) in the whole deployment.
/// Only guards make it, so a use case cannot be called unguarded.
#[derive(Debug, Clone)]
pub struct Allowed {
    actor: Actor,
    address: String,
    permission: Permission,
    organization: Option<OrganizationRef>,
    zone: TimeZone,
}

impl Allowed {
    /// For guards, after they have checked. `address` is where the person is. Times are read in UTC until
    /// [`Allowed::in_zone`].
    pub(in crate::server) fn new(
        actor: Actor,
        address: impl Into<String>,
        permission: Permission,
        organization: Option<OrganizationRef>,
    ) -> Self {
        Self {
            actor,
            address: address.into(),
            permission,
            organization,
            zone: TimeZone::UTC,
        }
    }

    /// The same for somebody who reads times in `zone`.
    #[must_use]
    pub(in crate::server) fn in_zone(mut self, zone: TimeZone) -> Self {
        self.zone = zone;
        self
    }

    /// For the command line: whoever can start it has the database anyway.
    pub fn command_line(permission: Permission, organization: Option<OrganizationRef>) -> Self {
        Self::new(Actor::CommandLine, "", permission, organization)
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Where the actor is: an IP address, or "" on the command line.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// In which the actor reads times.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// What is allowed.
    pub fn permission(&self) -> Permission {
        self.permission
    }

    /// The organization it holds for; `None` means all of them.
    pub fn organization(&self) -> Option<&OrganizationRef> {
        self.organization.as_ref()
    }

    /// For a service, first thing: this is proof of `permission` and not of another one.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] when it proves something else.
    pub fn check(&self, permission: Permission) -> Result<(), ServiceError> {
        if self.permission == permission {
            Ok(())
        } else {
            Err(ServiceError::Forbidden)
        }
    }

    /// As [`Allowed::check`], for what happens in one organization.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] when it proves something else or names no organization.
    pub fn check_in(&self, permission: Permission) -> Result<&OrganizationRef, ServiceError> {
        self.check(permission)?;
        self.organization().ok_or(ServiceError::Forbidden)
    }
}

/// Where a request comes from, believed proxies taken away; a request extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress {
    pub address: IpAddr,
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}
