//! What a bundle says, before it is laid out. What kind of thing each text is decides what stands in its place in a
//! bundle without personal data; the kind itself is not kept.

use serde::{Deserialize, Serialize};

use crate::model::log::{AttributeChange, Explanation, LogRemark};

/// A whole bundle. It is what a link keeps, so members are only ever added.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Document {
    pub title: Text,
    /// "Log entry", "Issue", "User".
    pub about: String,
    pub organization: String,
    pub tenant_url: String,
    pub made_at: String,
    pub made_by: Text,
    pub program_version: String,
    pub without_personal_data: bool,
    /// What was left out, and why.
    pub left_out: Vec<String>,
    pub explanation: Option<Explanation>,
    pub facts: Vec<Fact>,
    pub users: Vec<AffectedUser>,
    /// Newest first.
    pub entries: Vec<Entry>,
    /// Newest first.
    pub history: Vec<Event>,
    pub settings: Vec<Fact>,
    pub roles: Vec<Role>,
    /// Whom it is about, where it is about one user.
    #[serde(skip)]
    pub person: Person,
}

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    /// Words of the program, numbers, times, ids of requests.
    #[default]
    Ours,
    /// A sentence in which anything may be quoted.
    Sentence,
    /// The name of an attribute, or a path to it.
    Attribute,
    UserName,
    PersonName,
    UserId,
    ExternalId,
    /// Of a network.
    Address,
    /// Somebody who signs in to the dashboard.
    Account,
    /// A token's name with its prefix in brackets.
    Token,
}

/// A text and what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Text {
    pub text: String,
    #[serde(skip)]
    pub kind: Kind,
}

impl Text {
    /// `kind` decides what stands for it where personal data is left out.
    pub fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            kind,
        }
    }
}

/// A named value.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Fact {
    pub name: String,
    pub value: Text,
}

impl Fact {
    /// `kind` is the value's; names of facts are never personal.
    pub fn new(name: impl Into<String>, kind: Kind, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: Text::new(kind, value),
        }
    }

    /// Nothing for no value.
    pub fn optional(
        name: &'static str,
        kind: Kind,
        value: Option<impl Into<String>>,
    ) -> Option<Self> {
        value.map(|value| Self::new(name, kind, value))
    }
}

/// Somebody by everything that they are known by.
#[derive(Debug, Clone, Default)]
pub(super) struct Person {
    pub id: Option<String>,
    pub user_name: Option<String>,
    pub external_id: Option<String>,
    pub name: Option<String>,
}

/// A user whom an issue affects.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AffectedUser {
    pub name: Text,
    pub user_name: Text,
    pub id: Text,
    pub events: u64,
    pub first_seen: String,
    pub last_seen: String,
    #[serde(skip)]
    pub person: Person,
}

/// One request with its answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Entry {
    pub id: String,
    pub at: String,
    pub action: String,
    pub status: String,
    /// "400 invalidValue".
    pub answer: String,
    pub facts: Vec<Fact>,
    pub steps: Vec<Step>,
    pub remarks: Vec<LogRemark>,
    pub changes: Vec<AttributeChange>,
    /// The changes were wanted and refused.
    pub is_refused: bool,
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    pub headers: Vec<(String, String)>,
    pub request_body: Option<String>,
    pub response_body: Option<String>,
    /// Why there is no request, or not all of it.
    pub note: String,
    #[serde(skip)]
    pub person: Person,
}

/// A step of a request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Step {
    pub name: String,
    pub outcome: String,
    pub duration: String,
    pub text: String,
}

/// A change in a user's history.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Event {
    pub at: String,
    pub what: String,
    pub user: Text,
    pub by: Text,
    pub log_entry: Option<String>,
    pub changes: Vec<AttributeChange>,
    #[serde(skip)]
    pub person: Person,
}

/// A value that Entra may send, and the role that it means.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Role {
    pub value: String,
    pub means: String,
    pub is_default: bool,
    pub is_reviewed: bool,
}
