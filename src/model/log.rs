//! The provisioning log: one entry for each SCIM request, in Entra's words.

use serde::{Deserialize, Serialize};

use super::page::{Count, Moment, Page};

/// What lists say instead of changes that are too large for them.
pub const LARGE_CHANGE: &str = "A large change, shown in the log entry";

/// What a request was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Create,
    Update,
    Disable,
    Enable,
    Delete,
    /// A filter on a matching attribute.
    Match,
    Read,
    List,
    /// The probe with a random GUID.
    TestConnection,
    /// Schemas, resource types, configuration.
    Discover,
    Bulk,
    Unknown,
}

impl Action {
    /// Every action, in the order that filters show.
    pub const ALL: [Self; 12] = [
        Self::Create,
        Self::Update,
        Self::Disable,
        Self::Enable,
        Self::Delete,
        Self::Match,
        Self::Read,
        Self::List,
        Self::TestConnection,
        Self::Discover,
        Self::Bulk,
        Self::Unknown,
    ];

    /// As stored and as it stands in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::Delete => "delete",
            Self::Match => "match",
            Self::Read => "read",
            Self::List => "list",
            Self::TestConnection => "test_connection",
            Self::Discover => "discover",
            Self::Bulk => "bulk",
            Self::Unknown => "unknown",
        }
    }

    /// The action that [`Self::as_str`] calls so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Update => "Update",
            Self::Disable => "Disable",
            Self::Enable => "Enable",
            Self::Delete => "Delete",
            Self::Match => "Match",
            Self::Read => "Read",
            Self::List => "List",
            Self::TestConnection => "Test connection",
            Self::Discover => "Discover",
            Self::Bulk => "Bulk",
            Self::Unknown => "Unknown",
        }
    }

    /// Asks for a change of one user.
    pub fn is_change(self) -> bool {
        matches!(
            self,
            Self::Create | Self::Update | Self::Disable | Self::Enable | Self::Delete
        )
    }

    /// Lookups change nothing and are hidden until asked for, unless they fail.
    pub fn is_lookup(self) -> bool {
        matches!(
            self,
            Self::Match | Self::Read | Self::List | Self::TestConnection | Self::Discover
        )
    }
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Success,
    Failure,
    /// Nothing to change.
    Skipped,
    /// Done, with remarks.
    Warning,
}

impl Status {
    /// Every status, in the order that filters show.
    pub const ALL: [Self; 4] = [Self::Success, Self::Failure, Self::Skipped, Self::Warning];

    /// As stored and as it stands in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
        }
    }

    /// The status that [`Self::as_str`] calls so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// As shown, in Entra's words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::Failure => "Failure",
            Self::Skipped => "Skipped",
            Self::Warning => "Warning",
        }
    }
}

/// One attribute of a change: values as text, complex ones as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeChange {
    pub attribute: String,
    pub old: Option<String>,
    pub new: Option<String>,
}

/// An entry in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRow {
    /// The request id.
    pub id: String,
    pub occurred: Moment,
    pub action: Action,
    pub status: Status,
    pub http_status: u16,
    /// Whom it is about: a name, a userName, or what kind of call it was.
    pub identity: String,
    pub user_name: Option<String>,
    /// One line: what changed, or why not.
    pub summary: String,
    pub changes: Vec<AttributeChange>,
    pub token_prefix: Option<String>,
    pub duration_us: i64,
    pub cycle_id: String,
}

/// A part of the service's work on one request, with its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub kind: StepKind,
    pub outcome: StepOutcome,
    pub duration_us: i64,
    /// One sentence on what was found, done or refused.
    pub text: String,
}

/// The steps of a request, in the order in which they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    Authenticate,
    Parse,
    Match,
    Validate,
    Apply,
    Store,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    Done,
    Failed,
    NotRun,
}

/// Something worth knowing about a request that succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRemark {
    pub code: String,
    pub attribute: Option<String>,
    pub text: String,
}

/// Everything about one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogDetail {
    pub row: LogRow,
    pub method: String,
    pub path: String,
    pub scim_type: Option<String>,
    pub reason: Option<String>,
    pub attribute: Option<String>,
    pub detail: Option<String>,
    pub user_id: Option<String>,
    pub external_id: Option<String>,
    pub token_name: Option<String>,
    pub address: String,
    pub user_agent: Option<String>,
    pub client_version: Option<String>,
    pub steps: Vec<Step>,
    pub remarks: Vec<LogRemark>,
    /// Old and new values; for a refused request, kept and refused ones.
    pub changes: Vec<AttributeChange>,
    pub explanation: Option<Explanation>,
    /// `None` where the reader may not see payloads or they are no longer kept.
    pub payload: Option<LogPayload>,
    pub payload_note: String,
    /// The request as a command without the token, where the whole payload is there.
    pub curl: Option<String>,
    /// The issue that it belongs to.
    pub issue: Option<String>,
}

