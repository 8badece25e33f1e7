//! Support bundles: what one is made of, and the links under which they are read.

use serde::{Deserialize, Serialize};

use super::page::Moment;

/// What a bundle is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BundleSubject {
    LogEntry(String),
    Issue(String),
    User(String),
}

impl BundleSubject {
    /// Reads what stands in an address: "log_entry", "issue" or "user" with an id.
    pub fn parse(name: &str, id: &str) -> Option<Self> {
        let id = || id.to_owned();
        match name {
            "log_entry" => Some(Self::LogEntry(id())),
            "issue" => Some(Self::Issue(id())),
            "user" => Some(Self::User(id())),
            _ => None,
        }
    }

    /// As stored and as it stands in addresses.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::LogEntry(_) => "log_entry",
            Self::Issue(_) => "issue",
            Self::User(_) => "user",
        }
    }

    /// The id of what it is about.
    pub fn id(&self) -> &str {
        match self {
            Self::LogEntry(id) | Self::Issue(id) | Self::User(id) => id,
        }
    }

    /// In words.
    pub fn label(&self) -> &'static str {
        match self {
            Self::LogEntry(_) => "Log entry",
            Self::Issue(_) => "Issue",
            Self::User(_) => "User",
        }
    }

    /// Its page, below the organization's.
    pub fn path(&self) -> String {
        match self {
            Self::LogEntry(id) => format!("/logs/{id}"),
            Self::Issue(id) => format!("/issues/{id}"),
            Self::User(id) => format!("/users/{id}"),
        }
    }

    /// The page that makes a bundle of it, below the organization's.
    pub fn form_path(&self) -> String {
        format!("/support-bundles/new?{}={}", self.as_str(), self.id())
    }
}

/// How far back a user's bundle reaches: value and words, as the form offers them.
pub const BUNDLE_SPANS: [(&str, &str); 4] = [
    ("7d", "The last 7 days"),
    ("24h", "The last 24 hours"),
    ("30d", "The last 30 days"),
    ("90d", "The last 90 days"),
];

/// How long a link works: days and words, as the form offers them.
pub const LINK_DAYS: [(&str, &str); 3] = [("7", "7 days"), ("1", "1 day"), ("30", "30 days")];

/// What the form shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleForm {
    pub subject: BundleSubject,
    /// The thing's own title.
    pub title: String,
    /// So that a form that is sent twice makes one link.
    pub once: String,
}

/// A link that works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleLink {
    pub id: String,
    pub subject: BundleSubject,
    pub title: String,
    pub without_personal_data: bool,
    pub created: Moment,
    pub created_by: String,
    pub expires: Moment,
    pub opened: u64,
    pub last_opened: Option<Moment>,
}

/// A link that has just been made: the only time that it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedBundleLink {
    pub url: String,
    pub title: String,
    pub without_personal_data: bool,
    pub expires: Moment,
}
