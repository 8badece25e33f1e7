//! People who sign in to the dashboard.

use serde::{Deserialize, Serialize};

use super::page::{Moment, Page};
use super::zone::ReaderZone;

/// What an account may do (product rules: Support reads every organization, Admin runs one, Viewer reads one).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountRole {
    Support,
    Admin,
    Viewer,
}

impl AccountRole {
    /// Every role, the widest first.
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

    /// The role that [`Self::as_str`] calls so.
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
    /// In which times are shown.
    pub zone: ReaderZone,
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

/// Whether an account can sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    Invited,
    Active,
    Deactivated,
}

/// The accounts of an organization, or those of Support.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountList {
    pub page: Page<AccountRow>,
    /// Whether somebody can sign in as Admin of the organization: until then Support may invite one.
    pub has_admin: bool,
}

/// One account, for those who manage it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDetail {
    pub account: AccountRow,
    /// The last Support account or the organization's last Admin: it can be neither deactivated nor demoted.
    pub is_last: bool,
}

/// A one-time link, to be shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedLink {
    pub email: String,
    pub purpose: LinkPurpose,
    pub url: String,
    pub expires: Moment,
    /// Whether it is on its way by mail as well. Not where mail stays in the data folder.
    pub is_mailed: bool,
}

/// A browser in which one is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    pub id: String,
    /// The one that asks.
    pub is_current: bool,
    /// In words: "Firefox on Windows".
    pub browser: String,
    pub address: String,
    pub started: Moment,
    pub last_seen: Moment,
}

/// What a link in a mail or in a terminal lets its holder do, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPurpose {
    /// Make the first Support account; `/first-start/{secret}`.
    FirstStart,
    /// Set the first password; `/invitation/{secret}`.
    Invitation,
    /// Set a new password; `/reset/{secret}`.
    Reset,
}

impl LinkPurpose {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstStart => "first_start",
            Self::Invitation => "invitation",
            Self::Reset => "reset",
        }
    }

    /// The path before the secret.
    pub fn path(self) -> &'static str {
        match self {
            Self::FirstStart => "/first-start",
            Self::Invitation => "/invitation",
            Self::Reset => "/reset",
        }
    }
}

/// What the page behind a good link shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkDetails {
    pub purpose: LinkPurpose,
    /// Whose password is set; `None` at the first start, where the person types it.
    pub email: Option<String>,
    /// The name to start from: "" at the first start.
    pub name: String,
    pub role: AccountRole,
    pub organization_name: Option<String>,
}

/// Why signing in, asking for a link or setting a password was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInError {
    Credentials,
    /// Minutes until the next attempt.
    TooMany {
        minutes: u32,
    },
    PasswordShort,
    PasswordLong,
    PasswordCommon,
    PasswordsDiffer,
    NameMissing,
    EmailInvalid,
    EmailTaken,
    LinkInvalid,
}

impl SignInError {
    /// A sentence for the person.
    pub fn message(self) -> String {
        match self {
            Self::Credentials => "The email address or the password is not right.".to_owned(),
            Self::TooMany { minutes: 1 } => {
                "Too many attempts. Try again in one minute.".to_owned()
            }
            Self::TooMany { minutes } => {
                format!("Too many attempts. Try again in {minutes} minutes.")
            }
            Self::PasswordShort => "Choose a password of 12 characters or more.".to_owned(),
            Self::PasswordLong => "Choose a password of at most 128 characters.".to_owned(),
            Self::PasswordCommon => {
                "That password is easy to guess: it is a common one, or made of your name, your email address or \
                 \"Rhombus\". Choose another."
                    .to_owned()
            }
            Self::PasswordsDiffer => "The two passwords differ. Type them again.".to_owned(),
            Self::NameMissing => "Enter your name.".to_owned(),
            Self::EmailInvalid => "Enter an email address, such as ana@example.com.".to_owned(),
            Self::EmailTaken => "There is an account with this email address already.".to_owned(),
            Self::LinkInvalid => {
                "This link has been used or has expired. Ask for a new one.".to_owned()
            }
        }
    }

    /// The field that the message belongs to; `None` for the whole form.
    pub fn field(self) -> Option<&'static str> {
        match self {
            Self::PasswordShort | Self::PasswordLong | Self::PasswordCommon => Some("password"),
            Self::PasswordsDiffer => Some("password_again"),
            Self::NameMissing => Some("name"),
            Self::EmailInvalid | Self::EmailTaken => Some("email"),
            Self::Credentials | Self::TooMany { .. } | Self::LinkInvalid => None,
        }
    }
}