impl LogDetail {
    /// What was answered: "400 invalidValue".
    pub fn code(&self) -> String {
        answer_code(self.row.http_status, self.scim_type.as_deref())
    }
}

/// An answer in short: "400 invalidValue".
pub fn answer_code(http_status: u16, scim_type: Option<&str>) -> String {
    match scim_type {
        Some(scim_type) => format!("{http_status} {scim_type}"),
        None => http_status.to_string(),
    }
}

/// What was sent and answered, redacted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPayload {
    pub query: Option<String>,
    pub request_headers: Vec<(String, String)>,
    pub request_body: Option<String>,
    pub response_body: Option<String>,
    /// Cut at 64 KiB.
    pub is_cut: bool,
}

/// What became of a logged request that was tried again, with nothing stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DryRun {
    Tried(Box<DryRunResult>),
    /// Why it cannot be tried.
    NotPossible(String),
}

/// How a request would end today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DryRunResult {
    pub at: Moment,
    pub status: Status,
    pub http_status: u16,
    pub scim_type: Option<String>,
    pub reason: Option<String>,
    /// The reason's title.
    pub title: Option<String>,
    pub detail: Option<String>,
    pub steps: Vec<Step>,
    pub remarks: Vec<LogRemark>,
    /// What would change; for a refusal, what would be kept and refused.
    pub changes: Vec<AttributeChange>,
    pub response_body: Option<String>,
}

/// Troubleshooting: from the catalogue of reason codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    pub title: String,
    pub happened: String,
    pub why: String,
    pub fix_in_entra: Vec<String>,
    pub fix_here: Vec<String>,
    /// Whether the page of the issue offers a cure.
    pub has_cure: bool,
    /// What becomes of it now.
    pub next: String,
    /// The code that the customer sees in Entra's own log.
    pub entra_code: Option<String>,
    pub rfc: Option<String>,
}

/// What the log can be searched by; all of it stands in the URL.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LogFilter {
    /// A prefix of a userName or name, or an exact id.
    pub text: String,
    pub actions: Vec<Action>,
    pub statuses: Vec<Status>,
    pub reason: Option<String>,
    pub token_prefix: Option<String>,
    pub user_id: Option<String>,
    pub cycle_id: Option<String>,
    /// One request, whatever it was.
    pub request_id: Option<String>,
    /// The entries of one issue, also those that another remark has named.
    pub issue_id: Option<String>,
    /// "1h", "24h", "7d"; all that is kept when absent.
    pub within: Option<String>,
    /// First and last minute: "2026-11-23T09:13". They stand in the place of `within`.
    pub from: Option<String>,
    pub to: Option<String>,
    /// The zone by whose clocks they are meant, so that they mean the same to every reader; UTC when absent.
    pub zone: Option<String>,
    pub lookups: bool,
    pub cursor: Option<String>,
    pub newer: bool,
}

/// What the log can be narrowed to, and a filter in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFilterWords {
    /// The filter itself, its minutes by the clocks of whoever looks.
    pub filter: LogFilter,
    /// Every reason: code and title, in the order of the titles.
    pub reasons: Vec<(String, String)>,
    /// The name of the filter's user.
    pub user: Option<String>,
    /// When the filter's cycle began.
    pub cycle: Option<Moment>,
}

/// A page of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    pub page: Page<LogRow>,
    /// The search would have had to read too much: it got back to here, and `page.next` goes on from there.
    pub searched_back_to: Option<Moment>,
    /// Entries after this cursor are newer than the page.
    pub newest: String,
    /// Days that entries are kept, and what was sent and answered.
    pub kept_days: u32,
    pub payloads_kept_days: u32,
    /// Headings: the cycles of the page's entries, newest first.
    pub cycles: Vec<CycleSummary>,
    /// The title of the filter's issue.
    pub issue: Option<String>,
}

/// A run of requests with no gap above five minutes; inferred.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CycleSummary {
    pub cycle_id: String,
    pub started: Moment,
    /// `None` while it may still go on.
    pub ended: Option<Moment>,
    /// Of the latest entries, when there are more than are counted.
    pub changes: Count,
    pub failures: Count,
}

/// Entries of one hour that are alike, for charts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourCount {
    /// Start of the hour.
    pub hour: Moment,
    pub action: Action,
    pub status: Status,
    pub entries: u64,
    /// Requests that were counted only.
    pub unrecorded: u64,
    pub duration_us: i64,
}
